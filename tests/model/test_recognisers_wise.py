"""Recognisers by name, and their way into the pipeline."""

import json
import pickle
import re

import numpy as np
import pytest
import torch
from speech import assert_valid, clips
from transformers import Wav2Vec2Config, Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC

from wise_hf.model.loading import load_pipeline
from wise_hf.model.pocketsphinx_wise import recognise_english
from wise_hf.model.recognised_wise import Recognised
from wise_hf.model.recognisers_wise import CTCRecogniser, RecogniserSource, load_recogniser


@pytest.fixture(scope="module")
def spoken(ravdess_root) -> np.ndarray:
    return clips(ravdess_root, {"neutral"}, "Actor_05")[0][0].astype(np.float32)


@pytest.fixture(scope="module")
def ctc_folder(tmp_path_factory):
    """A small wav2vec2 with random weights that spells letters."""
    folder = tmp_path_factory.mktemp("ctc")
    letters = {name: number for number, name in enumerate(["<pad>", "<unk>", "|", *"abcdefgh"])}
    (folder / "vocab.json").write_text(json.dumps(letters))
    Wav2Vec2CTCTokenizer(str(folder / "vocab.json"), pad_token="<pad>", unk_token="<unk>").save_pretrained(folder)
    Wav2Vec2FeatureExtractor().save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = Wav2Vec2Config(vocab_size=len(letters), conv_dim=(8,) * 7, **sizes, pad_token_id=0)
    Wav2Vec2ForCTC(config).save_pretrained(folder)
    return folder


def test_the_embedded_recogniser_is_the_one_without_a_name():
    assert load_recogniser(None) is load_recogniser("pocketsphinx") is recognise_english


def test_a_function_is_a_recogniser_that_is_told_no_language():
    assert load_recogniser(len) is len
    with pytest.raises(ValueError, match="A function is not told the language 'de'"):
        load_recogniser(len, "de")


def test_a_ctc_model_gives_words_with_times(ctc_folder):
    recognise = load_recogniser(str(ctc_folder), "de")
    assert isinstance(recognise, CTCRecogniser)
    heard = recognise(np.random.default_rng(0).normal(0, 0.1, 32000).astype(np.float32), 16000)
    assert heard.language == "de" and heard.words
    for word in heard.words:
        assert 0 <= word["start_s"] <= word["end_s"] <= 2.0 and word["confidence"] is None
        assert re.fullmatch("([a-h]|<unk>)+", word["word"].lower())


@pytest.mark.parametrize(
    ("name", "language", "told"),
    [
        ("no/where/at/all", None, "The folder no/where/at/all is not there; give 'pocketsphinx'"),
        ("nothing", None, "There is no recogniser 'nothing'"),
        ("pocketsphinx", "de", "knows English alone, not 'de'; give"),
        (None, "de", "pocketsphinx knows English alone, not 'de'; give"),
        (5, None, "The recogniser is 5; give"),
        (["a"], None, r"The recogniser is \['a'\]; give"),
    ],
)
def test_what_is_no_recogniser_is_told_in_a_sentence(name, language, told):
    with pytest.raises(ValueError, match=told) as error:
        load_recogniser(name, language)
    assert "\n" not in str(error.value)


def test_a_saved_model_of_another_kind_is_no_recogniser(encoder_folders):
    with pytest.raises(ValueError, match="There is no recogniser"):
        load_recogniser(str(encoder_folders / "hubert"))


def test_faster_whisper_is_asked_for_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "faster_whisper", None)
    with pytest.raises(ImportError, match=r"pip install 'wise_hf\[faster-whisper\]'"):
        load_recogniser("faster-whisper:missing")


def test_a_model_of_faster_whisper_that_is_not_there_is_told(tmp_path):
    pytest.importorskip("faster_whisper")
    with pytest.raises(ValueError, match="There is no recogniser 'faster-whisper:"):
        load_recogniser(f"faster-whisper:{tmp_path}")


