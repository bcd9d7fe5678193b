"""Finished work is kept: what a map function made of a row is found again by what it was made from."""

import hashlib
import json
import logging
import os
import signal
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import datasets
import numpy as np
from datasets import Dataset, DatasetInfo, Features, Value, concatenate_datasets, load_from_disk
from datasets.fingerprint import Hasher
from datasets.table import InMemoryTable

from wise_hf.data.code_state import code_state
from wise_hf.data.files import written_whole
from wise_hf.data.orphans import none_left_behind
from wise_hf.data.output_lock import is_unused
from wise_hf.data.unusable import reason_of


logger = logging.getLogger(__name__)

CHUNK_ROWS = 500
ROWS_TOGETHER = 100  # what a function of many rows is given, all of which it may hold in memory
KEY, REASON = "cache_key", "why_unusable"


def of_many_rows(function: Callable[[list[dict]], list[dict | ValueError]]) -> Callable:
    """Marks a map function for `cached_map` that is given several rows and gives, for each, its columns or why not."""
    function.is_of_many_rows = True
    return function


def cached_map(
    dataset: Dataset,
    function: Callable[[Mapping], dict],
    reads: Sequence[str],
    makes: Mapping[str, object],
    num_proc: int | None = None,
    desc: str = "",
    made_from: Callable[[str], Sequence[Path]] = lambda audio: (),
) -> tuple[Dataset, dict[int, str]]:
    """`dataset.map` for map functions of recordings, whose results outlive the process.

    A row is made anew when what is in its recording or in the files beside it, a column that the function reads, an
    argument of the function (its `known_by`, where it has that) or any code that it may run has changed; not when it
    is moved, renamed or labelled otherwise. A kill costs CHUNK_ROWS rows at most.

    Args:
        dataset: utterances with the column `audio`.
        function: gives the new columns of a row; those that it leaves out stay as they are. A function of a module, or
            a partial of one; see also `of_many_rows`.
        reads: the columns that the function is given, `audio` among them.
        makes: the `datasets` features of the columns that it gives.
        num_proc: processes; `None` = this one.
        desc: what the progress bar says.
        made_from: further files that a row is made from, by the path of its recording.

    Returns:
        The rows that the function could use, with the new columns; and, by the number of the row, why it could not use
        the others: its ValueError, which is kept as well, without the recording's path.
    """
    inputs = dataset.select_columns(list(reads)).with_format(None)
    given = {name: feature for name, feature in inputs.features.items() if name != "audio"}
    features = Features(given | makes | {REASON: Value("string")})
    keys = list(_keys(inputs, made_from))
    store = _Store(_folder(function, features), set(keys))
    missing = {key: row for row, key in enumerate(keys) if key not in store}
    work = partial(_make_row, function=function, makes=list(makes))
    together = {}
    if getattr(getattr(function, "func", function), "is_of_many_rows", False):
        work = partial(_make_rows, function=function, makes=list(makes))
        together = {"batched": True, "batch_size": ROWS_TOGETHER}
    for start in range(0, len(missing), CHUNK_ROWS):
        chunk = list(missing)[start : start + CHUNK_ROWS]
        rows = inputs.select([missing[key] for key in chunk])
        told = f"{desc} {start + 1}-{start + len(chunk)} of {len(missing)}"
        store.add(chunk, rows, function=work, features=features, num_proc=num_proc, desc=told, **together)
    reasons = {row: store.reasons[key] for row, key in enumerate(keys) if key in store.reasons}
    own = dataset.select_columns([name for name in dataset.column_names if name not in features])
    made = _beside(own, keys, store) if store.places else _without_rows(Features(own.features | features))
    columns = [*dataset.column_names, *(name for name in makes if name not in dataset.column_names)]
    return made.select_columns(columns), reasons


def _beside(own: Dataset, keys: Sequence[str], store: "_Store") -> Dataset:
    """The rows of a corpus, with the kept columns of those that have some.

    What is kept stays in its files: the few other columns are put in the order of these, and both back by an index.
    """
    kept = store.all_rows()
    rows = [row for row, key in enumerate(keys) if key in store.places]
    places = [store.places[keys[row]] for row in rows]
    order = np.zeros(len(kept), np.int64)  # a kept row that is not asked for gets any
    order[places] = rows
    in_order = InMemoryTable(own.with_format("arrow")[:].take(order))
    return concatenate_datasets([Dataset(in_order, DatasetInfo(features=own.features)), kept], axis=1).select(places)


def _without_rows(features: Features) -> Dataset:
    return Dataset.from_dict({name: [] for name in features}, features=features)


def _folder(function: Callable, features: Features) -> Path:
    """Where the results of a function with these arguments and this code are."""
    keywords = getattr(function, "keywords", {})  # of a partial
    code = code_state(function, _make_row, *keywords.values())
    known_by = {name: getattr(value, "known_by", value) for name, value in keywords.items()}
    decided_by = [Hasher.hash((getattr(function, "func", function), known_by)), str(features), code]
    return Path(datasets.config.HF_DATASETS_CACHE) / "wise_hf" / _digest(json.dumps(decided_by).encode())


