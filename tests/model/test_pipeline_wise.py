"""The audio-classification pipeline, with the installed code."""

import io
from pathlib import Path
from types import SimpleNamespace

import datasets
import numpy as np
import pytest
import soundfile
import torch
from containers import contained
from transformers.pipelines.pt_utils import KeyDataset

from wise_hf.model import pipeline_wise
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.loading import load_pipeline


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


def test_what_a_phone_recorded_gives_the_same_scores(classify, recordings, tmp_path):
    content = contained(read_audio(recordings[0]), "ipod", "alac", 16_000)
    (tmp_path / "memo.m4a").write_bytes(content)
    expected = scores_of(classify({"audio": recordings[0], "text": TEXT}))
    for form in (tmp_path / "memo.m4a", str(tmp_path / "memo.m4a"), content, io.BytesIO(content)):
        np.testing.assert_allclose(scores_of(classify({"audio": form, "text": TEXT})), expected, atol=1e-6)


class Decoder:
    """As much of torchcodec's AudioDecoder as is used of it."""

    def __init__(self, samples: np.ndarray | None):
        self.samples = samples

    def get_all_samples(self) -> SimpleNamespace:
        if self.samples is None:
            raise RuntimeError("Could not decode a frame.")
        return SimpleNamespace(data=torch.from_numpy(self.samples)[None], sample_rate=16_000)


def test_what_other_libraries_make_of_a_recording_gives_the_same_scores(classify, recordings):
    path = recordings[0]
    samples, content = read_audio(path), Path(path).read_bytes()
    rows = datasets.Dataset.from_dict({"audio": [path, path], "text": [TEXT, TEXT]})
    rows = rows.cast_column("audio", datasets.Audio(decode=False))
    with Path(path).open("rb") as opened:
        forms = [
            {"audio": samples, "sampling_rate": np.int64(16_000)},
            {"array": samples, "sampling_rate": np.int64(16_000)},
            {"array": samples, "sampling_rate": 16_000.0},
            {"array": samples, "sampling_rate": 16_000, "path": path},
            {"audio": {"array": torch.from_numpy(samples), "sampling_rate": torch.tensor(16_000)}},
            {"audio": {"bytes": content, "path": "no_longer_there.wav"}},
            {"audio": {"bytes": None, "path": path}},
            {"bytes": content, "path": None},
            {"path": path},
            {"audio": opened},
            {"audio": Path(path)},
            {"audio": Decoder(samples)},
            {"audio": samples, "path": path},
        ]
        results = [classify(form | {"text": TEXT}) for form in forms]
    results += [*classify(rows, batch_size=2), *classify([rows[0]])]
    expected = scores_of(classify({"audio": path, "text": TEXT}))
    for number, result in enumerate(results):
        np.testing.assert_allclose(scores_of(result), expected, atol=1e-6, err_msg=str(number))


def test_one_recording_of_any_form_is_not_several(classify, recordings):
    samples = read_audio(recordings[0])
    with Path(recordings[0]).open("rb") as opened:
        for form in (
            opened,
            Decoder(samples),
            torch.from_numpy(samples),
            Path(recordings[0]),
            bytearray(opened.read()),
        ):
            result = classify(form, return_words=True)
            assert result["alignment"] in ("asr+aligner", "doubtful", "uniform") and result["text"]


def test_a_decoder_that_fails_is_reported(classify):
    assert "Could not decode a frame" in classify([Decoder(None)], on_error="report")[0]["error"]


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
    assert result["text"] == TEXT and result["alignment"] in ("aligner", "doubtful", "uniform")


def test_words_come_with_the_probabilities_so_far(classify, recordings):
    result = classify({"audio": recordings[0], "text": TEXT}, return_words=True)
    so_far = [word["probabilities"] for word in result["words"]]
    assert all(sum(each.values()) == pytest.approx(1, abs=1e-5) for each in so_far)
    assert so_far[-1] == pytest.approx({each["label"]: each["score"] for each in result["scores"]}, abs=1e-6)
    first = classify({"audio": recordings[0], "words": result["words"][:3]})
    assert so_far[2] == pytest.approx({each["label"]: each["score"] for each in first}, abs=1e-5)


