import csv

import numpy as np
import pytest

from wise_hf import transcription_wise
from wise_hf.transcription_wise import transcribe


pytest.importorskip("pocketsphinx")
soundfile = pytest.importorskip("soundfile")


def test_fillers_and_pronunciation_numbers_are_no_words():
    tokens = ["<s>", "the(2)", "<sil>", "door", "[NOISE]", "++BREATH++", "don't", "(NULL)", "</s>"]
    assert transcription_wise._clean(tokens) == "the door don't"


def test_a_spoken_sentence_is_heard(ravdess_root):
    rows = list(csv.DictReader((ravdess_root / "metadata.csv").open()))
    row = next(row for row in rows if row["emotion"] == "neutral" and row["speaker"] == "Actor_12")
    samples, _ = soundfile.read(ravdess_root / row["file_name"], dtype="float32")
    samples = samples[int(0.8 * 16000) : int(2.8 * 16000)]
    heard = transcribe(samples)
    assert {"by", "the", "door"} & set(heard.split())
    assert heard == heard.lower()
    transcribe(np.random.default_rng(0).normal(0, 0.1, 8000))
    assert transcribe(samples) == heard


@pytest.mark.parametrize("samples", [np.zeros(16000, np.float32), np.full(800, 0.5), np.array([0.1])])
def test_silence_gives_no_words(samples):
    assert transcribe(samples) == ""


def test_audio_of_a_few_samples_does_no_harm():
    assert transcribe(np.random.default_rng(0).normal(0, 0.1, 30)) == ""


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros(100), 8000, "resample"),
        (np.zeros(0), 16000, "empty"),
        (np.zeros((2, 100)), 16000, "one channel"),
        (np.full(100, np.nan), 16000, "NaN"),
        (np.zeros(100, np.int16), 16000, "expected float"),
    ],
)
def test_unusable_audio_is_refused_in_one_sentence(samples, rate, message):
    with pytest.raises(ValueError, match=message) as caught:
        transcribe(samples, rate)
    assert "\n" not in str(caught.value)


def test_a_failing_recogniser_is_dropped_and_named(monkeypatch):
    class Broken:
        def start_stream(self):
            raise RuntimeError("broken")

    dropped = []
    monkeypatch.setattr(transcription_wise, "_make_recogniser", Broken)
    monkeypatch.setattr(transcription_wise, "PURPOSE", "broken")
    monkeypatch.setattr(transcription_wise, "drop_decoder", dropped.append)
    with pytest.raises(ValueError, match="pass its transcript"):
        transcribe(np.random.default_rng(0).normal(0, 0.1, 1600))
    assert dropped == ["broken"]
