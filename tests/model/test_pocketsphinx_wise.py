"""pocketsphinx as a recogniser, with the real model."""

import contextlib
import csv
from types import SimpleNamespace

import numpy as np
import pytest

from wise_hf.model import pocketsphinx_wise
from wise_hf.model.pocketsphinx_wise import recognise_english


pytest.importorskip("pocketsphinx")
soundfile = pytest.importorskip("soundfile")


def heard(samples: np.ndarray, rate: int = 16000) -> str:
    return " ".join(word["word"] for word in recognise_english(samples, rate).words)


def test_fillers_and_pronunciation_numbers_are_no_words(monkeypatch):
    tokens = ["<s>", "the(2)", "<sil>", "door", "[NOISE]", "++BREATH++", "don't", "(NULL)", "</s>"]
    segments = [SimpleNamespace(word=word, start_frame=9, end_frame=19, prob=0.5) for word in tokens]
    decoder = SimpleNamespace(hyp=lambda: "all", seg=lambda: segments)
    monkeypatch.setattr(pocketsphinx_wise, "shared_decoder", lambda *_: (contextlib.nullcontext(), decoder))
    monkeypatch.setattr(pocketsphinx_wise, "decode", lambda *_: None)
    words = recognise_english(np.random.default_rng(0).normal(0, 0.1, 1600)).words
    assert [word["word"] for word in words] == ["the", "door", "don't"]
    assert words[0] == {"word": "the", "start_s": 0.09, "end_s": 0.2, "confidence": 0.5}


@pytest.mark.parametrize(
    ("spoken", "first_s", "stop_s"),
    [((50, 60), 1.3, 2.22), ((2, 4), 0.0, 0.428), ((90, 94), 2.58, 3.0), ((), 0.0, 3.0)],
)
def test_only_what_is_spoken_is_heard_and_times_are_those_of_the_recording(spoken, first_s, stop_s, monkeypatch):
    speech, given = np.zeros(94), []
    speech[slice(*spoken) if spoken else slice(0)] = 1.0  # windows of 32 ms; 0.3 s around them are heard
    decoder = SimpleNamespace(
        hyp=lambda: "yes", seg=lambda: [SimpleNamespace(word="yes", start_frame=4, end_frame=8, prob=1)]
    )
    monkeypatch.setattr(pocketsphinx_wise, "hear_speech", lambda _: speech)
    monkeypatch.setattr(pocketsphinx_wise, "shared_decoder", lambda *_: (contextlib.nullcontext(), decoder))
    monkeypatch.setattr(pocketsphinx_wise, "decode", lambda _, samples: given.append(samples))
    samples = np.random.default_rng(0).normal(0, 0.1, 48_000)
    (word,) = recognise_english(samples).words
    assert len(given[0]) == pytest.approx((stop_s - first_s) * 16_000, abs=1)
    np.testing.assert_allclose(given[0], (samples - samples.mean())[round(first_s * 16_000) :][: len(given[0])])
    assert word["start_s"] == pytest.approx(first_s + 0.04) and word["end_s"] == pytest.approx(first_s + 0.09)


def test_a_spoken_sentence_is_heard(ravdess_root):
    rows = list(csv.DictReader((ravdess_root / "metadata.csv").open()))
    row = next(row for row in rows if row["emotion"] == "neutral" and row["speaker"] == "Actor_12")
    samples, _ = soundfile.read(ravdess_root / row["file_name"], dtype="float32")
    samples = samples[int(0.8 * 16000) : int(2.8 * 16000)]
    words = recognise_english(samples).words
    assert {"by", "the", "door"} & {word["word"] for word in words}
    assert heard(samples) == heard(samples).lower()
    assert all(0 <= word["start_s"] < word["end_s"] <= 2.01 and 0 <= word["confidence"] <= 1 for word in words)
    heard(np.random.default_rng(0).normal(0, 0.1, 8000))
    assert recognise_english(samples).words == words  # it forgets what it heard before


@pytest.mark.parametrize("samples", [np.zeros(16000, np.float32), np.full(800, 0.5), np.array([0.1])])
def test_silence_gives_no_words(samples):
    assert heard(samples) == ""


def test_audio_of_a_few_samples_does_no_harm():
    assert heard(np.random.default_rng(0).normal(0, 0.1, 30)) == ""


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
        heard(samples, rate)
    assert "\n" not in str(caught.value)


def test_a_failing_recogniser_is_dropped_and_named(monkeypatch):
    class Broken:
        def start_stream(self):
            raise RuntimeError("broken")

    dropped = []
    monkeypatch.setattr(pocketsphinx_wise, "_make_recogniser", Broken)
    monkeypatch.setattr(pocketsphinx_wise, "PURPOSE", "broken")
    monkeypatch.setattr(pocketsphinx_wise, "drop_decoder", dropped.append)
    with pytest.raises(ValueError, match="pass its transcript"):
        heard(np.random.default_rng(0).normal(0, 0.1, 1600))
    assert dropped == ["broken"]
