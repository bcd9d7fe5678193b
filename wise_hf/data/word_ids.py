"""Words -> rows of the word embedding: the map function for word ids."""

from collections.abc import Mapping, Sequence

import numpy as np
from datasets import Dataset, Features, List, Value

from wise_hf.model.processing_wise import WISEProcessor


def spellings(words: Sequence[Mapping | str]) -> list[str]:
    """Words as they are written, of aligned words or of words that are nothing but that."""
    return [word if isinstance(word, str) else word["word"] for word in words]


def encode_words(row: Mapping, processor: WISEProcessor) -> dict[str, np.ndarray]:
    """
    Args:
        row: an utterance with its `words`.
        processor: knows the words.

    Returns:
        The column `input_ids`, (N,) int64.
    """
    return {"input_ids": processor.word_ids(spellings(row["words"]))}


def with_word_ids(dataset: Dataset, processor: WISEProcessor) -> Dataset:
    """
    The utterances with a column `input_ids`, as transformers' Trainer needs it, which takes away their `words`.

    Args:
        dataset: utterances.
        processor: the one that the model is saved with.
    """
    features = Features(dataset.features | {"input_ids": List(Value("int64"))})
    return dataset.map(encode_words, fn_kwargs={"processor": processor}, features=features, desc="Word ids")
