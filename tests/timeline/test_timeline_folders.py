"""Many long recordings, each to a folder of its own."""

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from timeline_input import QuickPipeline

from wise_hf.data.output_lock import lock_beside, only_writer
from wise_hf.timeline.folders import predict_files, unique_names
from wise_hf.timeline.outputs import FORMATS
from wise_hf.timeline.rows import read_rows


@pytest.fixture
def recordings(tmp_path) -> list[dict]:
    soundfile.write(tmp_path / "call.wav", np.zeros(16_000), 8_000)
    return [{"path": str(tmp_path / name)} for name in ("call.wav", "nowhere.wav", "call.wav")]


def folders_in(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir() if path.is_dir())


def test_a_file_that_fails_stops_no_other_one(recordings, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        (error,) = predict_files(QuickPipeline(), recordings, tmp_path / "out")
    assert "nowhere.wav is not there" in error and error in caplog.text
    assert folders_in(tmp_path / "out") == ["call", "call_2"]
    files = {f"call_2.{name}" for name in ("jsonl", *FORMATS)}
    assert {path.name for path in (tmp_path / "out" / "call_2").iterdir()} == files
    assert "0 segments; 2.0 s of 2.0 s left out (2.0 s: Nobody speaks" in caplog.text


def test_formats_are_those_that_are_asked_for(recordings, tmp_path):
    predict_files(QuickPipeline(), recordings[:1], tmp_path / "out", ["srt"])
    assert {path.suffix for path in (tmp_path / "out" / "call").iterdir()} == {".jsonl", ".srt"}


def test_earlier_results_are_replaced_where_that_is_asked_for(recordings, tmp_path):
    out = tmp_path / "out"
    predict_files(QuickPipeline(), recordings[:1], out)
    with pytest.raises(ValueError, match="call holds a timeline; give another --output_dir, or --over"):
        predict_files(QuickPipeline(), recordings[:1], out)
    predict_files(QuickPipeline(), recordings[:1], out, [], overwrite=True)
    assert [path.name for path in (out / "call").iterdir()] == ["call.jsonl"]
    (out / "call" / "call.jsonl").rename(out / "call" / "thesis.txt")
    with pytest.raises(ValueError, match="call is there and no timeline"):
        predict_files(QuickPipeline(), recordings[:1], out, overwrite=True)


def test_what_fails_in_the_middle_leaves_the_earlier_result(recordings, tmp_path, monkeypatch):
    out = tmp_path / "out"
    predict_files(QuickPipeline(), recordings[:1], out)
    before = list(read_rows(out / "call" / "call.jsonl"))
    monkeypatch.setitem(FORMATS, "srt", lambda rows, path: json.loads("{"))
    assert len(predict_files(QuickPipeline(), recordings[:1], out, ["srt"], overwrite=True)) == 1
    assert list(read_rows(out / "call" / "call.jsonl")) == before
    assert folders_in(out) == ["call"]


def test_processes_may_write_different_recordings_into_one_folder(recordings, tmp_path, monkeypatch):
    monkeypatch.setattr("wise_hf.data.output_lock.PATIENCE_S", 0.1)
    call, out = tmp_path / "out" / "call", tmp_path / "out"
    other = {"path": shutil.copy(recordings[0]["path"], tmp_path / "other.wav")}
    with only_writer(call, lambda: None, lock_beside(call)):  # as another process
        (error,) = predict_files(QuickPipeline(), [recordings[0], other], out, [])
    assert "Another process writes to" in error and str(call) in error
    assert folders_in(out) == ["other"]


def test_names_are_unique():
    paths = ["a/call.wav", "b/call.mp3", "c/Call_2.wav", "call"]
    assert unique_names(paths) == ["call", "call_2", "Call_2_2", "call_3"]
