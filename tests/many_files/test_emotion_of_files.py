"""Columns of files to columns of emotions: what cannot be used, what is long, and where the columns are used."""

import pickle
import re

import numpy as np
import pytest
import soundfile
from datasets import Dataset, Features

from wise_hf.many_files import emotion_of_files
from wise_hf.many_files.emotion_of_files import EmotionOfFiles
from wise_hf.model.loading import load_pipeline
from wise_hf.timeline.decoded import TemporaryFileError


@pytest.fixture(scope="module")
def emotion(saved_model) -> EmotionOfFiles:
    return EmotionOfFiles(str(saved_model))


@pytest.fixture(scope="module")
def spoken(spoken_corpus) -> list[str]:
    return [str(path) for path in sorted((spoken_corpus / "audio").glob("*/*.wav"))[:2]]


def rows_of(columns: dict[str, list]) -> list[dict]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def test_a_short_file_is_one_row_with_what_the_pipeline_makes_of_it(emotion, spoken):
    rows = rows_of(emotion({"path": spoken, "unknown": [1, 2]}))
    assert [row["file"] for row in rows] == spoken and [row["segment"] for row in rows] == [0, 0]
    for row, expected in zip(rows, load_pipeline(emotion.model)(spoken, return_words=True), strict=True):
        scores = {f"probability_{entry['label']}": entry["score"] for entry in expected["scores"]}
        assert {name: row[name] for name in scores} == pytest.approx(scores, abs=1e-6)
        assert row["error"] is row["reason"] is None and row["emotion"] == expected["scores"][0]["label"]
        assert [word["text"] for word in row["words"]] == [word["word"] for word in expected["words"]]
        assert {"attention", "confidence", "probability_angry"} < set(row["words"][0])
        assert row["start_s"] == 0 and row["end_s"] == row["duration_s"]


def test_what_is_known_of_a_file_counts(emotion, spoken):
    columns = {
        "path": spoken[:1] * 2,
        "text": ["kids are talking", ""],
        "speaker": [None, "anna"],
        "channel": [0, None],
    }
    first, second = rows_of(emotion(columns))
    assert first["text"] == "kids are talking" and first["channel"] == 0
    assert second["text"] != "kids are talking" and second["speaker"] == "anna"


def test_a_bad_file_is_a_row_with_an_error_and_stops_no_other(emotion, spoken, tmp_path):
    contents = {
        "empty.wav": b"",
        "text.mp3": b"no audio at all",
        "drm.m4a": b"\0\0\0\x20ftypM4P " + bytes(range(256)) * 9,
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    soundfile.write(tmp_path / "zero.wav", np.zeros(0), 16_000)
    soundfile.write(tmp_path / "silent.wav", np.zeros(16_000), 16_000)
    (tmp_path / "folder.wav").mkdir()
    bad = [*contents, "zero.wav", "silent.wav", "folder.wav", "nowhere.wav"]
    paths = [*(str(tmp_path / name) for name in bad), None, float("nan"), spoken[0]]
    rows = rows_of(emotion({"path": paths}))
    assert len(rows) == len(paths)
    assert all(row["error"] and row["emotion"] is None for row in rows[:-1])
    assert rows[-1]["error"] is None and rows[-1]["emotion"]
    assert "path is empty" in rows[-2]["error"] and rows[4]["duration_s"] == 1.0


def test_an_error_that_nobody_thought_of_is_one_file_s(emotion, spoken, monkeypatch, caplog):
    def fail(*args):
        raise RuntimeError("what was said")

    monkeypatch.setattr(emotion_of_files, "Decoded", fail)
    (row,) = rows_of(emotion({"path": spoken[:1]}))
    assert re.fullmatch(r"RuntimeError in .*\w+\.py:\d+", row["error"]) and row["error"] in caplog.text
    assert "what was said" not in row["error"] + caplog.text


def test_a_channel_that_is_no_number_is_told(emotion, spoken):
    rows = rows_of(emotion({"path": [spoken[0]] * 3, "channel": ["left", float("inf"), "0"]}))
    assert [row["error"] for row in rows] == ["The channel is no whole number; give its number, from 0."] * 2 + [None]


def test_a_full_disk_is_no_file_s_error(emotion, spoken, monkeypatch):
    def fail(*args):
        raise TemporaryFileError("There is no room.")

    monkeypatch.setattr(emotion_of_files, "Decoded", fail)
    with pytest.raises(TemporaryFileError):
        emotion({"path": spoken[:1]})


def test_a_long_file_is_a_row_a_segment(emotion, spoken, monkeypatch, tmp_path):
    monkeypatch.setattr(emotion_of_files, "MAX_ALIGNED_S", 2.0)
    speech, rate = soundfile.read(spoken[0])
    samples = np.concatenate([speech, np.zeros(3 * rate), speech])
    soundfile.write(tmp_path / "long.wav", samples, rate)
    rows = rows_of(emotion({"path": [str(tmp_path / "long.wav")]}))
    assert sum(row["emotion"] is not None for row in rows) == 2
    assert all((row["emotion"] is None) == (row["reason"] is not None) and row["error"] is None for row in rows)
    assert [row["start_s"] for row in rows[1:]] == [row["end_s"] for row in rows[:-1]]
    assert rows[0]["start_s"] == 0 and rows[-1]["end_s"] == pytest.approx(len(samples) / rate)


def test_columns_without_paths_are_refused(emotion):
    with pytest.raises(ValueError, match="no column path .but 'file'"):
        emotion({"file": ["a.wav"]})


def test_it_can_be_pickled_also_when_it_has_been_used(emotion, spoken):
    before = emotion({"path": spoken[:1]})
    copy = pickle.loads(pickle.dumps(emotion))
    assert copy == emotion and copy({"path": spoken[:1]}) == before
    assert len(pickle.dumps(emotion)) < 5000, "without the model"


@pytest.mark.parametrize("num_proc", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_datasets_maps_it(emotion, spoken, num_proc):
    paths = ["nowhere.wav", *spoken]
    given, features = Dataset.from_dict({"path": paths}), Features.from_arrow_schema(emotion.schema)
    mapped = given.map(
        emotion, batched=True, batch_size=1, remove_columns=["path"], features=features, num_proc=num_proc
    )
    assert mapped["file"] == paths and [error is None for error in mapped["error"]] == [False, True, True]
    assert mapped.to_list() == rows_of(emotion({"path": paths}))
