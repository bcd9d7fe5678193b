"""Finished work is kept: what a map function made of a row is found again by what it was made from."""

import hashlib
import json
import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache, partial
from pathlib import Path

import datasets
import numpy as np
from datasets import Dataset, Features, Value, concatenate_datasets, load_from_disk
from datasets.fingerprint import Hasher

from wise_hf.data.code_state import code_state
from wise_hf.data.interrupts import workers_deaf_to_interrupts


logger = logging.getLogger(__name__)

CHUNK_ROWS = 500
KEY, REASON = "cache_key", "why_unusable"
_REASON = {REASON: Value("string")}


def cached_map(
    dataset: Dataset,
    function: Callable[..., dict],
    reads: Sequence[str],
    makes: Mapping[str, object],
    num_proc: int | None = None,
    desc: str = "",
    made_from: Callable[[str], Sequence[Path]] = lambda audio: (),
    **fn_kwargs: object,
) -> tuple[Dataset, dict[int, str]]:
    """
    `dataset.map` for map functions of recordings, whose results outlive the process.

    A row is made anew when what is in its recording or in the files beside it, a column that the function reads, an
    argument of the function or any code that it may run has changed; not when it is moved, renamed or labelled
    otherwise. A kill costs CHUNK_ROWS rows at most.

    Args:
        dataset: utterances with the column `audio`.
        function: gives the new columns of a row; those that it leaves out stay as they are.
        reads: the columns that the function is given, `audio` among them.
        makes: the `datasets` features of the columns that it gives.
        num_proc: processes; `None` = this one.
        desc: what the progress bar says.
        made_from: further files that a row is made from, by the path of its recording.
        fn_kwargs: further arguments of the function.

    Returns:
        The rows that the function could use, with the new columns; and, by the number of the row, why it could not use
        the others: its ValueError, which is kept as well, without the recording's path.
    """
    inputs = dataset.select_columns(list(reads)).with_format(None)
    keys = [_key(row, made_from) for row in inputs]
    store = _Store(_folder(function, makes, fn_kwargs), set(keys))
    missing = {key: row for row, key in enumerate(keys) if key not in store}
    work = partial(_make_row, function=function, makes=list(makes), fn_kwargs=fn_kwargs)
    for start in range(0, len(missing), CHUNK_ROWS):
        chunk = list(missing)[start : start + CHUNK_ROWS]
        rows = inputs.select([missing[key] for key in chunk])
        told = f"{desc} {start + 1}-{start + len(chunk)} of {len(missing)}"
        store.add(chunk, rows, function=work, features=Features(makes | _REASON), num_proc=num_proc, desc=told)
    reasons = {row: store.reasons[key] for row, key in enumerate(keys) if key in store.reasons}
    return _joined(dataset, store.take(keys, list(makes)), makes, reasons), reasons


def _joined(
    dataset: Dataset, made: Dataset | None, makes: Mapping[str, object], reasons: Mapping[int, str]
) -> Dataset:
    """The rows of a corpus with the new columns, without those that have none."""
    columns = [*dataset.column_names, *(name for name in makes if name not in dataset.column_names)]
    if made is None:
        return Dataset.from_dict({name: [] for name in columns}, features=Features(dataset.features | makes))
    kept = dataset.select_columns([name for name in dataset.column_names if name not in makes])
    kept = take_rows(kept, [row for row in range(len(dataset)) if row not in reasons])
    return concatenate_datasets([kept, made], axis=1).select_columns(columns)


def take_rows(dataset: Dataset, rows: Sequence[int]) -> Dataset:
    """Rows as slices that follow each other, so that files that are mapped into memory are neither read nor copied."""
    numbers = np.asarray(rows)
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) != 1) + 1)
    return concatenate_datasets([dataset.select(range(run[0], run[-1] + 1)) for run in runs])


def _folder(function: Callable, makes: Mapping[str, object], fn_kwargs: Mapping[str, object]) -> Path:
    """Where the results of a function with these arguments and this code are."""
    code = code_state(function, *fn_kwargs.values())
    decided_by = [Hasher.hash(function), Hasher.hash(fn_kwargs), str(makes), code]
    return Path(datasets.config.HF_DATASETS_CACHE) / "wise_hf" / _digest(json.dumps(decided_by).encode())


def _key(row: Mapping, made_from: Callable[[str], Sequence[Path]]) -> str:
    """What a row is known by: its values, with what its recording holds instead of where it is."""
    audio = Path(row["audio"])
    files = [audio.suffix.lower(), *(_content(path) for path in (audio, *made_from(row["audio"])))]
    values = {name: value for name, value in row.items() if name != "audio"}
    return _digest(json.dumps([files, values], sort_keys=True).encode())


