"""What is measured of a process that does nothing else."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch

from wise_hf.benchmark.measurement import NotHere


STATUS = Path("/proc/self/status")


def peak_bytes(run: Callable[..., object], *arguments: object) -> int:
    """The most memory that a process takes which does nothing but this, PyTorch and all.

    Args:
        run: a function that can be pickled.
        arguments: of it.

    Raises:
        NotHere: this is not Linux.
    """
    if not STATUS.exists():
        raise NotHere("only Linux tells the memory of a process")
    threads = torch.get_num_threads()
    with ProcessPoolExecutor(1, get_context("spawn"), torch.set_num_threads, (threads,)) as process:
        return process.submit(_run_and_tell, run, arguments).result()


def _run_and_tell(run: Callable[..., object], arguments: Sequence[object]) -> int:
    run(*arguments)
    # Not getrusage: its figure is inherited from the process that started this one.
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text())[1])


def seconds_of(before: str, timed: str, *arguments: object, threads: int = 1) -> float:
    """How much time passes while some code runs, and reads its files, in a Python of its own without a GPU.

    Args:
        before: lines that are not timed.
        timed: lines that are.
        arguments: what `sys.argv[1:]` is there.
        threads: of PyTorch.
    """
    code = f"import sys, time\n{before}\nstart_s = time.perf_counter()\n{timed}\nprint(time.perf_counter() - start_s)"
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment)
    if ended.returncode:
        raise RuntimeError(f"It failed in a process of its own: {ended.stderr.strip().splitlines()[-1:]}")
    return float(ended.stdout.split()[-1])
