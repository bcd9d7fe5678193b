import csv

import numpy as np
import pytest
from speech import clips

from wise_hf.model import transcription_wise
from wise_hf.model.speech_wise import NoSpeechError
from wise_hf.model.transcription_wise import find_words, transcribe


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


# --- the words of a recording ---


@pytest.mark.parametrize("text", [None, "Kids are talking by the door."])
@pytest.mark.parametrize("loudness", [0.0, 1e-3, 0.1, 1.0])
def test_no_words_are_found_where_nobody_speaks(loudness, text):
    with pytest.raises(NoSpeechError, match="No word was heard in the recording"):
        find_words(loudness * np.random.default_rng(0).uniform(-1, 1, 16000), text)


@pytest.mark.parametrize("text", [None, "Kids are talking by the door."])
def test_a_recording_beyond_the_limit_is_refused_before_it_is_transcribed(monkeypatch, text):
    monkeypatch.setattr(transcription_wise, "transcribe", lambda *_: pytest.fail("it was transcribed"))
    with pytest.raises(ValueError, match=r"lasts 3600.0 s, at most 120 s are taken; cut it at pauses"):
        find_words(np.full(3600 * 16000, 0.1, np.float32), text)


def test_where_nothing_is_understood_that_is_said(ravdess_root, monkeypatch):
    ((samples, _),) = clips(ravdess_root, {"neutral"}, "Actor_01")
    monkeypatch.setattr(transcription_wise, "transcribe", lambda *_: "")
    with pytest.raises(NoSpeechError, match="give what is said in it as its text"):
        find_words(samples)


def test_the_text_says_where_the_words_came_from_and_every_word_how_well_it_fits(ravdess_root):
    ((samples, text),) = clips(ravdess_root, {"neutral"}, "Actor_05")
    said, heard, other = find_words(samples, text), find_words(samples), find_words(samples, "Leave a message.")
    assert (said["alignment"], said["text"]) == ("aligner", text)
    assert heard["alignment"] in ("asr+aligner", "doubtful") and heard["text"]
    assert other["alignment"] == "doubtful"
    assert other["fit"] < 0.5 < said["fit"] <= 1
    assert all(0 <= word["fit"] <= 1 for found in (said, heard, other) for word in found["words"])
