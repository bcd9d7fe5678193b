"""Known speakers in the pipeline."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from wise_hf.data.collator import WISECollator, load_utterances, speaker_statistics
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.prepare import prepare
from wise_hf.model import speakers_wise
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.loading import load_pipeline
from wise_hf.model.pipeline_wise import WISEAudioClassificationPipeline
from wise_hf.model.speakers_wise import is_enough_speech


RATE = 16_000


@pytest.fixture(scope="module")
def classify(saved_model) -> WISEAudioClassificationPipeline:
    made = load_pipeline(saved_model)
    for name, values in made.model.named_parameters():
        if name.endswith("linear_3.weight"):
            values.data *= 100  # fresh weights say nearly the same of every recording
    return made


@pytest.fixture
def few_seconds(monkeypatch):
    """As many as the smallest speakers of the corpus have."""
    monkeypatch.setattr(speakers_wise, "MIN_SPEAKER_S", 2.0)


@pytest.fixture(scope="module")
def recordings(spoken_corpus) -> list[dict]:
    """Two speakers' recordings in turn, with the words that lie beside them."""
    a, b = (sorted(folder.glob("*.wav")) for folder in sorted((spoken_corpus / "audio").iterdir())[:2])
    return [
        {"audio": str(path), "words": words_beside(path), "speaker": path.parent.name}
        for pair in zip(a[:4], b[:4], strict=True)
        for path in pair
    ]


def words_beside(path: Path) -> list[dict]:
    return json.loads(path.with_suffix(".words.json").read_text())


def without_speaker(recordings: list[dict]) -> list[dict]:
    return [{name: value for name, value in each.items() if name != "speaker"} for each in recordings]


def scores_of(results: list) -> np.ndarray:
    lists = [result["scores"] if isinstance(result, dict) else result for result in results]
    return np.array([[entry["score"] for entry in sorted(its, key=lambda entry: entry["label"])] for its in lists])


def test_how_much_speech_is_enough_depends_on_the_hop():
    assert is_enough_speech(1000, 15) and not is_enough_speech(999, 15)
    assert is_enough_speech(750, 20) and not is_enough_speech(749, 20)


def test_scores_are_those_of_an_evaluation_through_the_collator(classify, spoken_corpus, few_seconds):
    prepared = prepare(load_folder(spoken_corpus), classify.processor.feature_extractor)
    utterances = load_utterances(prepared)
    utterances[0]["speaker"] = None
    statistics = speaker_statistics(utterances, classify.processor.feature_extractor.hop_ms)
    assert {speaker for speaker, *_ in statistics} == {each["speaker"] for each in utterances[1:]}
    batch = WISECollator(classify.processor, classify.model.config.label2id, statistics)(utterances)
    batch.pop("labels")
    with torch.inference_mode():
        evaluated = classify.model(**batch).logits.softmax(-1).numpy()
    paths = [Path(path) for path in prepared["audio"]]
    given = [
        {"audio": str(path), "words": words_beside(path), "speaker": each["speaker"]}
        for path, each in zip(paths, utterances, strict=True)
    ]
    results = classify(given, return_words=True)
    assert [each["normalized_by"] for each in results] == ["training"] + ["speaker"] * (len(given) - 1)
    order = np.argsort(list(classify.model.config.label2id))
    np.testing.assert_allclose(scores_of(results), evaluated[:, order], atol=1e-5)
    assert np.abs(scores_of(results) - scores_of(classify(without_speaker(given))))[1:].max(1).min() > 1e-3
    np.testing.assert_allclose(scores_of(classify(given, batch_size=5)), scores_of(results), atol=1e-5)


def test_too_little_speech_is_told_and_normalised_by_the_training_part(classify, recordings, caplog):
    results = classify(recordings, return_words=True)
    told = results[0]
    assert (told["normalized_by"], told["speaker"]) == ("training", recordings[0]["speaker"])
    assert "s in these recordings, and 15 s are needed" in told["speaker_unused"]
    assert told["speaker_unused"].startswith(f"{told['speaker']} speaks for ")
    assert len([message for message in caplog.messages if "15 s are needed" in message]) == 2, "once for each speaker"
    np.testing.assert_array_equal(scores_of(results), scores_of(classify(without_speaker(recordings))))


