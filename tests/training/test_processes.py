"""Accelerators and the trackers that they are asked for."""

import pytest
import torch
from accelerate import tracking
from threadpoolctl import threadpool_info, threadpool_limits

from wise_hf.training.processes import make_accelerator


def test_a_tracker_that_accelerate_does_not_have_is_refused():
    with pytest.raises(ValueError, match="There is no tracker 'chalkboard'; choose all .* or one of .*tensorboard"):
        make_accelerator(log_with="chalkboard")


@pytest.mark.parametrize("log_with", ["tensorboard", "all"])
def test_a_tracker_that_is_not_installed_is_told_and_not_passed_over(monkeypatch, log_with):
    monkeypatch.setattr("wise_hf.training.processes.get_available_trackers", lambda: [])
    with pytest.raises(ImportError, match=f"--log_with {log_with} needs .*, which is not installed"):
        make_accelerator(log_with=log_with)


def test_without_a_tracker_nothing_is_looked_for(monkeypatch):
    monkeypatch.setattr(tracking, "LOGGER_TYPE_TO_CLASS", {})
    assert make_accelerator().log_with == []


@pytest.mark.skipif(torch.accelerator.is_available(), reason="on a GPU threads are left as they are")
def test_training_without_a_gpu_runs_on_one_thread():
    with threadpool_limits(2, "blas"):
        make_accelerator()
        assert torch.get_num_threads() == 1
        assert {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"} == {1}
