"""One process at a time writes to an output."""

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event
from unittest.mock import Mock

import pytest

from wise_hf.data.files import check_writable
from wise_hf.data.output_lock import LOCK, is_unused, lock_beside, only_writer


HOLD = "import fcntl, sys; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX); print(); sys.stdin.read()"


lock_of = partial(only_writer, check=lambda: None)


def test_a_second_writer_is_refused_until_the_first_is_done(tmp_path):
    out = tmp_path / "out"
    refused = pytest.raises(ValueError, match="^Another process writes to .*out; wait until it is done")
    with lock_of(out), refused, lock_of(out):
        pass
    with lock_of(out):
        assert is_unused(out) and list(out.iterdir()) == [out / LOCK]


def test_a_second_writer_that_waited_sees_what_the_first_one_wrote(tmp_path, monkeypatch):
    monkeypatch.setattr("wise_hf.data.output_lock.PATIENCE_S", 60)
    checked = Event()

    def check() -> None:
        if (tmp_path / "result").exists():
            raise ValueError("It holds a result.")
        checked.set()

    def write() -> None:
        with only_writer(tmp_path, check):
            pytest.fail("the result is replaced")

    with ThreadPoolExecutor() as threads:
        with lock_of(tmp_path):
            second = threads.submit(write)
            assert checked.wait(60)
            (tmp_path / "result").touch()
        with pytest.raises(ValueError, match="It holds a result"):
            second.result()


def test_a_place_that_may_not_be_used_is_not_touched(tmp_path):
    (tmp_path / "thesis.txt").touch()

    def check() -> None:
        raise ValueError("It holds something else.")

    with pytest.raises(ValueError, match="something else"), only_writer(tmp_path, check):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_kill_ends_the_lock(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-uc", HOLD, tmp_path / LOCK], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    holder.stdout.readline()
    with pytest.raises(ValueError, match="Another process writes"), lock_of(tmp_path):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    assert (tmp_path / LOCK).exists() and is_unused(tmp_path)
    with lock_of(tmp_path):
        pass


def test_what_a_kill_leaves_at_the_start_keeps_nobody_out(tmp_path, monkeypatch):
    (tmp_path / "arguments.json.unfinished").touch()
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(SystemExit))
        check_writable(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2 and is_unused(tmp_path)
    check_writable(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["arguments.json.unfinished"]


def test_the_lock_of_a_folder_that_is_replaced_lies_beside_it(tmp_path):
    place = tmp_path / "a" / "prepared"
    with lock_of(place, lock=lock_beside(place)):
        assert list((tmp_path / "a").iterdir()) == [tmp_path / "a" / ".prepared.lock"]


def test_a_place_that_cannot_be_locked_is_told(tmp_path):
    (tmp_path / "file").touch()
    assert not is_unused(tmp_path / "file")
    with (
        pytest.raises(ValueError, match="file cannot be written .*; give another folder"),
        lock_of(tmp_path / "file"),
    ):
        pass


def test_a_file_system_without_locks_keeps_nobody_from_working(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("fcntl.flock", Mock(side_effect=OSError(errno.ENOLCK, "No locks available")))
    with lock_of(tmp_path):
        assert "has no locks; start no second command" in caplog.text
