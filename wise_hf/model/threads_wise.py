"""One thread: WISE's operations are so small that more threads cost more than they bring, and many times as much where
another program runs beside them."""

import contextlib
import os
import threading
from collections.abc import Iterator
from functools import lru_cache

import torch
from threadpoolctl import ThreadpoolController, threadpool_limits


TOLD = "OMP_NUM_THREADS"


def use_one_thread() -> None:
    """Let this process, and those that it starts, compute in one thread each, unless OMP_NUM_THREADS tells otherwise.

    For commands and servers, whose process is their own; `one_thread` is for the process of somebody else.
    """
    if TOLD not in os.environ:
        os.environ[TOLD] = "1"
        torch.set_num_threads(1)
        threadpool_limits(1)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute in the calling thread, and leave the process its number of threads; also a decorator.

    It is for WISE's own operations. A speech encoder, or a recogniser, is large enough to use all threads.
    """
    torch.get_num_threads()  # a thread's first call sets its number, which must not come after the limit
    with _libraries().limit(limits=1, user_api="openmp"), _one_for_blas():
        yield


class _OneForBlas:
    """One thread for BLAS, whose number all threads of a process share: the last that leaves sets back the first."""

    _turn, _inside = threading.Lock(), 0

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        with self._turn:
            limit = _libraries().limit(limits=1, user_api="blas")
            self._first = self._first if self._inside else limit
            self._inside += 1
        try:
            yield
        finally:
            with self._turn:
                self._inside -= 1
                # Also one that is not the last: OpenBLAS 0.3.30 lets only the thread that set a number change it.
                (limit if self._inside else self._first).restore_original_limits()


_one_for_blas = _OneForBlas()


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()  # it looks through all libraries of the process
