"""Shards on a cluster, by Ray Data (`pip install 'wise_hf[ray]'`)."""

import importlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from wise_hf.many_files.emotion_of_files import EmotionOfFiles
from wise_hf.many_files.local import in_order
from wise_hf.many_files.workers import Workers


def tables_on_ray(
    emotion: EmotionOfFiles, shards: Mapping[int, Sequence[dict]], num_proc: int, address: str | None = None
) -> Iterator[tuple[int, pa.Table]]:
    """Classify the files of shards on a cluster, whose machines must all see the files and the model at their paths.

    Args:
        emotion: what is done.
        shards: the files of each, by its number.
        num_proc: how many processes in the cluster, each with a CPU.
        address: of the cluster; `None` = the one that the environment or `ray.init` names, else one on this machine.

    Yields:
        The number of a shard, and its rows in the order of its files.

    Raises:
        ImportError: Ray is not installed.
        ValueError: there is no cluster at the address, or it fails.
    """
    ray = _connected(address)
    asked = [{"number": number, "files": json.dumps(list(files))} for number, files in shards.items()]
    given = ray.data.from_items(asked, override_num_blocks=len(asked))
    done = given.map(
        ShardOnRay, fn_constructor_args=(emotion, Path.cwd()), concurrency=min(num_proc, len(asked)), num_cpus=1
    )
    try:
        for row in done.iter_rows():
            yield row["number"], pa.ipc.open_stream(row["table"]).read_all()
    except ray.exceptions.RayError as error:
        told = str(error).strip().splitlines()[-1]
        raise ValueError(f"The cluster has given up ({told}); the same command goes on from here.") from error


class ShardOnRay:
    """What a process of the cluster does with a shard; a process of its own reads the files, and may be killed.

    Args:
        emotion: see `tables_on_ray`.
        folder: in which relative paths begin.
    """

    def __init__(self, emotion: EmotionOfFiles, folder: Path):
        os.chdir(folder)
        self._workers = Workers(emotion)

    def __call__(self, row: dict) -> dict:
        """A shard's files to its rows, as Arrow writes them."""
        table = in_order(dict(self._workers.tables(json.loads(row["files"]))))
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return {"number": row["number"], "table": sink.getvalue().to_pybytes()}


def _connected(address: str | None):
    try:
        ray = importlib.import_module("ray")
        importlib.import_module("ray.data")
    except ImportError as error:
        raise ImportError("--runner ray needs Ray: pip install 'wise_hf[ray]'") from error
    if address is not None or not ray.is_initialized():
        try:
            ray.init(address, ignore_reinit_error=True)
        except ConnectionError as error:
            raise ValueError(f"There is no Ray cluster at {address} ({error}).") from error
    return ray