def test_without_text_the_recording_is_transcribed(classify, recordings):
    result = classify(recordings[0], return_words=True)
    assert result["text"] and result["alignment"] in ("asr+aligner", "doubtful", "uniform")
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


NOISE = np.random.default_rng(0).uniform(-0.3, 0.3, 32_000)


@pytest.mark.parametrize(
    ("recording", "told"),
    [
        ({"audio": np.zeros(16_000, np.float32)}, "No word was heard"),
        ({"audio": np.zeros(16_000, np.float32), "text": "hi"}, "No word was heard"),
        ({"audio": NOISE}, "No word was heard"),
        ({"audio": NOISE, "text": TEXT}, "No word was heard"),
        ({"audio": NOISE, "words": [{"word": "hi", "start_s": 0.1, "end_s": 0.9}]}, "No word was heard"),
        ({"audio": np.zeros(0, np.float32), "text": "hi"}, "no samples"),
        ({"audio": np.full(16_000, np.nan, np.float32), "text": "hi"}, "NaN"),
        ({"audio": np.ones(16_000, np.float32), "text": ""}, "text"),
        ({"audio": np.ones(16_000, np.float32), "text": "привет"}, "text"),
        ({"audio": {"array": np.ones(5)}, "text": "hi"}, "sampling_rate"),
        ({"audio": "nowhere.wav"}, "nowhere.wav is not there"),
        (None, "The audio is of type NoneType"),
        ({"audio": "x.wav", "txt": "hi"}, "does not have 'txt'"),
        ({"audio": "x.wav", "text": 5}, "is a string"),
        ({"audio": "x.wav", "words": 5}, "are a list of words"),
        ({"array": np.ones(5), "text": "hi"}, "sampling_rate"),
        ({"array": np.ones(5), "sampling_rate": 16_000, "speakers": "anna"}, "does not have 'speakers'"),
        ({"audio": NOISE, "speaker": ""}, "The speaker is ''; give a name"),
        ({"audio": NOISE, "speaker": 5}, "The speaker is 5; give a name"),
        ({"audio": NOISE, "channel": "left"}, "The channel of a recording is 'left'; give its number"),
        ({"audio": NOISE, "channel": 1}, "has one channel, number 0; there is no channel 1"),
        ({"audio": np.stack([NOISE, NOISE], 1), "channel": -1}, "has channels 0 to 1; there is no channel -1"),
        ({"audio": {"array": np.ones(5), "sampling_rate": 16_000, "sample_rate": 8000}}, "not have 'sample_rate'"),
        (
            {"audio": {"array": np.ones(5), "sampling_rate": 16_000, "text": "a"}, "text": "b"},
            "different values of 'text'",
        ),
        ({"audio": "x.wav", "array": np.ones(5)}, "a second one, array"),
        ({"text": "hi"}, 'has "audio"'),
        ({}, 'has "audio"'),
        (b"no audio", "cannot be read as audio"),
    ],
)
def test_unusable_recordings_are_told_in_a_sentence(classify, recording, told):
    with pytest.raises(ValueError, match=told):
        classify(recording)


def test_no_text_or_words_in_a_dict_are_lost(classify, recordings):
    samples = {"array": read_audio(recordings[0]), "sampling_rate": 16_000}
    forms = [samples | {"text": TEXT}, {"audio": samples | {"text": TEXT}}, {"path": recordings[0], "text": TEXT}]
    forms += [{"audio": samples | {"text": TEXT}, "text": TEXT}, {"audio": {"audio": samples | {"text": TEXT}}}]
    for form in forms:
        assert classify(form, return_words=True)["text"] == TEXT
    words = [{"word": "kids", "start_s": 0.2, "end_s": 0.5}]
    for form in (samples | {"words": words}, {"audio": samples | {"words": words}}):
        result = classify(form, return_words=True)
        assert result["alignment"] == "corpus" and result["text"] == "kids"


