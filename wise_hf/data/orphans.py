"""Forked processes end with the one that started them, also where that is killed; those of `datasets` would not."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


LOOK_S = 1.0

_parents: list[int] = []  # this process, while it may fork


@contextmanager
def none_left_behind() -> Iterator[None]:
    """Around work for which processes are forked."""
    _parents.append(os.getpid())
    try:
        yield
    finally:
        _parents.pop()


def _watch() -> None:
    """In a forked process, wait for the end of its parent in a thread."""
    if _parents:
        threading.Thread(target=_end_after, args=(_parents[-1],), daemon=True).start()
        _parents.clear()


def _end_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os._exit(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_watch)
