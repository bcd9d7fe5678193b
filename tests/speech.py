"""What the tests of speech share: recordings of people, and what holds for all aligned words."""

import csv
from itertools import pairwise

import numpy as np
import pytest


ARPABET_NAMES = "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"


def assert_valid(words: list[dict], duration_s: float) -> None:
    """What holds for all aligned words: inside the audio, in order, each tiled by its phonemes."""
    last_s = 0.0
    assert words
    for word in words:
        assert last_s <= word["start_s"] < word["end_s"] <= duration_s
        phonemes = word["phonemes"]
        assert phonemes[0]["start_s"] == word["start_s"]
        assert phonemes[-1]["end_s"] == word["end_s"]
        assert all(phoneme["start_s"] < phoneme["end_s"] for phoneme in phonemes)
        assert all(first["end_s"] == second["start_s"] for first, second in pairwise(phonemes))
        assert {phoneme["phoneme"] for phoneme in phonemes} <= set(ARPABET_NAMES.split())
        last_s = word["end_s"]


def clips(ravdess_root, emotions, speaker):
    soundfile = pytest.importorskip("soundfile")
    rows = csv.DictReader((ravdess_root / "metadata.csv").open())
    chosen = {row["emotion"]: row for row in rows if row["speaker"] == speaker and row["emotion"] in emotions}
    return [(soundfile.read(ravdess_root / row["file_name"])[0], row["text"]) for row in chosen.values()]


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
