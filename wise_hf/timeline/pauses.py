"""Where a long recording is cut: at its pauses, and where nobody pauses, where speech is least likely."""

from dataclasses import dataclass

import numpy as np

from wise_hf.model.decoder_wise import SAMPLING_RATE
from wise_hf.model.speech_wise import SPEECH_WINDOWS, WINDOW, WINDOW_S
from wise_hf.model.utterances_wise import (
    KEPT_SILENCE_S,
    LONGEST_S,
    NO_PAUSE_PROBABILITY,
    PAUSE_S,
    SHORTEST_CUT_S,
    SMOOTHED_S,
)


TIE = 0.01  # cut at the last window within this of the minimum
# Silence that a piece keeps at its ends: all of it where that is little, else KEPT_SILENCE_S.
LITTLE_SILENCE_S = 0.5


@dataclass(frozen=True)
class Stretch:
    """A part of a recording.

    Attributes:
        start: its first sample, at 16 kHz.
        stop: the one after its last.
        is_speech: whether somebody speaks in it, or else nobody anywhere.
    """

    start: int
    stop: int
    is_speech: bool


def speech_windows(probabilities: np.ndarray) -> np.ndarray:
    """(windows,) bool: the windows in which somebody speaks, without what is shorter than a word.

    Args:
        probabilities: (windows,) of `hear_speech`.
    """
    found = np.zeros(len(probabilities), bool)
    for start, stop in _runs(probabilities >= NO_PAUSE_PROBABILITY):
        found[start:stop] = stop - start >= SPEECH_WINDOWS
    return found


def cut_at_pauses(is_speech: np.ndarray, probabilities: np.ndarray, num_samples: int) -> list[Stretch]:
    """Cut a recording into pieces of at most 15 s of speech, and what lies between them.

    Args:
        is_speech: (windows,) bool, of `speech_windows`.
        probabilities: (windows,) of `hear_speech`.
        num_samples: of the recording, at 16 kHz.

    Returns:
        Stretches that cover the recording, one after the other.
    """
    likely = smoothed(probabilities)
    pieces = [part for start, stop in _between_pauses(is_speech) for part in _shortened(start, stop, likely)]
    spans, end = [], 0
    for start, stop in _with_silence(pieces, num_samples):
        spans += [Stretch(end, start, False)] if end < start else []
        spans.append(Stretch(start, stop, True))
        end = stop
    return spans + ([Stretch(end, num_samples, False)] if end < num_samples else [])


def smoothed(values: np.ndarray) -> np.ndarray:
    """(windows,) the mean over the 0.3 s around each window."""
    width = _windows(SMOOTHED_S)
    return np.convolve(values, np.full(width, 1 / width))[width // 2 :][: len(values)]


def _windows(seconds: float) -> int:
    return round(seconds / WINDOW_S)


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Start and stop of each stretch of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def _between_pauses(is_speech: np.ndarray) -> list[tuple[int, int]]:
    joined = is_speech.copy()
    for start, stop in _runs(~is_speech):
        joined[start:stop] |= start > 0 and stop < len(joined) and stop - start < _windows(PAUSE_S)
    return _runs(joined)


def _shortened(start: int, stop: int, likely: np.ndarray) -> list[tuple[int, int]]:
    """A piece in parts none of which is too long."""
    parts, longest, shortest = [], _windows(LONGEST_S), _windows(SHORTEST_CUT_S)
    while stop - start > longest:
        first, last = start + shortest, min(start + longest, stop - shortest)
        around = likely[first : last + 1]
        cut = first + int(np.flatnonzero(around <= around.min() + TIE)[-1])
        parts.append((start, cut))
        start = cut
    return [*parts, (start, stop)]


def _with_silence(pieces: list[tuple[int, int]], num_samples: int) -> list[tuple[int, int]]:
    """The pieces in samples, each with some of the silence around it."""
    edges = [0] + [min(window * WINDOW, num_samples) for piece in pieces for window in piece] + [num_samples]
    padded = []
    for index in range(1, len(edges) - 1, 2):
        before, start, stop, after = edges[index - 1 : index + 3]
        # Of the silence between two pieces each has a half.
        own_before = start - before if before == 0 else (start - before) // 2
        own_after = after - stop if after == num_samples else after - stop - (after - stop) // 2
        padded.append((start - _kept(own_before), stop + _kept(own_after)))
    return padded


def _kept(silence: int) -> int:
    """How many samples of its silence a piece keeps."""
    return silence if silence <= LITTLE_SILENCE_S * SAMPLING_RATE else round(KEPT_SILENCE_S * SAMPLING_RATE)
