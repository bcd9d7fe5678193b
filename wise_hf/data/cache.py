"""Finished work is kept: a map over a corpus is cached chunk by chunk, so that a kill costs one chunk at most."""

import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import datasets
from datasets import Dataset, Features, concatenate_datasets, load_from_disk


CHUNK_ROWS = 500


def cached_map(
    dataset: Dataset,
    function: Callable[..., dict],
    features: Features,
    made_by: Sequence[ModuleType],
    settings: Mapping[str, object],
    num_proc: int | None = None,
    desc: str = "",
    made_from: Callable[[str], Sequence[Path]] = lambda audio: (),
    **fn_kwargs: object,
) -> Dataset:
    """
    `dataset.map`, whose results outlive the process (those of a dataset made in memory do not by themselves).

    A chunk is made anew when its rows, its recordings and their files (size and time of change), the settings or the
    code changed.

    Args:
        dataset: utterances with the column `audio`.
        function: gives the new columns of a row.
        features: of the result.
        made_by: the modules that the function calls; their code and its own decide on the result.
        settings: what else decides on it.
        num_proc: processes; `None` = this one.
        desc: what the progress bar says.
        made_from: further files that a row is made from, by the path of its recording.
        fn_kwargs: further arguments of the function.
    """
    modules = [sys.modules[function.__module__], *made_by]
    code = [hashlib.sha256(Path(module.__file__).read_bytes()).hexdigest() for module in modules]
    chunks = []
    for start in range(0, len(dataset), CHUNK_ROWS):
        rows = dataset.select(range(start, min(start + CHUNK_ROWS, len(dataset))))
        files = [path for audio in rows["audio"] for path in (Path(audio), *made_from(audio))]
        decided_by = [function.__qualname__, code, str(features), dict(settings), [_state(path) for path in files]]
        folder = _cache_folder(rows, decided_by)
        if not folder.is_dir():
            told = f"{desc} {start + 1}-{start + len(rows)} of {len(dataset)}"
            _make(rows, folder, num_proc, function=function, fn_kwargs=fn_kwargs, features=features, desc=told)
        chunks.append(load_from_disk(folder))
    return concatenate_datasets(chunks)


def _make(rows: Dataset, folder: Path, num_proc: int | None, **options: object) -> None:
    """Map without the cache of `datasets`, which knows a function by its name and not by its code."""
    processes = None if num_proc in (None, 1) else min(num_proc, len(rows))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch, _workers_deaf_to_interrupts():
        made = rows.map(
            num_proc=processes, cache_file_name=f"{scratch}/made.arrow", load_from_cache_file=False, **options
        )
        save_whole(made, folder)


@contextmanager
def _workers_deaf_to_interrupts() -> Iterator[None]:
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


def _cache_folder(rows: Dataset, decided_by: object) -> Path:
    told = json.dumps([decided_by, rows.to_list()], sort_keys=True)
    return Path(datasets.config.HF_DATASETS_CACHE) / "wise_hf" / hashlib.sha256(told.encode()).hexdigest()[:32]


def _state(path: Path) -> list[int] | None:
    """What changes when a file does; `None` where there is none."""
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return [state.st_size, state.st_mtime_ns]


def save_whole(dataset: Dataset, output_dir: str | Path) -> None:
    """
    Keep a dataset as a folder, written beside it first, so that nothing half-written ever has its name.

    Raises:
        ValueError: for a folder that cannot be written, or that holds something else.
    """
    target = Path(output_dir)
    check_replaceable(target)
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.unfinished")
    try:
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_to_disk(unfinished)
        shutil.rmtree(target, ignore_errors=True)
        unfinished.rename(target)
    except OSError as error:
        raise ValueError(f"{target} cannot be written ({error}); give another output folder.") from error


def check_replaceable(folder: Path) -> None:
    """
    Never write over what is not a saved dataset.

    Raises:
        ValueError: for a file, or a folder that holds something else.
    """
    is_used = folder.is_file() or (folder.is_dir() and any(folder.iterdir()))
    if is_used and not (folder / "dataset_info.json").is_file():
        raise ValueError(f"{folder} holds something else than a prepared corpus; give another output folder.")
