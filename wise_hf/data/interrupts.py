"""Ctrl-C while `datasets` maps with several processes."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def workers_deaf_to_interrupts() -> Iterator[None]:
    """Ctrl-C reaches a map's workers as well, and one that dies with the pool's lock in its hand leaves it hanging.

    What the map raises when it is interrupted (it may be a time-out) becomes the KeyboardInterrupt that it was.
    """
    if threading.current_thread() is not threading.main_thread():  # only there can signals be handled
        yield
        return
    own, interrupts = os.getpid(), []

    def interrupt(*_: object) -> None:
        if os.getpid() == own:
            interrupts.append(True)
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    except Exception:
        if interrupts:
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.signal(signal.SIGINT, before)
