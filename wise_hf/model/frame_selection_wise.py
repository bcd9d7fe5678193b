"""Which frames of an utterance each of its phonemes has."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


logger = logging.getLogger(__name__)

Words = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Limits:
    """How much of an utterance is kept at most, the first of each; see `WISEFeatureExtractor`."""

    max_frames_per_phoneme: int
    max_phonemes_per_word: int
    max_words: int


@dataclass(frozen=True)
class FrameSelection:
    """Which frames of an utterance its phonemes keep, and what the limits on their number removed."""

    frame_index: np.ndarray  # (F,) int64, frames of all phonemes one after the other, 0 <= index < num_frames
    phoneme_lengths: np.ndarray  # (P,) int64, frames in each phoneme, 1..max_frames_per_phoneme, sum F
    word_lengths: np.ndarray  # (N,) int64, phonemes in each word, 1..max_phonemes_per_word, sum P
    cut_frames: int  # frames of kept phonemes beyond the limit
    cut_phonemes: int  # phonemes of kept words beyond the limit
    cut_words: int  # words beyond the limit


def select_frames(
    num_frames: int, words: Words, limits: Limits, sampling_rate: int, frame: int, hop: int
) -> FrameSelection:
    """The frames of each phoneme, see `owned_frames`, within the limits.

    Args:
        num_frames: frames of the utterance, above 0.
        words: aligned words, dicts with `phonemes`, each a dict with `start_s` and `end_s` in seconds.
        limits: on frames, phonemes and words.
        sampling_rate, frame, hop: see `owned_frames`.

    Raises:
        ValueError: there is no frame or no word, a word has no phonemes, or a time is missing or out of order.
    """
    if num_frames < 1:
        raise ValueError(f"num_frames is {num_frames}, expected 1 or more; extract the features first.")
    kept = words[: limits.max_words]
    lengths = np.array([len(phonemes_of(word)) for word in kept], dtype=np.int64)
    if lengths.size == 0:
        raise ValueError("No words given, expected one aligned word or more; leave out utterances without speech.")
    word_lengths = np.minimum(lengths, limits.max_phonemes_per_word)
    times_s = phoneme_times(kept, limits.max_phonemes_per_word)
    first, count = owned_frames(num_frames, *times_s, sampling_rate, frame, hop)
    phoneme_lengths = np.minimum(count, limits.max_frames_per_phoneme)
    return FrameSelection(
        frame_index=np.repeat(first, phoneme_lengths) + positions(phoneme_lengths),
        phoneme_lengths=phoneme_lengths,
        word_lengths=word_lengths,
        cut_frames=int((count - phoneme_lengths).sum()),
        cut_phonemes=int((lengths - word_lengths).sum()),
        cut_words=len(words) - len(kept),
    )


def report_cuts(selections: Sequence[FrameSelection], limits: Limits) -> None:
    """Warn about what the limits removed from a batch."""
    told = {
        "cut_frames": f"frames beyond {limits.max_frames_per_phoneme} a phoneme",
        "cut_phonemes": f"phonemes beyond {limits.max_phonemes_per_word} a word",
        "cut_words": f"words beyond {limits.max_words} an utterance",
    }
    counts = {name: sum(getattr(selection, name) for selection in selections) for name in told}
    if any(counts.values()):
        logger.warning("Left out %s.", ", ".join(f"{counts[name]} {limit}" for name, limit in told.items()))


def owned_frames(
    num_frames: int, start_s: np.ndarray, end_s: np.ndarray, sampling_rate: int, frame: int, hop: int
) -> tuple[np.ndarray, np.ndarray]:
    """The frames of each phoneme: those whose centre lies in [start, end), or the one nearest to its middle.

    Args:
        num_frames: frames of the utterance, above 0.
        start_s, end_s: (P,) float64 each, when the phonemes start and end, in seconds.
        sampling_rate: samples a second.
        frame: samples in a frame, whose centre is half of them after its start.
        hop: samples between the starts of two frames.

    Returns:
        First frame and number of frames of each phoneme, (P,) int64 each.
    """
    # One division of whole numbers gives the float nearest to each centre, so a time on a centre compares equal.
    centres_s = (2 * hop * np.arange(num_frames) + frame) / (2 * sampling_rate)
    first = np.searchsorted(centres_s, start_s, side="left")
    count = np.searchsorted(centres_s, end_s, side="left") - first
    nearest = np.rint(((start_s + end_s) * sampling_rate - frame) / (2 * hop))
    nearest = np.clip(nearest, 0, num_frames - 1).astype(np.int64)
    return np.where(count > 0, first, nearest), np.maximum(count, 1)


def phonemes_of(word: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The phonemes of an aligned word.

    Raises:
        ValueError: it is no word, or has none.
    """
    if not isinstance(word, Mapping):
        raise ValueError(f"Words hold a {type(word).__name__}, expected dicts with word, start_s, end_s and phonemes.")
    if not word.get("phonemes"):
        raise ValueError(
            "A word has no phonemes, expected at least one; align the text first, or give the "
            "word times to the pipeline, or to words_from_times of word_times_wise.py."
        )
    return word["phonemes"]


def check_inside(words: Words, duration_s: float) -> None:
    """Refuse words of which most start after the audio: each would have its last frame.

    Raises:
        ValueError: most of them do.
    """
    late = sum(word["phonemes"][0]["start_s"] > duration_s for word in words)
    if 2 * late > len(words):
        raise ValueError(
            f"{late} of {len(words)} words start after the audio's end at {duration_s:.2f} s; give the times of this "
            "audio, in seconds."
        )


def phoneme_times(words: Words, max_phonemes: int) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends in seconds, (P,) float64 each, of the first phonemes of each word.

    Raises:
        ValueError: a time is missing, or not after the one before.
    """
    phonemes = [phoneme for word in words for phoneme in word["phonemes"][:max_phonemes]]
    try:
        times_s = np.array([(one["start_s"], one["end_s"]) for one in phonemes], dtype=np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("A phoneme has no numeric start_s and end_s, expected seconds; align again.") from error
    wrong = np.flatnonzero(~(np.isfinite(times_s).all(axis=1) & (times_s[:, 0] <= times_s[:, 1])))
    if wrong.size:
        raise ValueError(f"Phoneme {wrong[0] + 1} does not end after its start at finite times; align again.")
    return times_s[:, 0], times_s[:, 1]


def positions(lengths: np.ndarray) -> np.ndarray:
    """0 .. length - 1 for each of the lengths, one after the other: [2, 3] -> [0, 1, 0, 1, 2]."""
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
