"""What a process of its own takes."""

import numpy as np
import pytest
import torch

from wise_hf.benchmark import own_process
from wise_hf.benchmark.measurement import NotHere
from wise_hf.benchmark.own_process import STATUS, peak_bytes, seconds_of


def take(megabytes):
    return np.ones(megabytes * 1_000_000, np.int8).sum()


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells the memory of a process")
def test_the_memory_is_that_of_a_process_that_does_nothing_else():
    held = torch.ones(100_000_000)  # 400 MB in this process
    little, much = peak_bytes(take, 1), peak_bytes(take, 100)
    assert much - little == pytest.approx(len(held), rel=0.3)


def test_without_linux_the_memory_is_not_told(monkeypatch, tmp_path):
    monkeypatch.setattr(own_process, "STATUS", tmp_path / "none")
    with pytest.raises(NotHere, match="only Linux"):
        peak_bytes(take, 1)


def test_only_the_timed_lines_count():
    sleep = "import time; time.sleep(float(sys.argv[1]))"
    assert seconds_of(sleep, "pass", 0.5) < 0.5
    assert seconds_of("", sleep, 0.05) >= 0.05


def test_what_fails_there_is_told():
    with pytest.raises(RuntimeError, match="no_such_package"):
        seconds_of("", "import no_such_package")
