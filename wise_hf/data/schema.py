"""The one schema of an aligned utterance: every corpus reader ends here, everything after starts here."""

from typing import TypedDict, get_args, get_origin, get_type_hints

import numpy as np
from datasets import Features, List, Value


ALIGNMENTS = ("corpus", "aligner", "asr+aligner", "asr", "doubtful", "uniform")
_VALUES = {str: Value("string"), float: Value("float64"), bool: Value("bool")}


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
    fit: float | None


class Utterance(TypedDict):
    """An utterance of a corpus."""

    id: str
    audio: str  # a path; read with wise_hf.model.audio_wise.read_audio
    start_s: float
    end_s: float
    speaker: str | None
    session: str | None
    scenario: str | None
    emotion: str
    text: str | None
    words: list[Word]  # times of words and phonemes count from start_s
    alignment: str | None  # where the words came from (ALIGNMENTS); None where they are still to be found
    fit: float | None  # how well the words fit the audio, 0 to 1; None where the aligner did not find them


def features_of(record: type) -> Features:
    """The `datasets` features of a typed dict; any of them may be `None` in a dataset."""
    return Features({name: _feature(hint) for name, hint in get_type_hints(record).items()})


def _feature(hint: object) -> object:
    if get_origin(hint) is list:
        return List(_feature(*get_args(hint)))
    kind = next(iter(get_args(hint)), hint)  # of `str | None`
    return _VALUES[kind] if kind in _VALUES else dict(features_of(kind))


UTTERANCE_FEATURES = features_of(Utterance)


class PreparedUtterance(TypedDict, total=False):
    """An utterance in memory with its features, as collators take it; systems other than WISE have other features."""

    id: str
    speaker: str | None
    scenario: str | None
    emotion: str
    words: list[str]  # as they are written
    input_features: np.ndarray  # (T, feature_size) float32, the frames of all phonemes, not normalised
    phoneme_lengths: np.ndarray  # (P,) int64, frames in each phoneme
    word_lengths: np.ndarray  # (N,) int64, phonemes in each word
    word_vectors: np.ndarray  # (N, size) float16, where a word encoder made them
    copies: list["PreparedUtterance"]  # the three arrays of other recordings of it
