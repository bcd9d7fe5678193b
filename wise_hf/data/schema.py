"""The one schema of an aligned utterance: every corpus reader ends here, everything after starts here."""

from typing import TypedDict, get_args, get_origin, get_type_hints

import numpy as np
from datasets import Features, List, Value


ALIGNMENTS = ("corpus", "aligner", "asr+aligner", "doubtful", "uniform")


class Phoneme(TypedDict):
    """A phoneme (ARPAbet, without stress) on the time line."""

    phoneme: str
    start_s: float
    end_s: float


class Word(TypedDict):
    """A word on the time line, with its phonemes."""

    word: str
    start_s: float
    end_s: float
    phonemes: list[Phoneme]
    fit: float | None  # as of an utterance


class Utterance(TypedDict):
    """A line of a corpus; times of words and phonemes count from its start_s."""

    id: str
    audio: str  # a path; read with wise_hf.model.audio_wise.read_audio
    start_s: float
    end_s: float
    speaker: str | None
    session: str | None
    scenario: str | None
    emotion: str
    text: str | None
    words: list[Word]
    alignment: str | None  # where the words came from (ALIGNMENTS); None where they are still to be found
    fit: float | None  # how well they fit the audio, 0 to 1; None where the aligner did not find them


class PreparedUtterance(TypedDict, total=False):
    """An utterance in memory with its features, as collators take it; systems other than WISE have other features."""

    id: str
    speaker: str | None
    scenario: str | None
    emotion: str
    words: list[str]  # as they are written
    input_features: np.ndarray  # (T, D) float32, the frames of all phonemes, not normalised
    phoneme_lengths: np.ndarray  # (P,) int64, frames in each phoneme
    word_lengths: np.ndarray  # (N,) int64, phonemes in each word


def _features(kind: type) -> dict[str, object]:
    """The `datasets` features of a typed dict."""
    return {name: _feature(hint) for name, hint in get_type_hints(kind).items()}


def _feature(hint: object) -> object:
    if get_origin(hint) is list:
        return List(_features(*get_args(hint)))
    (kind,) = {hint, *get_args(hint)} & {str, float}
    return Value({str: "string", float: "float64"}[kind])


UTTERANCE_FEATURES = Features(_features(Utterance))
