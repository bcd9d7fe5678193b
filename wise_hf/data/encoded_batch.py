"""Utterances on their way into a batch, one after the other in flat arrays.

Letters in the shapes: B utterances; F, K and M are the frames, phonemes and words of all of them together.
"""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np


RAGGED = ("input_features", "phoneme_lengths", "word_lengths")
OF_WORDS = ("input_ids", "word_vectors")  # one of them is there


class EncodedUtterance(TypedDict, total=False):
    """An utterance: frames of phonemes of words, and their numbers for the model."""

    input_features: np.ndarray  # (T, feature_size) float
    phoneme_lengths: np.ndarray  # (P,) int64, frames in each phoneme
    word_lengths: np.ndarray  # (N,) int64, phonemes in each word
    input_ids: np.ndarray  # (N,) int64; or word_vectors
    word_vectors: np.ndarray  # (N, size) float, where a word encoder made them
    label: int  # the number of its emotion


class EncodedBatch(TypedDict, total=False):
    """Utterances one after the other."""

    input_features: np.ndarray  # (F, feature_size) float
    phoneme_lengths: np.ndarray  # (K,) int64, frames in each phoneme
    word_lengths: np.ndarray  # (M,) int64, phonemes in each word
    word_counts: np.ndarray  # (B,) int64, words in each utterance
    input_ids: np.ndarray  # (M,) int64; or word_vectors
    word_vectors: np.ndarray  # (M, size) float
    labels: np.ndarray  # (B,) int64


def join_utterances(utterances: Sequence[EncodedUtterance]) -> EncodedBatch:
    """Utterances, of one word or more each, as flat arrays."""
    names = [name for name in (*RAGGED, *OF_WORDS) if name in utterances[0]]
    joined = {name: np.concatenate([each[name] for each in utterances]) for name in names}
    joined["word_counts"] = np.array([len(each["word_lengths"]) for each in utterances])
    return joined | {"labels": np.array([each["label"] for each in utterances])}


def split_utterances(batch: EncodedBatch) -> list[EncodedUtterance]:
    """What `join_utterances` joined."""
    counts = dict.fromkeys(("word_lengths", *OF_WORDS), batch["word_counts"])
    counts |= {"phoneme_lengths": phoneme_counts(batch), "input_features": frame_counts(batch)}
    parts = {name: split(batch[name], counts[name]) for name in counts if name in batch} | {"label": batch["labels"]}
    return [dict(zip(parts, its, strict=True)) for its in zip(*parts.values(), strict=True)]


def split(values: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
    """Flat values, so many of each utterance, (B,), as views."""
    ends = np.cumsum(counts).tolist()
    return [values[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def phoneme_counts(batch: EncodedBatch) -> np.ndarray:
    """(B,) int64: the phonemes of each utterance."""
    return np.add.reduceat(batch["word_lengths"], starts(batch["word_counts"]))


def frame_counts(batch: EncodedBatch) -> np.ndarray:
    """(B,) int64: the frames of each utterance."""
    return np.add.reduceat(batch["phoneme_lengths"], starts(phoneme_counts(batch)))


def take_words(batch: EncodedBatch, words: np.ndarray, word_counts: np.ndarray) -> EncodedBatch:
    """Utterances made of other words of the batch.

    Args:
        batch: where the words are taken from.
        words: (M',) their numbers in the batch, from 0.
        word_counts: (B,) how many of them each utterance gets, at least 1.

    Returns:
        The utterances, with their own labels.
    """
    word_lengths = batch["word_lengths"][words]
    phonemes = ranges(starts(batch["word_lengths"])[words], word_lengths)
    phoneme_lengths = batch["phoneme_lengths"][phonemes]
    frames = ranges(starts(batch["phoneme_lengths"])[phonemes], phoneme_lengths)
    lengths = {"word_lengths": word_lengths, "phoneme_lengths": phoneme_lengths, "word_counts": word_counts}
    of_words = {name: batch[name][words] for name in OF_WORDS if name in batch}
    return batch | lengths | of_words | {"input_features": batch["input_features"].take(frames, axis=0)}


def starts(lengths: np.ndarray) -> np.ndarray:
    """Where each of some segments starts that stand one after the other."""
    return np.cumsum(lengths) - lengths


def ranges(first: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """first, first + 1, ... for each of the lengths, one after the other."""
    return np.repeat(first - starts(lengths), lengths) + np.arange(lengths.sum())
