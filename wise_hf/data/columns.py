"""Columns that trainers other than ours need: class numbers of emotions, and word ids."""

from collections.abc import Mapping, Sequence

import numpy as np
from datasets import ClassLabel, Dataset, Features, List, Value

from wise_hf.data.schema import Utterance, Word
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
    features = Features(dataset.features | {"label": ClassLabel(names=list(emotions))})
    return dataset.map(_label, fn_kwargs={"label2id": label2id}, features=features, desc="Labels")


def _label(utterance: Utterance, label2id: Mapping[str, int]) -> dict[str, int]:
    return {"label": label2id[utterance["emotion"]]}


def with_word_ids(dataset: Dataset, processor: WISEProcessor) -> Dataset:
    """The utterances with a column `input_ids`, as transformers' Trainer needs it, which takes away their `words`.

    Args:
        dataset: utterances.
        processor: the one that the model is saved with.
    """
    features = Features(dataset.features | {"input_ids": List(Value("int64"))})
    return dataset.map(_word_ids, fn_kwargs={"processor": processor}, features=features, desc="Word ids")


def _word_ids(utterance: Utterance, processor: WISEProcessor) -> dict[str, np.ndarray]:
    return {"input_ids": processor.word_ids(spellings(utterance["words"]))}


def spellings(words: Sequence[Word | str]) -> list[str]:
    """Words as they are written, of aligned words or of words that are nothing but that."""
    return [word if isinstance(word, str) else word["word"] for word in words]
