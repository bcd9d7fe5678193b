"""Forked processes end when they are told to, and with the one that started them; those of `datasets` would not.

They inherit a handler of SIGTERM, which Python calls once it is back from what it waits for: of a lock, perhaps never.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


LOOK_S = 1.0
TOLD = (signal.SIGTERM,)

_parents: list[int] = []  # this process, while it may fork


@contextmanager
def none_left_behind() -> Iterator[None]:
    """Around work for which processes are forked."""
    _parents.append(os.getpid())
    try:
        yield
    finally:
        _parents.pop()


def _block() -> None:
    """Before a fork: a SIGTERM that comes too early waits for the new process to be ready for it."""
    if _parents:
        signal.pthread_sigmask(signal.SIG_BLOCK, TOLD)


def _unblock() -> None:
    if _parents:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TOLD)


def _watch() -> None:
    """In a forked process, end by SIGTERM at once, and wait for the end of its parent in a thread."""
    if _parents:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _unblock()
        threading.Thread(target=_end_after, args=(_parents[-1],), daemon=True).start()
        _parents.clear()


def _end_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os._exit(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_block, after_in_parent=_unblock, after_in_child=_watch)