@pytest.mark.slow
def test_faster_whisper_hears_what_whisper_does(real_whisper, tmp_path, spoken):
    pytest.importorskip("faster_whisper")
    converters = pytest.importorskip("ctranslate2.converters")
    converters.TransformersConverter(str(real_whisper), copy_files=["tokenizer.json"]).convert(
        tmp_path / "ct2", quantization="int8"
    )
    heard = load_recogniser(f"faster-whisper:{tmp_path / 'ct2'}")(spoken, 16000)
    assert [re.sub(r"\W", "", word["word"]).lower() for word in heard.words][-2:] == ["the", "door"]
    assert heard.language == "en" and heard.language_confidence > 0.5
    assert all(0 <= word["start_s"] < word["end_s"] and 0 < word["confidence"] <= 1 for word in heard.words)


def test_a_source_can_be_sent_to_another_process_and_reads_once():
    source = pickle.loads(pickle.dumps(RecogniserSource("pocketsphinx")))
    assert source.read() is recognise_english and not source.cannot_fork


def test_what_hangs_after_a_fork_is_not_forked():
    assert RecogniserSource("faster-whisper:small").cannot_fork


# --- in the pipeline ---


def german(samples: np.ndarray, rate: int) -> Recognised:
    words = [{"word": "Grüße", "start_s": 1.0, "end_s": 1.5, "confidence": 0.8}]
    return Recognised([*words, {"word": "euch", "start_s": 1.5, "end_s": 2.0, "confidence": 0.6}], "de", 0.9)


def check_german(result: dict) -> None:
    assert (result["text"], result["language"], result["alignment"]) == ("Grüße euch", "de", "asr")
    assert result["warnings"] == [] and result["fit"] is None
    assert [word["confidence"] for word in result["words"]] == [0.8, 0.6]
    assert_valid(result["words"], 4.0)


def test_the_pipeline_takes_a_recogniser_with_a_call_or_when_it_is_made(saved_model, spoken):
    recording = {"array": spoken, "sampling_rate": 16_000}
    classify = load_pipeline(saved_model)
    check_german(classify(recording, recogniser=german, return_words=True))
    check_german(classify([recording], recogniser=german, return_words=True)[0])
    check_german(classify([recording | {"speaker": "anna"}], recogniser=german, return_words=True)[0])
    check_german(classify.explain(recording, recogniser=german))
    check_german(load_pipeline(saved_model, german)(recording, return_words=True))
    check_german(load_pipeline(saved_model, german)([recording | {"speaker": "anna"}], return_words=True)[0])
    assert classify(recording, return_words=True)["language"] is None, "a call's recogniser is that call's alone"


def test_given_text_and_words_are_not_recognised(saved_model, spoken):
    classify = load_pipeline(saved_model, lambda *_: pytest.fail("it was recognised"))
    recording = {"array": spoken, "sampling_rate": 16_000}
    assert classify(recording | {"text": "Dogs are sitting by the door."}, return_words=True)["alignment"] == "aligner"
    words = [{"word": "dogs", "start_s": 1.0, "end_s": 1.5}]
    assert classify(recording | {"words": words}, return_words=True)["alignment"] == "corpus"


def test_a_language_without_a_recogniser_that_knows_it_is_refused(saved_model, spoken):
    with pytest.raises(ValueError, match="pocketsphinx knows English alone, not 'de'"):
        load_pipeline(saved_model)({"array": spoken, "sampling_rate": 16_000}, language="de")


@pytest.mark.parametrize("kind", [ValueError, RuntimeError, OSError])
def test_a_recogniser_that_fails_is_told_with_the_recording(saved_model, spoken, kind):
    def broken(samples, rate):
        raise kind("It is broken.")

    result = load_pipeline(saved_model, broken)([{"array": spoken, "sampling_rate": 16_000}], on_error="report")[0]
    # Of whatever library it runs on, the message may quote what it heard.
    assert re.match(f"recording 1: .*{'RuntimeError' if kind is RuntimeError else 'It is broken'}", result["error"])


def test_words_that_are_brought_along_are_of_any_language(saved_model, spoken):
    words = [{"word": "źdźbło", "start_s": 1.0, "end_s": 1.5}]
    recording = {"array": spoken, "sampling_rate": 16_000, "words": words}
    classify = load_pipeline(saved_model)
    said = [classify(recording | its, return_words=True)["words"][0]["word"] for its in ({}, {"language": "pl"})]
    assert said == ["zdzblo", "źdźbło"]
