"""One thread: WISE's operations are so small that more threads cost more than they bring, and many times as much where
another program runs beside them."""

import contextlib
import os
import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import torch
from threadpoolctl import ThreadpoolController, threadpool_limits


TOLD = "OMP_NUM_THREADS"


def use_one_thread() -> None:
    """Let this process, and those that it starts, compute in one thread each, unless OMP_NUM_THREADS tells otherwise.

    For commands and servers, whose process is their own; `one_thread` is for the process of somebody else. Speech
    encoders and recognisers, too, then take one: set OMP_NUM_THREADS where they should have more.
    """
    if TOLD not in os.environ:
        os.environ[TOLD] = "1"
        torch.set_num_threads(1)
        threadpool_limits(1)


class _Callers:
    """Those who are inside `one_thread`, in any thread of the process."""

    turn, count = threading.Lock(), 0
    first: tuple[int, Any]  # the numbers before the first came in


_here = threading.local()


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute in the calling thread, and leave the process its numbers of threads; also a decorator.

    It is for WISE's own operations. A speech encoder, or a recogniser, is large enough to use all threads.
    """
    if getattr(_here, "is_inside", False):
        yield
        return
    with _Callers.turn:
        before = torch.get_num_threads(), _libraries().limit(limits=1, user_api="blas")
        torch.set_num_threads(1)
        _Callers.first = _Callers.first if _Callers.count else before
        _Callers.count, _here.is_inside = _Callers.count + 1, True
    try:
        yield
    finally:
        with _Callers.turn:
            _Callers.count, _here.is_inside = _Callers.count - 1, False
            # Each sets BLAS back, too: OpenBLAS 0.3.30 lets only the thread that set a number change it. The others
            # came in while the numbers were 1 already.
            (before if _Callers.count else _Callers.first)[1].restore_original_limits()
            torch.set_num_threads(_Callers.first[0])


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()  # it looks through all libraries of the process