def test_words_beyond_the_limit_are_told(classify, recordings, monkeypatch):
    item = {"audio": recordings[0], "text": TEXT}
    whole = classify(item, return_words=True)
    duration_s = len(read_audio(recordings[0])) / 16_000
    assert whole["truncated"] is False and whole["until_s"] == pytest.approx(duration_s)
    monkeypatch.setattr(classify.processor.feature_extractor, "max_words", 3)
    cut = classify(item, return_words=True)
    assert cut["truncated"] is True and cut["until_s"] == cut["words"][2]["end_s"] < duration_s
    assert [word["probabilities"] is None for word in cut["words"][:4]] == [False, False, False, True]
    assert sum(word["attention"] for word in cut["words"][:3]) == pytest.approx(1, abs=1e-5)
    assert [word["attention"] for word in cut["words"][3:]] == [0] * 5
    monkeypatch.setattr(classify.processor.feature_extractor, "max_words", len(TEXT.split()))
    assert classify(item, return_words=True)["truncated"] is False, "as many words as are looked at"


@pytest.mark.parametrize("more", [{"text": "hi"}, {}, {"words": [{"word": "hi", "start_s": 0.1, "end_s": 0.5}]}])
def test_a_recording_beyond_the_limit_is_refused_before_anything_is_looked_for(classify, more, monkeypatch):
    monkeypatch.setattr(pipeline_wise, "find_words", None)
    with pytest.raises(ValueError, match=r"lasts 120.5 s, at most 120 s are taken; cut it at pauses"):
        classify({"audio": np.ones(120 * 16_000 + 8000, np.float32)} | more)


def test_a_list_without_recordings_gives_a_list_without_results(classify):
    assert classify([]) == [] and classify([], batch_size=4, return_words=True, on_error="report") == []
    assert list(classify(KeyDataset([], "audio"))) == [] and list(classify(one for one in [])) == []


def test_recordings_come_from_lists_data_sets_and_generators(classify, recordings):
    words = [{"word": "kids", "start_s": 0.1, "end_s": 0.5}]
    items = [{"audio": path, "words": words} for path in recordings]
    expected = [scores_of(classify(item)) for item in items]
    forms = {
        "list": items,
        "generator": (item for item in items),
        "iterator": iter(items),
        "torch": KeyDataset([{"one": item} for item in items], "one"),
        "datasets": datasets.Dataset.from_list(items),
        "column": datasets.Dataset.from_list([{"one": item} for item in items])["one"],
        "streamed": datasets.Dataset.from_list(items).to_iterable_dataset(),
    }
    for name, form in forms.items():
        for batch_size in (1, 2):
            given = (item for item in items) if name == "generator" else iter(items) if name == "iterator" else form
            results = classify(given, batch_size=batch_size)
            assert isinstance(results, list) == (name == "list"), name
            np.testing.assert_allclose([*map(scores_of, results)], expected, atol=1e-6, err_msg=name)


class Damaged(torch.utils.data.Dataset):
    """A data set whose second recording cannot be decoded."""

    def __init__(self, items: list):
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict:
        if index == 1:
            raise RuntimeError("bad frame")
        return self.items[index]