def _keys(rows: Dataset, made_from: Callable[[str], Sequence[Path]]) -> Iterator[str]:
    """What each row is known by: its values, with what its recording holds instead of where it is."""
    seen: Counter[str] = Counter()
    for row in rows:
        audio = row.pop("audio")
        files = [Path(audio).suffix.lower(), *(_content(path) for path in (Path(audio), *made_from(audio)))]
        key = _digest(json.dumps([files, row], sort_keys=True).encode())
        seen[key] += 1
        yield f"{key}-{seen[key]}"


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
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Store:
    """What was kept of a function: shards that are never changed, so that several processes may read and add at once.

    Args:
        folder: where they are.
        wanted: the keys of the rows to look for; a shard that has none of them is left alone.

    Attributes:
        places: by key, the row in all shards, one after the other.
        reasons: by key, why a row could not be used.
    """

    def __init__(self, folder: Path, wanted: Set[str]):
        self.places: dict[str, int] = {}
        self.reasons: dict[str, str] = {}
        self._folder = folder
        self._wanted = wanted
        self._shards: list[Dataset] = []
        for path in sorted(folder.glob("*")):
            if path.suffix:  # unfinished
                continue
            try:
                self._open(path)
            except Exception as error:  # whatever it is, the rows can be made again
                logger.warning("%s is damaged (%s): what it held is made anew, and it may be removed.", path, error)

    def __contains__(self, key: str) -> bool:
        return key in self.places or key in self.reasons

    def _open(self, path: Path) -> None:
        shard = load_from_disk(path)
        keys, reasons = shard[KEY][:], shard[REASON][:]
        if self._wanted.isdisjoint(keys):
            return
        first = sum(map(len, self._shards))
        self._shards.append(shard)
        for row, (key, reason) in enumerate(zip(keys, reasons, strict=True)):
            if reason is None:
                self.places.setdefault(key, first + row)
            else:
                self.reasons[key] = reason

    def all_rows(self) -> Dataset:
        """The kept columns of all shards, one after the other; nothing is read yet."""
        return concatenate_datasets(self._shards).remove_columns([KEY, REASON])

    def add(self, keys: list[str], rows: Dataset, num_proc: int | None, **options: object) -> None:
        """Make a shard.

        Raises:
            ValueError: where it cannot be written.
        """
        path = self._folder / f"{time.time_ns()}-{uuid.uuid4().hex}"  # so that they stay in order
        processes = min(num_proc or 1, len(rows))
        with (
            written_whole(path, "make room, or set HF_HOME") as unfinished,
            tempfile.TemporaryDirectory(dir=self._folder, suffix=".unfinished") as scratch,
            _workers_deaf_to_interrupts(),
            none_left_behind(),
        ):
            # Without the cache of `datasets`, which knows a function by its name and not by its code.
            options |= {"cache_file_name": f"{scratch}/made.arrow", "load_from_cache_file": False}
            if processes > 1:
                _check_temporary_files()
            made = rows.map(num_proc=processes if processes > 1 else None, remove_columns=["audio"], **options)
            made.add_column(KEY, keys).save_to_disk(unfinished)
        self._open(path)


def _check_temporary_files() -> None:
    """multiprocessing keeps its sockets there, and tells of it in a traceback of another process where it cannot."""
    try:
        with tempfile.TemporaryDirectory():
            pass
    except OSError as error:
        told = f"{tempfile.gettempdir()} cannot be written ({error.strerror}), and several processes need it"
        raise ValueError(f"{told}; make room there, set TMPDIR, or give --num_proc 1.") from error


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


def _make_row(row: Mapping, function: Callable[[Mapping], dict], makes: Sequence[str]) -> dict:
    """The columns of a row, or why it has none."""
    try:
        return _told(row, function(row), makes)
    except ValueError as error:
        return _told(row, error, makes)


def _make_rows(
    columns: Mapping[str, list], function: Callable[[list[dict]], list[dict | ValueError]], makes: Sequence[str]
) -> dict[str, list]:
    """The same of many rows, as columns."""
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    told = [_told(row, made, makes) for row, made in zip(rows, function(rows), strict=True)]
    return {name: [its[name] for its in told] for name in (*makes, REASON)}


def _told(row: Mapping, made: Mapping | ValueError, makes: Sequence[str]) -> dict:
    if isinstance(made, ValueError):
        return dict.fromkeys(makes) | {REASON: reason_of(made, row["audio"])}
    known = {**row, **made}
    return {name: known.get(name) for name in makes} | {REASON: None}


def save_whole(dataset: Dataset, output_dir: str | Path) -> None:
    """Keep a dataset as a folder.

    Raises:
        ValueError: for a folder that cannot be written, or that holds something else.
    """
    target = Path(output_dir)
    check_replaceable(target)
    with written_whole(target) as unfinished:
        dataset.save_to_disk(unfinished)


def check_replaceable(folder: Path) -> None:
    """Never write over what is not a saved dataset.

    Raises:
        ValueError: for a file, or a folder that holds something else.
    """
    if not is_unused(folder) and not (folder / "dataset_info.json").is_file():
        raise ValueError(f"{folder} holds something else than a prepared corpus; give another output folder.")