def test_recordings_without_a_speaker_are_as_they_are_alone(classify, recordings, few_seconds):
    mixed = [*recordings[:4], *without_speaker(recordings[4:])]
    results = classify(mixed, return_words=True)
    for result, alone in zip(results[4:], mixed[4:], strict=True):
        assert result == classify(alone, return_words=True)
        assert (result["speaker"], result["normalized_by"], result["speaker_unused"]) == (None, "training", None)


def test_a_recording_alone_is_normalised_by_itself_only_where_its_speaker_is_given(classify, recordings, monkeypatch):
    monkeypatch.setattr(speakers_wise, "MIN_SPEAKER_S", 0.5)
    known = classify(recordings[0], return_words=True)
    (unknown,) = without_speaker(recordings[:1])
    assert known["normalized_by"] == "speaker" and known["speaker_unused"] is None
    assert known == classify([recordings[0]], return_words=True)[0]
    assert classify(unknown, return_words=True)["normalized_by"] == "training"
    assert np.abs(scores_of([known]) - scores_of([classify(unknown)])).max() > 1e-3


@pytest.mark.parametrize(("normalization", "usual"), [("global", "training"), ("none", "none")])
def test_a_model_that_does_not_normalise_by_speaker_says_so(classify, recordings, monkeypatch, normalization, usual):
    monkeypatch.setattr(classify.processor.feature_extractor, "normalization", normalization)
    for results in (classify(recordings, return_words=True), list(classify(iter(recordings), return_words=True))):
        assert {each["normalized_by"] for each in results} == {usual}
        assert {each["speaker_unused"] for each in results} == {
            f'This model does not normalise by speaker (normalization="{normalization}").'
        }


def test_what_cannot_be_looked_at_twice_is_told(classify, recordings):
    with pytest.raises(ValueError, match="not looked at twice; give recordings with speakers as a list"):
        list(classify(iter(recordings)))
    (result,) = classify((each for each in recordings[:1]), on_error="report")
    assert "as a list" in result["error"]


def test_a_bad_recording_loses_no_other_one_of_its_speaker(classify, recordings, few_seconds):
    silence = {"audio": np.zeros(RATE, np.float32), "speaker": recordings[0]["speaker"]}
    given = [recordings[0], silence, *recordings[1:]]
    results = classify(given, return_words=True, on_error="report", batch_size=2)
    assert results[1] == {"error": results[1]["error"]}
    assert results[1]["error"].startswith("recording 2: No word was heard")
    good = [result for result in results if "error" not in result]
    np.testing.assert_allclose(scores_of(good), scores_of(classify(recordings)), atol=1e-6)
    with pytest.raises(ValueError, match="^recording 2: No word was heard"):
        classify(given)
    only = classify([silence], on_error="report")
    assert "No word was heard" in only[0]["error"]


def test_each_channel_of_a_call_is_a_speaker(classify, recordings, few_seconds, tmp_path):
    calls = []
    for number, (agent, caller) in enumerate(zip(recordings[::2], recordings[1::2], strict=True)):
        voices = [read_audio(each["audio"]) for each in (agent, caller)]
        samples = np.zeros((max(map(len, voices)), 2), np.float32)
        for channel, voice in enumerate(voices):
            samples[: len(voice), channel] = voice
        soundfile.write(tmp_path / f"{number}.wav", samples, RATE, subtype="FLOAT")
        forms = (str(tmp_path / f"{number}.wav"), {"array": samples, "sampling_rate": RATE})
        calls += [
            each | {"audio": form, "channel": channel}
            for channel, (each, form) in enumerate(zip((agent, caller), forms, strict=True))
        ]
    results = classify(calls, return_words=True)
    assert {each["normalized_by"] for each in results} == {"speaker"}
    np.testing.assert_allclose(scores_of(results), scores_of(classify(recordings)), atol=1e-3)


def test_results_come_one_by_one_after_the_first_pass(classify, recordings, few_seconds, monkeypatch):
    results = classify(classify.hear_speakers(recordings), return_words=True)
    monkeypatch.setattr(classify, "_utterance", None)  # the words were found in the first pass
    first = next(iter(results))
    assert not isinstance(results, list) and first["normalized_by"] == "speaker"
