"""What every process of a run sets up: its devices, and how much other libraries say."""

import logging
from pathlib import Path

import datasets
import torch
import transformers
from accelerate import Accelerator
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, get_available_trackers
from accelerate.utils import DataLoaderConfiguration, LoggerType
from threadpoolctl import threadpool_limits


def make_accelerator(
    gradient_accumulation_steps: int = 1, log_with: str | None = None, logging_dir: Path | None = None
) -> Accelerator:
    """The accelerator that accelerate's own options and environment ask for.

    Without a GPU accelerate must be told so: else the processes that torchrun starts never find each other, and each
    trains, and writes, as if it were alone.

    Args:
        gradient_accumulation_steps: batches whose gradients make one step.
        log_with: a tracker of accelerate, e.g. `tensorboard`, or `all` that are installed; `None` = none.
        logging_dir: for trackers that write files.

    Raises:
        ValueError: for a tracker that accelerate does not have.
        ImportError: for one whose package is not installed.
    """
    on_cpu = not torch.accelerator.is_available()
    train_on_one_thread()
    if log_with is not None:
        check_tracker(log_with)
    return Accelerator(
        cpu=on_cpu,
        gradient_accumulation_steps=gradient_accumulation_steps,
        dataloader_config=DataLoaderConfiguration(non_blocking=not on_cpu),
        log_with=log_with,
        project_dir=logging_dir,
    )


def train_on_one_thread() -> None:
    """Without a GPU let this process compute in one thread from now on.

    WISE's operations, and those that make batches in NumPy, are so small that threads cost more than they bring;
    accelerate launch asks for several, by OMP_NUM_THREADS.
    """
    if not torch.accelerator.is_available():
        torch.set_num_threads(1)
        threadpool_limits(1, "blas")


def check_tracker(log_with: str) -> None:
    """Refuse a tracker that accelerate would pass over without a word.

    Raises:
        ValueError, ImportError: see `make_accelerator`.
    """
    if log_with not in ("all", *LOGGER_TYPE_TO_CLASS):
        known = ", ".join(LOGGER_TYPE_TO_CLASS)
        raise ValueError(f"There is no tracker '{log_with}'; choose all (that are installed) or one of {known}.")
    installed = get_available_trackers()
    needed = installed if log_with == "all" else [log_with]
    if not needed or any(name in LoggerType.list() and name not in installed for name in needed):
        package = "one of accelerate's trackers" if log_with == "all" else f"the package {log_with}"
        raise ImportError(f"--log_with {log_with} needs {package}, which is not installed: install it with pip.")


def quieten_libraries() -> None:
    """Leave the screen to what this package has to say."""
    for noisy in ("httpx", "httpcore", "httpx2", "httpcore2", "filelock", "fsspec", "matplotlib", "accelerate"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.logging.set_verbosity_error()
