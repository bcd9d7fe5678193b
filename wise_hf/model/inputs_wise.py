"""What a feature extractor, a processor and a pipeline are called with: recordings, words, and nothing misspelt."""

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np
import torch

from .frame_selection_wise import Words


def check_options(called: Callable, padding: bool | str, unknown: Mapping[str, Any]) -> None:
    """What a call was given beside audio and words.

    Args:
        called: the method that was called.
        padding: its `padding`.
        unknown: arguments that it does not have.

    Raises:
        ValueError: an argument is unknown, or a padding is not what is done.
    """
    refuse_misspelt(called, unknown)
    if unknown:
        known = ", ".join(_own_arguments(called))
        raise ValueError(f"There is no argument {', '.join(unknown)}; known are {known}.")
    if padding not in (True, "longest"):
        raise ValueError(f"padding is {padding!r}, expected True: a batch is always padded to its longest recording.")


def refuse_misspelt(called: Callable, unknown: Mapping[str, Any]) -> None:
    """Refuses arguments whose names are nearly those of a method or class.

    Raises:
        ValueError: there is one.
    """
    for name in unknown:
        for near in get_close_matches(name, _own_arguments(called), n=1, cutoff=0.75):
            raise ValueError(f"There is no argument {name}; did you mean {near}?")


def _own_arguments(called: Callable) -> list[str]:
    return [name for name, its in inspect.signature(called).parameters.items() if its.kind != its.VAR_KEYWORD]


def recording_list(audio: Any) -> list[np.ndarray]:
    """One recording or several, as a list of arrays.

    Args:
        audio: samples of shape (n,) as an array, a tensor or a list of numbers, or a list of such, or an array or a
            tensor of shape (B, n).

    Raises:
        ValueError: there is no audio, or it is no samples.
    """
    several = isinstance(audio, (list, tuple))
    if audio is None or (several and not audio):
        raise ValueError("No audio given; pass samples of shape (n,), floating point in [-1, 1], or a list of such.")
    if several and np.ndim(audio[0]) > 0:
        return [_to_samples(one) for one in audio]
    samples = _to_samples(audio)
    if samples.ndim == 2 and samples.shape[0] > samples.shape[1]:
        raise ValueError(
            f"The audio has the shape {samples.shape}, expected one channel, or (recordings, samples); mix it down "
            "first, for instance with samples.mean(axis=1)."
        )
    return list(samples) if samples.ndim == 2 else [samples]


def _to_samples(audio: Any) -> np.ndarray:
    if isinstance(audio, torch.Tensor):
        # NumPy has no bfloat16.
        audio = to_numpy(audio.float() if audio.is_floating_point() else audio)
    if isinstance(audio, (list, tuple)):
        audio = np.asarray(audio)
        audio = audio.astype(np.float32) if audio.dtype.kind in "fiu" else audio
    if not isinstance(audio, np.ndarray) or audio.dtype.kind not in "fiu":
        kind = type(audio).__name__
        raise ValueError(f"The audio is of type {kind}, expected samples; read a file first, or use the pipeline.")
    return audio


def word_lists(words: Any) -> list[Words]:
    """The words of one recording or of several, as a list of lists.

    Raises:
        ValueError: it is no list.
    """
    if not isinstance(words, (list, tuple)):
        kind = type(words).__name__
        raise ValueError(f"The words are of type {kind}, expected a list of aligned words, or a list of such lists.")
    return list(words) if words and not isinstance(words[0], Mapping) else [words]


def utterance_lists(audio: Any, words: Any) -> tuple[list[np.ndarray], list[Words]]:
    """One utterance or a list of them, as two lists of equal length."""
    if words is None:
        raise ValueError("No words given; pass aligned words with phoneme times, or use WISEProcessor with the text.")
    audio, words = recording_list(audio), word_lists(words)
    if len(words) != len(audio):
        raise ValueError(f"{len(audio)} utterances need {len(audio)} lists of words, got {len(words)}; give one each.")
    return audio, words


def to_numpy(array: Any) -> np.ndarray:
    """A tensor, on whichever device, or anything else that makes an array, as one."""
    return array.detach().cpu().numpy() if isinstance(array, torch.Tensor) else np.asarray(array)
