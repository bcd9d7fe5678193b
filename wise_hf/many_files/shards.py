"""Parquet shards of N files each; a rerun writes only those that are missing."""

import contextlib
import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wise_hf.data.files import check_writable, read_json_object, write_json, written_whole
from wise_hf.data.output_lock import only_writer


MANIFEST, ERRORS = "run.json", "errors.csv"


class Shards:
    """Files dealt into shards, always in the same way, and where the rows of each shard are written.

    Args:
        folder: of the output.
        files: what is known of each file.
        size: files in a shard.
    """

    def __init__(self, folder: Path, files: Sequence[dict], size: int):
        self._folder, self._files, self._size = folder, files, size
        self._count = -(-len(files) // size)

    @contextlib.contextmanager
    def opened(self, options: Mapping[str, object]) -> Iterator["Shards"]:
        """Keep others out of the folder, and go on with what is there.

        Args:
            options: what the rows depend on, beside the files.

        Raises:
            ValueError: the folder cannot be written, is in use, or has rows of other files or options.
        """
        with only_writer(self._folder, partial(check_writable, self._folder)):
            self._check_same(self._described(options))
            yield self

    def due(self) -> dict[int, Sequence[dict]]:
        """The files of each shard that is not there, by its number."""
        missing = [number for number in range(self._count) if not self._path(number).is_file()]
        return {number: self._files[number * self._size : (number + 1) * self._size] for number in missing}

    def write(self, number: int, rows: pa.Table) -> None:
        """Write the rows of a shard, whole or not at all.

        Args:
            number: of the shard, as in `due`.
            rows: of all its files.
        """
        with written_whole(self._path(number)) as unfinished:
            pq.write_table(rows, unfinished)

    def write_errors(self) -> int:
        """Write a list of the files that could not be used, where there are any.

        Returns:
            How many there are.
        """
        paths = [self._path(number) for number in range(self._count)]
        failed = [row for path in paths for row in _errors(path)]
        self.errors.unlink(missing_ok=True)
        if failed:
            with written_whole(self.errors) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([("file", "error"), *failed])
        return len(failed)

    @property
    def errors(self) -> Path:
        """The list of the files that could not be used."""
        return self._folder / ERRORS

    def _path(self, number: int) -> Path:
        return self._folder / "emotions" / f"part-{number:05d}-of-{self._count:05d}.parquet"

    def _described(self, options: Mapping[str, object]) -> dict[str, object]:
        digest = hashlib.sha256(json.dumps(list(self._files)).encode()).hexdigest()
        return {**options, "shard_size": self._size, "files": f"{len(self._files)}, SHA-256 {digest}"}

    def _check_same(self, described: dict[str, object]) -> None:
        """Refuse to mix rows; write down what these are of."""
        path = self._folder / MANIFEST
        if not path.is_file():
            write_json(path, described)
            return
        before = read_json_object(path, "give another --output")
        changed = [name for name in described.keys() | before.keys() if described.get(name) != before.get(name)]
        if changed:
            told = "; ".join(f"{name} {before.get(name)}, now {described.get(name)}" for name in sorted(changed))
            raise ValueError(
                f"{self._folder} was made with other options ({told}); repeat those, or give another --output."
            )


def _errors(path: Path) -> Iterator[tuple[str, str]]:
    table = pq.read_table(path, columns=["file", "error"])
    return ((row["file"], row["error"]) for row in table.to_pylist() if row["error"] is not None)
