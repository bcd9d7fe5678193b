"""After a fork, torch's thread pool exists only in the parent; waiting for it deadlocks."""

import os

import torch


_STARTED_AS = os.getpid()


def is_forked() -> bool:
    """Whether this process was forked after this module was loaded."""
    return os.getpid() != _STARTED_AS


def use_own_thread() -> None:
    """Let torch compute in the thread that asks for it, where this process is forked."""
    if is_forked():
        torch.set_num_threads(1)
