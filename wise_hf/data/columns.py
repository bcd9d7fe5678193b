"""Columns that trainers other than ours need: class numbers of emotions, and word ids."""

from collections.abc import Sequence

from datasets import ClassLabel, Dataset, List, Value

from wise_hf.data.schema import Word
from wise_hf.model.processing_wise import WISEProcessor


def with_labels(dataset: Dataset, emotions: Sequence[str]) -> Dataset:
    """The utterances with a `ClassLabel` column `label`.

    Args:
        dataset: utterances.
        emotions: the classes, in the order of their numbers.

    Raises:
        ValueError: for an utterance of another emotion.
    """
    unknown = sorted(set(dataset["emotion"]) - set(emotions))
    if unknown:
        raise ValueError(
            f"The utterances have {', '.join(unknown)} besides {', '.join(emotions)}; choose among these."
        )
    label2id = {emotion: number for number, emotion in enumerate(emotions)}
    labels = [label2id[emotion] for emotion in dataset["emotion"]]
    return dataset.add_column("label", labels, feature=ClassLabel(names=list(emotions)))


def with_word_ids(dataset: Dataset, processor: WISEProcessor) -> Dataset:
    """The utterances with a column `input_ids`, as transformers' Trainer needs it, which takes away their `words`.

    Args:
        dataset: utterances.
        processor: the one that the model is saved with.
    """
    ids = [processor.word_ids(spellings(words)) for words in dataset["words"]]
    return dataset.add_column("input_ids", ids, feature=List(Value("int64")))


def spellings(words: Sequence[Word | str]) -> list[str]:
    """Words as they are written, of aligned words or of words that are nothing but that."""
    return [word if isinstance(word, str) else word["word"] for word in words]