@pytest.mark.parametrize("batch_size", [1, 2, 4])
def test_a_bad_recording_loses_no_other_one(classify, recordings, batch_size):
    good = [{"audio": path, "text": TEXT} for path in recordings[:2]]
    bad = [{"audio": np.zeros(16_000, np.float32)}, {"audio": "nowhere.wav"}]
    items = [bad[0], good[0], good[1], bad[1]]
    expected = [classify(item, return_words=True) for item in good]
    for given in (items, (item for item in items), KeyDataset([{"one": item} for item in items], "one")):
        results = list(classify(given, batch_size=batch_size, return_words=True, on_error="report"))
        assert [set(result) for result in (results[0], results[3])] == [{"error"}] * 2
        assert results[0]["error"].startswith("recording 1: No word was heard")
        assert "nowhere.wav is not there" in results[3]["error"]
        for result, alone in zip(results[1:3], expected, strict=True):
            assert result["words"][0].keys() == alone["words"][0].keys() and result["text"] == TEXT
            np.testing.assert_allclose(scores_of(result["scores"]), scores_of(alone["scores"]), atol=1e-6)
    assert [set(each) for each in classify([bad[0]] * 3, batch_size=batch_size, on_error="report")] == [{"error"}] * 3


def test_a_recording_that_its_data_set_cannot_decode_is_reported(classify, recordings):
    data_set = Damaged([{"audio": path, "text": TEXT} for path in recordings])
    results = list(classify(data_set, on_error="report"))
    assert results[1] == {"error": "recording 2: it cannot be read from its data set (bad frame)"}
    assert [isinstance(result, list) for result in results] == [True, False, True]
    with pytest.raises(ValueError, match="recording 2: it cannot be read"):
        list(classify(data_set))


def test_an_error_names_its_recording(classify, tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(16_000), 16_000)
    path, silence = tmp_path / "silence.wav", np.zeros(16_000, np.float32)
    inner = {"bytes": path.read_bytes(), "path": str(path)}
    for given in (path, str(path), {"audio": path}, [path], [{"audio": inner}], [inner], inner):
        with pytest.raises(ValueError, match="silence.wav: No word was heard"):
            classify(given)
    with pytest.raises(ValueError, match="^recording 1: No word was heard"):
        classify([silence])
    with pytest.raises(ValueError, match="^No word was heard"):
        classify(silence)
    assert classify(silence, on_error="report")["error"].startswith("No word was heard")
    assert str(path) in classify(path, on_error="report", return_words=True)["error"]


class OwnError(ValueError):
    pass


@pytest.mark.parametrize(("raised", "kind"), [(OwnError, OwnError), (OSError, ValueError)])
def test_an_error_that_names_its_recording_stays_of_its_kind(classify, monkeypatch, recordings, raised, kind):
    def fail(*_):
        raise raised("Nothing was said.")

    monkeypatch.setattr(pipeline_wise, "hear_words", fail)
    with pytest.raises(kind, match=f"^{recordings[0]}: Nothing was said.$"):
        classify(recordings[0])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"on_error": "ignore"}, "on_error is 'ignore'; it is one of 'raise', 'report'"),
        ({"top_k": 0}, "top_k is 0"),
        ({"top_k": "2"}, "top_k is '2'"),
        ({"top_k": 1.5}, "top_k is 1.5"),
    ],
)
def test_a_wrong_parameter_is_told(classify, recordings, options, told):
    with pytest.raises(ValueError, match=told):
        classify(recordings[0], **options)


def test_what_is_reported_can_be_set_when_the_pipeline_is_made(classify):
    made = type(classify)(model=classify.model, processor=classify.processor, on_error="report")
    assert set(made(np.zeros(16_000, np.float32))) == {"error"}


def test_an_unknown_parameter_is_named(classify, recordings):
    with pytest.raises(ValueError, match="function_to_apply"):
        classify(recordings[0], function_to_apply="none")


def test_a_saved_pipeline_loads_again_with_its_processor(classify, recordings, tmp_path):
    classify.save_pretrained(tmp_path)
    assert (tmp_path / "pipeline_wise.py").is_file() and (tmp_path / "processor_config.json").is_file()
    item = {"audio": recordings[0], "text": TEXT}
    np.testing.assert_allclose(scores_of(load_pipeline(tmp_path)(item)), scores_of(classify(item)), atol=1e-6)
