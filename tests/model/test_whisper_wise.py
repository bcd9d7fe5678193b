"""Whisper as a recogniser, with the real Whisper base on real speech."""

import csv
import re

import numpy as np
import pytest
import torch
from encoder_model import train
from speech import clips

from wise_hf.model.audio_wise import read_audio
from wise_hf.model.decoder_wise import check_samples
from wise_hf.model.loading import load_pipeline
from wise_hf.model.pretrained_encoder import read_frame_encoder
from wise_hf.model.speech_wise import hear_speech
from wise_hf.model.whisper_wise import WhisperRecogniser, _cuts, _word_parts, shares_layers


@pytest.fixture(scope="module")
def whisper(real_whisper) -> WhisperRecogniser:
    return WhisperRecogniser(str(real_whisper))


@pytest.fixture(scope="module")
def clip(ravdess_root) -> tuple[np.ndarray, str]:
    ((samples, text),) = clips(ravdess_root, {"neutral"}, "Actor_05")
    return samples.astype(np.float32), text


def said(recognised) -> list[str]:
    return [re.sub(r"\W", "", word["word"]).lower() for word in recognised.words]


def test_english_is_heard_with_times_and_confidence(whisper, clip, caplog):
    samples, text = clip
    heard = whisper(samples)
    assert caplog.text == "", "transformers' own warnings are no help"
    assert said(heard) == re.findall(r"\w+", text.lower())
    assert heard.language == "en" and heard.language_confidence > 0.9
    edges = [time_s for word in heard.words for time_s in (word["start_s"], word["end_s"])]
    assert edges == sorted(edges) and edges[0] >= 0 and edges[-1] <= len(samples) / 16000
    assert all(0.3 < word["confidence"] <= 1 for word in heard.words)
    assert 1.0 < heard.words[1]["start_s"] < 2.0  # the aligner's time, more or less


def test_a_language_that_is_told_is_not_looked_for(real_whisper, polish_root):
    row = next(row for row in csv.DictReader((polish_root / "metadata.csv").open()) if "szafę" in row["text"])
    heard = WhisperRecogniser(str(real_whisper), "pl")(read_audio(polish_root / row["file_name"]))
    assert heard.language == "pl" and heard.language_confidence is None
    assert "nową" in said(heard)


def test_a_language_that_it_does_not_know_is_refused(real_whisper):
    with pytest.raises(ValueError, match="does not know the language 'xx'; it knows af, am, ar"):
        WhisperRecogniser(str(real_whisper), "xx")


@pytest.mark.slow
def test_a_recording_of_more_than_a_window_is_heard_whole(whisper, ravdess_root):
    parts = [samples for samples, _ in clips(ravdess_root, {"neutral", "sad", "angry", "happy"}, "Actor_05")]
    samples = np.concatenate([*parts, *parts, *parts]).astype(np.float32)[: 45 * 16000]
    heard = whisper(samples)
    assert heard.layer_states is None, "of several windows"
    door_s = [word["start_s"] for word, name in zip(heard.words, said(heard), strict=True) if name == "door"]
    assert door_s == sorted(door_s) and len(door_s) >= len(samples) // (16000 * 5)
    assert door_s[-1] > 38


