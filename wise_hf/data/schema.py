"""The one schema of an aligned utterance: every corpus reader ends here, everything after starts here."""

from typing import TypedDict

import numpy as np
from datasets import Features, List, Value


ALIGNMENTS = ("corpus", "aligner", "asr+aligner", "doubtful", "uniform")

PHONEME_FEATURES = {"phoneme": Value("string"), "start_s": Value("float64"), "end_s": Value("float64")}

WORD_FEATURES = {
    "word": Value("string"),
    "start_s": Value("float64"),
    "end_s": Value("float64"),
    "phonemes": List(PHONEME_FEATURES),
    "fit": Value("float64"),
}

# Times of words and phonemes count from start_s. `alignment` says where the words came from (ALIGNMENTS), and is None
# where the words are still to be found. `fit` says how well they fit the audio, 0 to 1, and is None where the aligner
# did not find them.
UTTERANCE_FEATURES = Features(
    {
        "id": Value("string"),
        "audio": Value("string"),  # a path; read with wise_hf.model.audio_wise.read_audio
        "start_s": Value("float64"),
        "end_s": Value("float64"),
        "speaker": Value("string"),
        "session": Value("string"),
        "scenario": Value("string"),
        "emotion": Value("string"),
        "text": Value("string"),
        "words": List(WORD_FEATURES),
        "alignment": Value("string"),
        "fit": Value("float64"),
    }
)


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
    """A line of a corpus by `UTTERANCE_FEATURES`, which says what the fields mean."""

    id: str
    audio: str
    start_s: float
    end_s: float
    speaker: str | None
    session: str | None
    scenario: str | None
    emotion: str
    text: str | None
    words: list[Word]
    alignment: str | None
    fit: float | None


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
