"""Trainings in processes of their own."""

import os
import signal
import time
from types import SimpleNamespace

import pytest
import torch
from accelerate import DistributedType

from wise_hf.training.parallel import log_to_parent, num_cores, num_trainings_at_a_time, training_processes


def work(number: int) -> None:
    log_to_parent({"process": os.getpid()}, number)


def fail(number: int) -> None:
    """The first job ends at once, the others never."""
    if number:
        time.sleep(3600)
    raise ValueError("it fails")


def die(number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_every_job_is_done_elsewhere_and_what_it_logs_is_heard_before_it_is_done():
    heard = []
    with training_processes(2, log=lambda figures, epoch: heard.append((epoch, figures["process"]))) as run_all:
        num_heard = [len(heard) for _ in run_all(work, range(5))]
        assert [number <= at_least for number, at_least in enumerate(num_heard, 1)] == [True] * 5
    assert sorted(epoch for epoch, _ in heard) == list(range(5))
    assert os.getpid() not in {process for _, process in heard}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("job", "sentence"),
    [
        (fail, "it fails"),
        (die, "ended at once. .* memory for 2 at a time, give fewer --jobs; a script must"),
    ],
)
def test_a_job_that_fails_or_is_killed_ends_all_others_at_once(job, sentence):
    with pytest.raises(ValueError, match=sentence), training_processes(2) as run_all:
        list(run_all(job, range(4)))


@pytest.mark.slow
def test_ctrl_c_ends_all_at_once():
    with pytest.raises(KeyboardInterrupt), training_processes(1) as run_all:
        for _ in run_all(time.sleep, [0, 3600]):
            raise KeyboardInterrupt


@pytest.mark.parametrize(("has_gpu", "usual"), [(False, num_cores()), (True, 1)])
def test_there_is_one_training_for_each_core_but_one_on_a_gpu(monkeypatch, has_gpu, usual):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: has_gpu)
    alone = SimpleNamespace(distributed_type=DistributedType.NO)
    assert num_trainings_at_a_time(None, alone) == usual
    assert num_trainings_at_a_time(3, alone) == 3


def test_processes_of_accelerate_share_one_training_at_a_time():
    shared = SimpleNamespace(distributed_type=DistributedType.MULTI_CPU)
    assert num_trainings_at_a_time(None, shared) == num_trainings_at_a_time(1, shared) == 1
    with pytest.raises(ValueError, match="--jobs starts processes of its own; give it, or several processes"):
        num_trainings_at_a_time(2, shared)