@pytest.mark.parametrize("duration_s", [29.9, 30.0, 31.0, 61.0, 119.0])
def test_windows_are_cut_where_nobody_speaks_and_none_is_too_long(ravdess_root, duration_s):
    parts = [samples for samples, _ in clips(ravdess_root, {"neutral", "sad", "angry", "happy"}, "Actor_05")]
    samples = np.resize(np.concatenate(parts), round(duration_s * 16000)).astype(np.float32)
    edges = [0, *_cuts(samples), len(samples)]
    assert max(np.diff(edges)) <= 30 * 16000 and min(np.diff(edges)) > 0
    assert (len(edges) == 2) == (duration_s <= 30)
    speech = hear_speech(check_samples(samples, 16000))
    assert all(speech[cut // 512] < 0.5 for cut in edges[1:-1])


@pytest.mark.parametrize(
    ("pieces", "language", "words"),
    [
        ([" Kids", " are", " talk", "ing", "."], "en", [("Kids", 0, 0), ("are", 1, 1), ("talking.", 2, 4)]),
        (["Kids", ",", " don", "'t"], "en", [("Kids,", 0, 1), ("don't", 2, 3)]),
        (["今", "日", "。"], "zh", [("今", 0, 0), ("日。", 1, 2)]),
        ([" ", " a"], "en", [("a", 1, 1)]),
        ([" a", "", ""], "en", [("a", 0, 0)]),
        ([], "en", []),
    ],
)
def test_tokens_become_words(pieces, language, words):
    made = _word_parts(range(len(pieces)), lambda ids: "".join(pieces[number] for number in ids), language)
    assert list(made) == words


def test_a_character_of_several_tokens_is_one():
    letters = "ż".encode()

    def decode(ids):
        return bytes(letters[number] for number in ids).decode(errors="replace")

    assert list(_word_parts([0, 1], decode, "pl")) == [("ż", 0, 1)]


# --- one run of the encoder for the words and the frames ---


@pytest.fixture(scope="module")
def window_model(spoken_corpus, real_whisper, tmp_path_factory):
    """A model with fresh weights on frames of Whisper's second and third layer, of a window of 30 s."""
    folder = tmp_path_factory.mktemp("window")
    train(spoken_corpus, real_whisper, folder, layers=(2, 3), padding="window")
    return load_pipeline(folder)


def test_the_layers_of_the_recogniser_are_the_frames(whisper, real_whisper, clip):
    encoder = read_frame_encoder(str(real_whisper), (2, 3), padding="window")
    assert shares_layers(whisper, encoder)
    frames = encoder.encode(clip[0])
    shared = encoder.join(whisper(clip[0]).layer_states)[0, : len(frames)]
    np.testing.assert_allclose(shared.numpy(), frames, atol=2e-3)


def test_other_weights_windows_and_recognisers_share_nothing(whisper, real_whisper):
    encoder = read_frame_encoder(str(real_whisper), (2, 3), padding="window")
    with torch.no_grad():
        encoder.encoder.layers[2].fc1.weight[0, 0] += 1
    assert not shares_layers(whisper, encoder)
    assert not shares_layers(whisper, read_frame_encoder(str(real_whisper), (2, 3), padding="none"))
    assert not shares_layers(lambda *_: "text", encoder) and not shares_layers(whisper, None)


@pytest.mark.slow
def test_scores_are_the_same_and_the_encoder_runs_once(window_model, whisper, clip, monkeypatch):
    runs = []
    for model in (whisper.model.model.encoder, window_model.model.wise.frame_encoder.encoder):
        model.layers[0].register_forward_hook(lambda *_: runs.append(1))
    recording = {"array": clip[0], "sampling_rate": 16_000}
    shared = window_model(recording, recogniser=whisper, return_words=True)
    assert len(runs) == 1
    monkeypatch.setattr(window_model, "_shares_layers", lambda _: False)
    apart = window_model(recording, recogniser=whisper, return_words=True)
    assert len(runs) == 3
    assert shared["text"] == apart["text"] and shared["language"] == "en"
    for name in ("scores", "words"):
        for one, other in zip(shared[name], apart[name], strict=True):
            assert one.get("score") == pytest.approx(other.get("score"), abs=1e-4)
            assert one.get("start_s") == other.get("start_s")


@pytest.mark.slow
def test_recordings_with_and_without_words_go_into_one_batch(window_model, whisper, clip):
    recording = {"array": clip[0], "sampling_rate": 16_000}
    recordings = [recording, recording | {"text": clip[1]}, {"array": np.zeros(16_000), "sampling_rate": 16_000}]
    together = window_model(recordings, recogniser=whisper, batch_size=3, on_error="report")
    apart = [window_model(each, recogniser=whisper, on_error="report") for each in recordings]
    assert "silent" in together[2]["error"]
    for one, other in zip(together[:2], apart[:2], strict=True):
        assert [entry["label"] for entry in one] == [entry["label"] for entry in other]
        assert [entry["score"] for entry in one] == pytest.approx([entry["score"] for entry in other], abs=1e-5)
