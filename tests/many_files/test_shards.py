"""The output of many files: what is due, what is refused, what could not be used."""

import csv

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wise_hf.many_files.emotion_of_files import EmotionOfFiles
from wise_hf.many_files.run import predict_shards
from wise_hf.many_files.shards import Shards
from wise_hf.model import recognisers_wise


FILES = [{"path": f"{name}.wav"} for name in "abcde"]


def table(files: list[dict]) -> pa.Table:
    errors = ["no audio" if file["path"] == "b.wav" else None for file in files]
    return pa.table({"file": [file["path"] for file in files], "error": pa.array(errors, pa.string())})


class Runner:
    """Does so many shards, and then fails, as where the power goes."""

    def __init__(self, most: int = 9):
        self.most, self.asked = most, []

    def __call__(self, emotion, shards):
        self.asked = list(shards)
        for number, files in list(shards.items())[: self.most]:
            yield number, table(files)
        if self.most < len(shards):
            raise ConnectionError("gone")


def test_what_is_done_is_not_done_again(tmp_path):
    emotion, first, second, third = EmotionOfFiles("org/model"), Runner(1), Runner(), Runner()
    with pytest.raises(ConnectionError):
        predict_shards(emotion, FILES, tmp_path, 2, first)
    (done,) = (tmp_path / "emotions").iterdir()
    before = done.stat()
    for runner in (second, third):
        with pytest.raises(ValueError, match="1 of 5 files could not be used: .*errors.csv"):
            predict_shards(emotion, FILES, tmp_path, 2, runner)
    assert (first.asked, second.asked, third.asked) == ([0, 1, 2], [1, 2], [])
    assert (done.stat().st_mtime_ns, done.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert pq.read_table(tmp_path / "emotions")["file"].to_pylist() == [file["path"] for file in FILES]
    with (tmp_path / "errors.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["file", "error"], ["b.wav", "no audio"]]


def test_nothing_is_wrong_where_all_can_be_used(tmp_path):
    predict_shards(EmotionOfFiles("org/model"), FILES[2:], tmp_path, 100, Runner())
    assert not (tmp_path / "errors.csv").exists()


@pytest.mark.parametrize(
    ("emotion", "files", "size", "told"),
    [
        (EmotionOfFiles("org/other"), FILES, 2, "model org/model, now org/other"),
        (EmotionOfFiles("org/model", "openai/whisper-base"), FILES, 2, "recogniser None, now openai/whisper-base"),
        (EmotionOfFiles("org/model", revision="0d3f"), FILES, 2, "revision None, now 0d3f"),
        (EmotionOfFiles("org/model"), FILES[1:], 2, "files 5, SHA-256 .*, now 4, SHA-256"),
        (EmotionOfFiles("org/model"), FILES, 3, "shard_size 2, now 3"),
    ],
)
def test_rows_of_other_options_or_files_are_not_mixed(tmp_path, emotion, files, size, told):
    runner = Runner()
    with pytest.raises(ValueError, match="could not be used"):
        predict_shards(EmotionOfFiles("org/model"), FILES, tmp_path, 2, Runner())
    with pytest.raises(ValueError, match=told):
        predict_shards(emotion, files, tmp_path, size, runner)
    assert runner.asked == []


def test_a_damaged_record_of_the_options_is_told_by_its_name(tmp_path):
    predict_shards(EmotionOfFiles("org/model"), FILES[2:], tmp_path, 2, Runner())
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ValueError, match=r"run.json cannot be read as JSON .*; give another --output\."):
        predict_shards(EmotionOfFiles("org/model"), FILES[2:], tmp_path, 2, Runner())


def test_rows_of_a_recogniser_s_folder_are_not_mixed_with_those_of_its_later_files(tmp_path, monkeypatch):
    monkeypatch.setattr(recognisers_wise, "_read", lambda source: None)
    out, weights = tmp_path / "out", tmp_path / "whisper" / "model.bin"
    weights.parent.mkdir()
    emotion = EmotionOfFiles("org/model", f"faster-whisper:{weights.parent}")
    weights.write_bytes(b"first")
    predict_shards(emotion, FILES[2:], out, 2, Runner())
    weights.write_bytes(b"second")
    recognisers_wise._digest.cache_clear()  # as in another process
    with pytest.raises(ValueError, match="recogniser_files .*, now "):
        predict_shards(emotion, FILES[2:], out, 2, Runner())


def test_a_function_as_recogniser_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="what <function table at .* hears; give a recogniser's name or folder"):
        predict_shards(EmotionOfFiles("org/model", table), FILES, tmp_path / "out", 2, Runner())
    assert not (tmp_path / "out").exists()


def test_two_commands_do_not_write_to_one_folder(tmp_path):
    with Shards(tmp_path, FILES, 2).opened({}), pytest.raises(ValueError, match="Another process writes to"):
        Shards(tmp_path, FILES, 2).opened({}).__enter__()
