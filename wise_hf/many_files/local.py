"""Shards on the processes of one machine."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from wise_hf.many_files.emotion_of_files import EmotionOfFiles
from wise_hf.many_files.workers import Workers


def tables_of_shards(
    emotion: EmotionOfFiles, shards: Mapping[int, Sequence[dict]], num_proc: int
) -> Iterator[tuple[int, pa.Table]]:
    """Classify the files of shards.

    Every process takes the next file when it is done with one, so a killed command leaves one shard unfinished, or two
    at the border between them.

    Args:
        emotion: what is done.
        shards: the files of each, by its number.
        num_proc: how many processes.

    Yields:
        The number of a shard, and its rows in the order of its files.
    """
    files = [(number, file) for number, its_files in shards.items() for file in its_files]
    tables: dict[int, dict[int, pa.Table]] = defaultdict(dict)
    with Workers(emotion, min(num_proc, len(files))) as workers:
        for place, table in workers.tables([file for _, file in files]):
            number = files[place][0]
            tables[number][place] = table
            if len(tables[number]) == len(shards[number]):
                yield number, in_order(tables.pop(number))


def in_order(tables: Mapping[int, pa.Table]) -> pa.Table:
    """The rows of files, in the order of their numbers."""
    return pa.concat_tables([table for _, table in sorted(tables.items())])
