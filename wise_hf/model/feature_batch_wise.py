"""Utterances' features -> a padded batch, and the paper's dense tensor of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from .frame_selection_wise import positions
from .inputs_wise import to_numpy


def check_padding(padding: bool | str, others: Mapping[str, Any]) -> None:
    """Refuse a way of padding that `pad` does not have.

    Args:
        padding: its argument.
        others: its other arguments, by name.

    Raises:
        ValueError: something else than padding to the longest is asked for.
    """
    asked = {} if padding in (True, "longest") else {"padding": padding}
    asked |= {name: value for name, value in others.items() if value not in (None, False)}
    if asked:
        told = ", ".join(f"{name}={value!r}" for name, value in asked.items())
        raise ValueError(f"pad() does not do {told}; it pads every utterance to the longest (padding=True).")


def parts_of(encoded: Sequence[Mapping] | Mapping[str, Sequence], names: Sequence[str]) -> dict[str, list]:
    """Utterances with their parts, or parts with their utterances, as the latter.

    Raises:
        ValueError: there is no utterance, or one lacks a part.
    """
    is_batch = isinstance(encoded, Mapping)
    missing = [name for name in names if any(name not in one for one in ([encoded] if is_batch else encoded))]
    if missing:
        raise ValueError(f"What is to be padded has no {', '.join(missing)}; give what the feature extractor made.")
    parts = {name: list(encoded[name]) if is_batch else [one[name] for one in encoded] for name in names}
    counts = [len(part) for part in parts.values()]
    if len(set(counts)) > 1:
        raise ValueError(f"{', '.join(names)} hold {counts} utterances; give a list with as many of each.")
    if counts[0] == 0:
        raise ValueError("No utterances to pad, expected a list with at least one.")
    return parts


def stack_padded(
    name: str, arrays: Sequence[Any], dtype: type, padding_value: float, *values_a_member: int
) -> np.ndarray:
    """Arrays of different first size as one, padded at their ends.

    Args:
        name: what an error calls them.
        arrays: (length, *values_a_member) each.
        dtype, padding_value: of what is made.
        values_a_member: the further sizes.

    Returns:
        (arrays, longest, *values_a_member).

    Raises:
        ValueError: an array has another shape.
    """
    arrays = [np.asarray(to_numpy(array), dtype=dtype) for array in arrays]
    for array in arrays:
        if array.ndim == 0 or array.shape[1:] != values_a_member:
            expected = ", ".join(["length", *map(str, values_a_member)])
            raise ValueError(f"{name} of an utterance has the shape {array.shape}, expected ({expected}).")
    longest = max(len(array) for array in arrays)
    stacked = np.full((len(arrays), longest, *values_a_member), padding_value, dtype=dtype)
    for row, array in zip(stacked, arrays, strict=True):
        row[: len(array)] = array
    return stacked


def dense_features(
    batch: Mapping[str, Any], max_phonemes: int, max_frames: int, padding_value: float
) -> dict[str, np.ndarray | torch.Tensor]:
    """The paper's tensor of words x phonemes x frames with its masks; see `WISEFeatureExtractor.to_dense`.

    Args:
        batch: `input_features` (B, T, D), `phoneme_lengths` (B, P), `word_lengths` (B, N), NumPy or torch.
        max_phonemes: of a word.
        max_frames: of a phoneme.
        padding_value: of the features.

    Raises:
        ValueError: the lengths contradict each other, the features, or the limits.
    """
    features = batch["input_features"]
    phoneme_lengths, word_lengths = (to_numpy(batch[key]) for key in ("phoneme_lengths", "word_lengths"))
    _check_lengths(features.shape[1], phoneme_lengths, word_lengths, (max_phonemes, max_frames))
    word_mask = word_lengths[:, : (word_lengths > 0).sum(axis=1).max()] > 0
    shape = (*word_mask.shape, max_phonemes, max_frames)
    source, target = _scatter_indices(phoneme_lengths, word_lengths)
    frame_mask = np.zeros(shape, dtype=bool)
    frame_mask[target] = True
    masks = {"frame_mask": frame_mask, "phoneme_mask": frame_mask[..., 0], "word_mask": word_mask}
    if isinstance(features, torch.Tensor):
        source, target = (tuple(torch.from_numpy(i).to(features.device) for i in index) for index in (source, target))
        masks = {name: torch.tensor(mask, device=features.device) for name, mask in masks.items()}
        dense = features.new_full((*shape, features.shape[2]), padding_value)
    else:
        dense = np.full((*shape, features.shape[2]), padding_value, dtype=features.dtype)
    dense[target] = features[source]
    return {"input_features": dense, **masks}


def _check_lengths(
    num_frames: int, phoneme_lengths: np.ndarray, word_lengths: np.ndarray, limits: tuple[int, int]
) -> None:
    if (word_lengths.sum(axis=1) != (phoneme_lengths > 0).sum(axis=1)).any():
        raise ValueError(
            f"word_lengths count {word_lengths.sum(axis=1).tolist()} phonemes, phoneme_lengths hold "
            f"{(phoneme_lengths > 0).sum(axis=1).tolist()}; take both from the same utterances."
        )
    if phoneme_lengths.sum(axis=1).max() > num_frames:
        raise ValueError(
            f"phoneme_lengths count {phoneme_lengths.sum(axis=1).max()} frames, input_features hold {num_frames}; "
            "take both from the same utterances."
        )
    longest = (int(word_lengths.max()), int(phoneme_lengths.max()))
    if longest[0] > limits[0] or longest[1] > limits[1]:
        raise ValueError(
            f"The batch has words of {longest[0]} phonemes and phonemes of {longest[1]} frames, this feature "
            f"extractor holds {limits[0]} and {limits[1]}; make the batch with its limits."
        )


def _scatter_indices(phoneme_lengths: np.ndarray, word_lengths: np.ndarray) -> tuple[tuple, tuple]:
    """Where each frame lies in the ragged batch, (row, frame), and in the dense one, (row, word, phoneme, frame)."""
    rows, columns = np.nonzero(word_lengths)
    phonemes_per_word = word_lengths[rows, columns]
    frames_per_phoneme = phoneme_lengths[phoneme_lengths > 0]
    word_of_frame = np.repeat(np.repeat(np.arange(len(rows)), phonemes_per_word), frames_per_phoneme)
    phoneme_in_word = np.repeat(positions(phonemes_per_word), frames_per_phoneme)
    row = rows[word_of_frame]
    source = (row, positions(phoneme_lengths.sum(axis=1)))
    return source, (row, columns[word_of_frame], phoneme_in_word, positions(frames_per_phoneme))
