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


class Utterance(TypedDict, total=False):
    """An utterance: `UTTERANCE_FEATURES`, and WISE's features (T frames, P phonemes, N words) where it is prepared.

    In memory (`wise_hf.data.collator.load_rows`) `words` are spellings alone, and the features NumPy arrays.
    """

    id: str
    audio: str
    start_s: float
    end_s: float
    speaker: str | None
    session: str | None
    scenario: str | None
    emotion: str
    text: str | None
    words: list
    alignment: str | None
    fit: float | None
    input_features: np.ndarray  # (T, feature_size) float32
    phoneme_lengths: np.ndarray  # (P,) int64
    word_lengths: np.ndarray  # (N,) int64
