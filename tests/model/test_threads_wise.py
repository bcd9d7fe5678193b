"""WISE's own operations take one thread, and the process keeps the number that it had."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from wise_hf.model import alignment_wise, speech_wise
from wise_hf.model.alignment_wise import align
from wise_hf.model.speech_wise import hear_speech
from wise_hf.model.threads_wise import one_thread


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with threadpool_limits(2):
        yield
    torch.set_num_threads(before)


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_torch_and_numpy_compute_in_one_thread_and_then_in_as_many_as_before():
    with one_thread():
        with one_thread():
            assert torch.get_num_threads() == 1 and blas_threads() == {1}
        assert torch.get_num_threads() == 1 and blas_threads() == {1}
    assert torch.get_num_threads() == 2 and blas_threads() == {2}


def test_the_number_is_set_back_after_an_error():
    with pytest.raises(ValueError, match="wrong"), one_thread():
        raise ValueError("wrong")
    assert torch.get_num_threads() == 2 and blas_threads() == {2}


def test_callers_in_several_threads_leave_the_number_as_it_was():
    inside, may_leave, seen = threading.Event(), threading.Event(), []

    def hold() -> None:
        with one_thread():
            inside.set()
            may_leave.wait(10)
            seen.append(torch.get_num_threads())
        seen.append(torch.get_num_threads())

    holder = threading.Thread(target=hold)
    with one_thread():
        holder.start()
        inside.wait(10)
    assert torch.get_num_threads() == 2, "this thread's number is its own"
    may_leave.set()
    holder.join()
    assert seen == [1, 2] and blas_threads() == {2}


def test_a_caller_that_came_second_and_leaves_first_has_its_threads_back():
    seen = []

    def come_and_go() -> None:
        with one_thread():
            seen.append(torch.get_num_threads())
        seen.append(torch.get_num_threads())

    with one_thread():
        other = threading.Thread(target=come_and_go)
        other.start()
        other.join()
        assert torch.get_num_threads() == 1
    assert seen == [1, 2]
    assert torch.get_num_threads() == 2 and blas_threads() == {2}


def test_the_speech_detector_and_the_aligner_compute_in_one_thread(monkeypatch):
    seen = []
    monkeypatch.setattr(speech_wise, "_levelled", lambda *_: seen.append(blas_threads()) or np.zeros(16_000))
    monkeypatch.setattr(alignment_wise, "check_samples", lambda *_: seen.append(blas_threads()) or 1 / 0)
    hear_speech(np.ones(16_000))
    with pytest.raises(ZeroDivisionError):
        align(np.ones(16_000), "yes")
    assert seen == [{1}, {1}] and blas_threads() == {2}


@pytest.mark.parametrize(("told", "expected"), [(None, "1 1"), ("2", "2 2")])
def test_a_command_takes_one_thread_unless_told_otherwise(told, expected):
    code = (
        "import os, torch; from wise_hf.commands.run import run\n"
        "run(lambda: print(torch.get_num_threads(), os.environ['OMP_NUM_THREADS']))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment |= {} if told is None else {"OMP_NUM_THREADS": told}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected


def test_importing_leaves_the_threads_of_a_process_alone():
    code = (
        "import torch; torch.set_num_threads(2); import os, wise_hf\n"
        "print(torch.get_num_threads(), os.environ.get('OMP_NUM_THREADS'))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2 None"
