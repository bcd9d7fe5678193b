"""Several trainings at a time, each in a process of its own."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.queues import SimpleQueue
from typing import TypeVar

import torch
from accelerate import Accelerator, DistributedType
from tqdm.auto import tqdm

from wise_hf.training.processes import quieten_libraries, train_on_one_thread
from wise_hf.training.system import Log, log_nothing


Job = TypeVar("Job")
RunAll = Callable[[Callable[..., object], Sequence[Job]], Iterator[None]]

SPAWN = get_context("spawn")  # a forked process can use neither a GPU nor the threads of torch
LISTEN_S = 0.5
KILLED = (
    "A process that trained ended at once. If there is too little memory for {} at a time, give fewer --jobs; a "
    "script must call train under `if __name__ == '__main__':`."
)

_to_parent: list[SimpleQueue] = []  # in a process that trains
_given: list[object] = []  # there, too: what its jobs are done with


def num_trainings_at_a_time(asked: int | None, accelerator: Accelerator) -> int:
    """As asked for; else one for each core, but one where there is a GPU, or accelerate has processes of its own.

    Raises:
        ValueError: several are asked for where accelerate has processes of its own.
    """
    is_shared = accelerator.distributed_type != DistributedType.NO
    if asked is None:
        return 1 if is_shared or torch.accelerator.is_available() else num_cores()
    if asked > 1 and is_shared:
        raise ValueError("--jobs starts processes of its own; give it, or several processes of accelerate.")
    return asked


def num_cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def training_processes(num_workers: int, *given: object, log: Log = log_nothing) -> Iterator[RunAll]:
    """Processes that train, until the block ends; an error in one, or Ctrl-C, ends all of them at once.

    Args:
        num_workers: how many.
        given: the first arguments of whatever they do; each process gets them once.
        log: called here with what a process gives `log_to_parent`.

    Yields:
        Called with what is to be done, and the jobs that it is to be done on, it yields whenever one is done.

    Raises:
        ValueError: a process was killed, which tells what to do.
    """
    others, told = active_children(), SPAWN.SimpleQueue()
    pool = ProcessPoolExecutor(num_workers, SPAWN, _start_process, (told, given))
    try:
        yield partial(_run_all, pool, told, log)
    except BaseException as error:
        for process in set(active_children()) - set(others):
            process.kill()
        if isinstance(error, BrokenProcessPool):
            raise ValueError(KILLED.format(num_workers)) from error
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _run_all(
    pool: ProcessPoolExecutor, told: SimpleQueue, log: Log, work: Callable[..., object], jobs: Sequence[Job]
) -> Iterator[None]:
    running = {pool.submit(_do, work, job) for job in jobs}
    while running:
        done, running = wait_for(running, LISTEN_S, FIRST_COMPLETED)
        while not told.empty():
            log(*told.get())
        for each in done:
            each.result()
            yield


def _do(work: Callable[..., object], job: Job) -> None:
    work(*_given, job)


def _start_process(to_parent: SimpleQueue, given: Sequence[object]) -> None:
    """End this process on Ctrl-C, or with the process that started it."""
    quieten_libraries()
    train_on_one_thread()
    _given.extend(given)
    tqdm.set_lock(threading.RLock())  # a killed process would leave tqdm's own behind
    _to_parent.append(to_parent)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    wait([parent_process().sentinel])
    os._exit(1)


def log_to_parent(figures: dict[str, float], epoch: int) -> None:
    """Give figures to the `log` of the process that started this one."""
    _to_parent[0].put((figures, epoch))
