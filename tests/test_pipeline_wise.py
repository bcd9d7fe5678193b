"""The audio-classification pipeline, with the installed code."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from wise_hf.audio_wise import read_audio
from wise_hf.loading import load_pipeline


TEXT = "I saw the teacher with the letter today"


@pytest.fixture(scope="module")
def classify(saved_model):
    return load_pipeline(saved_model)


@pytest.fixture(scope="module")
def recordings(spoken_corpus) -> list[str]:
    return [str(path) for path in sorted((spoken_corpus / "audio").glob("*/*.wav"))[:3]]


def scores_of(result) -> np.ndarray:
    entries = sorted(result, key=lambda entry: entry["label"])
    return np.array([entry["score"] for entry in entries])


def test_every_form_of_a_recording_gives_the_same_scores(classify, recordings, tmp_path):
    path = recordings[0]
    samples = read_audio(path)
    soundfile.write(tmp_path / "stereo.wav", np.stack([samples, samples], axis=1), 16_000, subtype="FLOAT")
    forms = [
        path,
        Path(path).read_bytes(),
        samples,
        {"array": samples, "sampling_rate": 16_000},
        {"raw": samples, "sampling_rate": 16_000},
        str(tmp_path / "stereo.wav"),
    ]
    results = [classify({"audio": form, "text": TEXT}) for form in forms]
    for result in results[1:]:
        np.testing.assert_allclose(scores_of(result), scores_of(results[0]), atol=1e-6)


def test_scores_are_sorted_sum_to_one_and_top_k_cuts_them(classify, recordings):
    result = classify({"audio": recordings[0], "text": TEXT})
    scores = [entry["score"] for entry in result]
    assert scores == sorted(scores, reverse=True) and sum(scores) == pytest.approx(1, abs=1e-5)
    assert classify({"audio": recordings[0], "text": TEXT}, top_k=2) == result[:2]


def test_words_come_with_times_and_attention(classify, recordings):
    result = classify({"audio": recordings[0], "text": TEXT}, return_words=True)
    assert [word["word"] for word in result["words"]] == TEXT.split()
    assert sum(word["attention"] for word in result["words"]) == pytest.approx(1, abs=1e-5)
    assert all(word["end_s"] > word["start_s"] and word["phonemes"] for word in result["words"])
    assert result["text"] == TEXT and result["alignment"] in ("aligner", "uniform")


def test_without_text_the_recording_is_transcribed(classify, recordings):
    result = classify(recordings[0], return_words=True)
    assert result["text"] and result["alignment"] in ("asr+aligner", "uniform")
    assert len(result["words"]) == len(result["text"].split())


def test_a_batch_equals_its_recordings_one_by_one(classify, recordings):
    items = [
        {"audio": path, "text": text} for path, text in zip(recordings, [TEXT, "hello", "kids are here"], strict=True)
    ]
    single = [classify(item, return_words=True) for item in items]
    batched = classify(items, return_words=True, batch_size=3)
    for one, other in zip(single, batched, strict=True):
        np.testing.assert_allclose(scores_of(one["scores"]), scores_of(other["scores"]), atol=1e-6)
        for word, same in zip(one["words"], other["words"], strict=True):
            assert word["attention"] == pytest.approx(same["attention"], abs=1e-6)
            assert word["start_s"] == same["start_s"]


def test_words_that_are_brought_along_are_not_aligned_again(classify, recordings):
    words = [{"word": "kids", "start_s": 0.2, "end_s": 0.5}, {"word": "talk", "start_s": None, "end_s": None}]
    result = classify({"audio": recordings[0], "words": words}, return_words=True)
    assert result["alignment"] == "corpus" and [word["word"] for word in result["words"]] == ["kids", "talk"]
    assert result["words"][0]["start_s"] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("recording", "told"),
    [
        ({"audio": np.zeros(16_000, np.float32)}, "No word was heard"),
        ({"audio": np.zeros(0, np.float32), "text": "hi"}, "no samples"),
        ({"audio": np.full(16_000, np.nan, np.float32), "text": "hi"}, "NaN"),
        ({"audio": np.ones(16_000, np.float32), "text": ""}, "text"),
        ({"audio": np.ones(16_000, np.float32), "text": "привет"}, "text"),
        ({"audio": {"array": np.ones(5)}, "text": "hi"}, "sampling_rate"),
        ({"audio": "nowhere.wav"}, "nowhere.wav is not there"),
        (None, "The audio is None"),
        ({"audio": "x.wav", "txt": "hi"}, "does not have 'txt'"),
        ({"audio": "x.wav", "text": 5}, "is a string"),
        (b"no audio", "cannot be read as audio"),
    ],
)
def test_unusable_recordings_are_told_in_a_sentence(classify, recording, told):
    with pytest.raises(ValueError, match=told):
        classify(recording)


def test_an_unknown_parameter_is_named(classify, recordings):
    with pytest.raises(ValueError, match="function_to_apply"):
        classify(recordings[0], function_to_apply="none")


def test_a_saved_pipeline_loads_again_with_its_processor(classify, recordings, tmp_path):
    classify.save_pretrained(tmp_path)
    assert (tmp_path / "pipeline_wise.py").is_file() and (tmp_path / "processor_config.json").is_file()
    item = {"audio": recordings[0], "text": TEXT}
    np.testing.assert_allclose(scores_of(load_pipeline(tmp_path)(item)), scores_of(classify(item)), atol=1e-6)
