"""What every process of a run sets up: its devices, and how much other libraries say."""

import logging

import datasets
import torch
import transformers
from accelerate import Accelerator


def make_accelerator(gradient_accumulation_steps: int = 1) -> Accelerator:
    """
    The accelerator that accelerate's own options and environment ask for.

    Without a GPU accelerate must be told so: else the processes that torchrun starts never find each other, and each
    trains, and writes, as if it were alone.

    Args:
        gradient_accumulation_steps: batches whose gradients make one step.
    """
    on_cpu = not torch.accelerator.is_available()
    if on_cpu:
        # WISE's operations are so small that threads cost more than they bring; accelerate launch asks for several.
        torch.set_num_threads(1)
    return Accelerator(cpu=on_cpu, gradient_accumulation_steps=gradient_accumulation_steps)


def quieten_libraries() -> None:
    """Leave the screen to what this package has to say."""
    for noisy in ("httpx", "httpcore", "httpx2", "httpcore2", "filelock", "fsspec", "matplotlib", "accelerate"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.logging.set_verbosity_error()
