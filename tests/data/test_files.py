"""Files that are written whole or not at all."""

import errno
import json

import pytest
from safetensors import SafetensorError

from wise_hf.data.files import last_whole, read_json, remove_whole, save_files, write_json, written_whole


# What libraries raise on a full disk: Python, safetensors, tokenizers and torch, twice.
DISK_IS_FULL = [
    OSError(errno.ENOSPC, "No space left on device"),
    SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
    Exception("No space left on device (os error 28)"),
    RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 29760 vs 29652"),
    RuntimeError("[enforce fail at inline_container.cc:858] . PytorchStreamWriter failed writing file data/0"),
]


@pytest.mark.parametrize("error", DISK_IS_FULL, ids=repr)
def test_a_full_disk_is_told_in_a_sentence_and_leaves_what_was_there(tmp_path, error):
    place = tmp_path / "model"
    save_files(place, lambda folder: write_json(folder / "config.json", 1))

    def fail(folder):
        write_json(folder / "config.json", 2)
        (folder / "weights").write_text("half of th")
        raise error

    with pytest.raises(ValueError, match=f"^{place} cannot be written .*; make room there, and continue the run.$"):
        save_files(place, fail)
    assert {path.name: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == {"config.json": "1\n"}


def test_another_error_stays_what_it_is(tmp_path):
    with pytest.raises(RuntimeError, match="out of memory"), written_whole(tmp_path / "model"):
        raise RuntimeError("CUDA out of memory")


def test_files_are_put_beside_what_is_there_already(tmp_path):
    (tmp_path / "model" / "checkpoint").mkdir(parents=True)
    for value in (1, 2):
        save_files(tmp_path / "model", lambda folder, value=value: write_json(folder / "config.json", value))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["checkpoint", "config.json", "model"]
    assert (tmp_path / "model" / "config.json").read_text() == "2\n"


def test_a_file_that_cannot_be_written_leaves_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.replace", lambda path, target: (_ for _ in ()).throw(DISK_IS_FULL[0]))
    with pytest.raises(ValueError, match="x.json cannot be written .No space left on device."):
        write_json(tmp_path / "x.json", 1)
    assert not list(tmp_path.iterdir())


def test_json_files_are_written_whole(tmp_path):
    write_json(tmp_path / "a" / "x.json", {"b": 1})
    assert json.loads((tmp_path / "a" / "x.json").read_text()) == {"b": 1}
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x.json"]
    with pytest.raises(ValueError, match="y.json cannot be written .*; make room.$"):
        write_json(tmp_path / "a" / "x.json" / "y.json", {}, "make room")


def test_a_folder_is_replaced_whole_or_stays(tmp_path):
    place = tmp_path / "checkpoint"
    for value in (1, 2):
        with written_whole(place) as unfinished:
            write_json(unfinished / f"{value}.json", value)
    with pytest.raises(KeyboardInterrupt), written_whole(place) as unfinished:
        write_json(unfinished / "3.json", 3)
        raise KeyboardInterrupt
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")] == ["checkpoint/2.json"]


def test_a_kill_between_the_renamings_leaves_the_old_folder(tmp_path, monkeypatch):
    place = tmp_path / "checkpoint"
    place.mkdir()
    (place / "1.json").touch()
    monkeypatch.setattr("pathlib.Path.replace", lambda path, target: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit), written_whole(place) as unfinished:
        unfinished.mkdir()
    assert [path.name for path in last_whole(place).iterdir()] == ["1.json"]


def test_a_kill_while_a_folder_is_removed_leaves_nothing_of_its_name(tmp_path, monkeypatch):
    folder = tmp_path / "checkpoint"
    write_json(folder / "1.json", 1)
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr("os.rmdir", lambda *_, **__: (_ for _ in ()).throw(SystemExit))
        remove_whole(folder)
    assert not folder.exists() and list(tmp_path.iterdir())
    write_json(folder / "1.json", 1)
    remove_whole(folder)
    assert not list(tmp_path.iterdir()), "nor of what the kill left"
    remove_whole(folder)


def test_a_folder_is_no_place_for_a_file(tmp_path):
    (tmp_path / "mine" / "sub").mkdir(parents=True)
    (tmp_path / "mine" / "sub" / "thesis.txt").write_text("all of it")
    with pytest.raises(ValueError, match="mine is a folder; give the name of a file"):
        write_json(tmp_path / "mine", {})
    assert (tmp_path / "mine" / "sub" / "thesis.txt").read_text() == "all of it"


@pytest.mark.parametrize("content", [b"{", b"", b"\xff", b"[" * 100_000, b"1" * 10_000])
def test_a_file_that_is_no_json_is_told_in_a_sentence(tmp_path, content):
    path = tmp_path / "results.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"results.json cannot be read as JSON \(.+\); write it anew\.$"):
        read_json(path, "write it anew")


def test_json_is_read_as_it_was_written(tmp_path):
    write_json(tmp_path / "x.json", {"a": [1, "ä"]})
    assert read_json(tmp_path / "x.json", "") == {"a": [1, "ä"]}