def _digest(told: bytes) -> str:
    return hashlib.sha256(told).hexdigest()[:32]


def _content(path: Path) -> str | None:
    """What changes when a file's content does; `None` where it cannot be read."""
    try:
        state = path.stat()
        return _content_of(path, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    except OSError:
        return None


@cache
def _content_of(path: Path, *state: int) -> str:
    return _digest(path.read_bytes())


class _Store:
    """
    What was kept of a function: shards that are never changed, so that several processes may read and add at once.

    Args:
        folder: where they are.
        wanted: the keys of the rows to look for.

    Attributes:
        reasons: by key, why a row could not be used.
    """

    def __init__(self, folder: Path, wanted: Set[str]):
        self.folder = folder
        self.reasons: dict[str, str] = {}
        self._wanted = wanted
        self._shards: list[Dataset] = []
        self._places: dict[str, int] = {}  # in all shards, one after the other
        for path in sorted(folder.glob("*")):
            if not path.suffix:  # what is unfinished has one
                self._open(path)

    def __contains__(self, key: str) -> bool:
        return key in self._places or key in self.reasons

    def _open(self, path: Path) -> None:
        try:
            shard = load_from_disk(path)
            keys, reasons = shard[KEY][:], shard[REASON][:]
        except Exception as error:  # whatever it is, the rows can be made again
            logger.warning("%s is damaged (%s): what it held is made anew, and it may be removed.", path, error)
            return
        if self._wanted.isdisjoint(keys):
            return
        first = sum(map(len, self._shards))
        self._shards.append(shard)
        for row, (key, reason) in enumerate(zip(keys, reasons, strict=True)):
            if reason is None:
                self._places[key] = first + row
            else:
                self.reasons[key] = reason

    def add(self, keys: list[str], rows: Dataset, num_proc: int | None, **options: object) -> None:
        """
        Make a shard.

        Raises:
            ValueError: where it cannot be written.
        """
        path = self.folder / uuid.uuid4().hex
        processes = None if num_proc in (None, 1) else min(num_proc, len(rows))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # Without the cache of `datasets`, which knows a function by its name and not by its code.
            with tempfile.TemporaryDirectory(dir=self.folder, suffix=".unfinished") as scratch:
                options |= {"cache_file_name": f"{scratch}/made.arrow", "load_from_cache_file": False}
                with workers_deaf_to_interrupts():
                    made = rows.map(num_proc=processes, remove_columns=rows.column_names, **options)
                    _write_whole(made.add_column(KEY, keys), path)
        except OSError as error:
            raise ValueError(f"{self.folder} cannot be written ({error}); make room, or set HF_HOME.") from error
        self._open(path)

    def take(self, keys: Sequence[str], columns: Sequence[str]) -> Dataset | None:
        """What was made of some rows, without those that could not be used; `None` where that leaves no row."""
        places = [self._places[key] for key in keys if key not in self.reasons]
        return take_rows(concatenate_datasets(self._shards).select_columns(columns), places) if places else None


def _make_row(row: Mapping, function: Callable[..., dict], makes: Sequence[str], fn_kwargs: Mapping) -> dict:
    """The columns of a row, or why it has none."""
    try:
        made = {**row, **function(row, **fn_kwargs)}
    except ValueError as error:
        reason = str(error).removeprefix(f"{row['audio']}: ").replace(row["audio"], "the recording")
        return dict.fromkeys(makes) | {REASON: reason}
    return {name: made.get(name) for name in makes} | {REASON: None}


def save_whole(dataset: Dataset, output_dir: str | Path) -> None:
    """
    Keep a dataset as a folder, written beside it first, so that nothing half-written ever has its name.

    Raises:
        ValueError: for a folder that cannot be written, or that holds something else.
    """
    target = Path(output_dir)
    check_replaceable(target)
    try:
        _write_whole(dataset, target)
    except OSError as error:
        raise ValueError(f"{target} cannot be written ({error}); give another output folder.") from error


def _write_whole(dataset: Dataset, target: Path) -> None:
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.unfinished")
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_to_disk(unfinished)
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)


def check_replaceable(folder: Path) -> None:
    """
    Never write over what is not a saved dataset.

    Raises:
        ValueError: for a file, or a folder that holds something else.
    """
    is_used = folder.is_file() or (folder.is_dir() and any(folder.iterdir()))
    if is_used and not (folder / "dataset_info.json").is_file():
        raise ValueError(f"{folder} holds something else than a prepared corpus; give another output folder.")
