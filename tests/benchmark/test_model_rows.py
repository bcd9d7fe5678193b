"""The model against the straightforward implementation."""

import time

import pytest
import torch
from model_inputs import tiny_config

from wise_hf.benchmark.measurement import NotHere
from wise_hf.benchmark.model_rows import (
    both_ways,
    compare_bytes,
    compare_forward,
    compare_on_gpu,
    compare_step,
    forward_pass,
    kernel_times_s,
)


TINY = {"config": tiny_config(feature_size=39), "utterances": 2}


def test_the_ragged_batch_is_smaller():
    (measured,) = compare_bytes(**TINY)
    assert measured.ratio > 10
    assert measured.unit == "bytes"


def test_forward_and_step_are_compared(setting):
    for compare, name in ((compare_forward, "forward pass"), (compare_step, "training step")):
        (measured,) = compare(setting, max_words=48, **TINY)
        assert measured.name == name
        assert measured.ours > 0 and measured.theirs > 0


def test_both_ways_compute_the_same():
    ours, theirs = both_ways(forward_pass, **TINY)
    torch.testing.assert_close(ours().logits, theirs()[1])


def test_gpu_rows_need_a_gpu(setting):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(NotHere, match="no GPU here"):
        compare_on_gpu(setting, **TINY)


def test_gpu_rows_are_measured_in_both_precisions(setting):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    measured = compare_on_gpu(setting, device, seconds=0.0, max_words=48, **TINY)
    names = [each.name for each in measured]
    assert len(set(names)) == len(names) == 2 * 2 * 3
    shares = [each.ratio for each in measured if "kernels" in each.name]
    assert all(0 < share <= 1 for share in shares)


def test_the_time_of_operations_is_told():
    a = torch.rand(300, 300)
    times = kernel_times_s(lambda: a @ a)
    assert max(times) > 0


def test_what_stands_around_operations_is_none():
    def run():
        with torch.profiler.record_function("around it all"):
            torch.rand(10).sum()
            time.sleep(0.05)

    assert max(kernel_times_s(run)) < 0.05
