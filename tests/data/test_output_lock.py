"""One process at a time writes to an output."""

import os
import signal
import subprocess
import sys

import pytest

from wise_hf.data.output_lock import LOCK, is_unused, lock_beside, only_writer


HOLD = "import fcntl, sys; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX); print(); sys.stdin.read()"


def test_a_second_writer_is_refused_until_the_first_is_done(tmp_path):
    out = tmp_path / "out"
    refused = pytest.raises(ValueError, match="^Another process writes to .*out; wait until it is done")
    with only_writer(out), refused, only_writer(out):
        pass
    with only_writer(out):
        assert is_unused(out) and list(out.iterdir()) == [out / LOCK]
    assert not list(out.iterdir()), "nothing is left behind"


def test_a_kill_ends_the_lock(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-uc", HOLD, tmp_path / LOCK], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    holder.stdout.readline()
    with pytest.raises(ValueError, match="Another process writes"), only_writer(tmp_path):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    assert (tmp_path / LOCK).exists() and is_unused(tmp_path)
    with only_writer(tmp_path):
        pass


def test_the_lock_of_a_folder_that_is_replaced_lies_beside_it(tmp_path):
    place = tmp_path / "a" / "prepared"
    with only_writer(place, lock_beside(place)):
        assert list((tmp_path / "a").iterdir()) == [tmp_path / "a" / ".prepared.lock"]


def test_a_place_that_cannot_be_locked_is_told(tmp_path):
    (tmp_path / "file").touch()
    assert not is_unused(tmp_path / "file")
    with (
        pytest.raises(ValueError, match="file cannot be written .*; give another folder"),
        only_writer(tmp_path / "file"),
    ):
        pass
