"""wise-hf predict --input, from files to tables, also where it is killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import Mock

import pyarrow.parquet as pq
import pytest
from script import run

from wise_hf.commands.predict import main


@pytest.fixture
def calls(spoken_corpus, tmp_path) -> Path:
    """A folder of four recordings of speech, and one that cannot be used."""
    (tmp_path / "calls").mkdir()
    for number, path in enumerate(sorted((spoken_corpus / "audio").glob("*/*.wav"))[:4]):
        shutil.copy(path, tmp_path / "calls" / f"{number}.wav")
    (tmp_path / "calls" / "2b.mp3").write_bytes(b"no audio")
    return tmp_path / "calls"


def predict(*options: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "wise_hf", "predict", *map(str, options)], stderr=subprocess.DEVNULL
    )


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_until(is_so, seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc to know the processes")
def test_a_killed_command_goes_on_and_costs_one_shard(saved_model, calls, tmp_path):
    options = ("--input", calls, "--model", saved_model, "--shard_size", 1)
    killed, parts = predict(*options, "--output", tmp_path / "out"), tmp_path / "out" / "emotions"
    wait_until(lambda: parts.is_dir() and list(parts.glob("*.parquet")))
    workers = children(killed.pid)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in parts.glob("*.parquet")}
    assert 0 < len(before) < 5

    done = run("predict.py", *options, "--output", tmp_path / "out", "--num_proc", 2)
    assert done.returncode == 1
    assert done.stderr.endswith(f"predict.py: 1 of 5 files could not be used: {tmp_path / 'out' / 'errors.csv'}\n")
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in before} == before
    assert run("predict.py", *options, "--output", tmp_path / "again").returncode == 1
    table = pq.read_table(parts)
    assert table.equals(pq.read_table(tmp_path / "again" / "emotions")), "two processes, one killed, as one process"
    assert table["file"].to_pylist() == sorted(map(str, calls.iterdir()))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "no recording is given"),
        (["a.wav", "--num_proc", "2"], "--num_proc needs --input"),
        (["--input", "calls"], "--input needs --output"),
        (["a.wav", "--input", "calls", "--output", "out"], "audio does not go with --input"),
        (["--input", "calls", "--output", "out", "--text", "hi"], "text does not go with --input"),
        (["--input", "calls", "--output", "out", "--num_proc", "0"], "0 is not 1 or more"),
        (["--input", "nowhere", "--output", "out"], "nowhere is not there; give a folder"),
    ],
)
def test_options_that_do_not_go_together_are_told(options, told, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    done = run("predict.py", *options)
    assert done.returncode and told in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_not_there_is_told(calls, tmp_path):
    done = run("predict.py", "--input", calls, "--output", tmp_path / "out", "--model", tmp_path / "no")
    assert done.returncode == 1 and "no is not there; give a model's folder" in done.stderr


def test_an_interrupted_command_tells_that_it_goes_on(saved_model, calls, tmp_path, monkeypatch):
    monkeypatch.setattr("wise_hf.commands.predict_many.predict_shards", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt, match="the same command goes on where it stopped"):
        main(["--input", str(calls), "--model", str(saved_model), "--output", str(tmp_path / "out")])
