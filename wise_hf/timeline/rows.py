"""The rows of a timeline, from which all else is made: JSON lines, one object a row, all keys always there."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypedDict


class SegmentRow(TypedDict):
    """A piece of a recording that was classified; times in seconds of the file.

    `channel` is its number from 0, or `None` where all are heard as one; `segment` counts the segments of the file,
    from 0; `emotion` is the most probable class.
    """

    row: str
    file: str
    channel: int | None
    speaker: str | None
    segment: int
    start_s: float
    end_s: float
    text: str
    language: str | None
    alignment: str
    fit: float | None
    emotion: str
    probabilities: dict[str, float]
    warnings: list[str]


class WordRow(TypedDict):
    """A word of a segment, after whose row it comes; `word` counts the segment's words, from 0.

    `emotion` and `probabilities` are those of the segment's words up to and including this one; `None` where the model
    does not tell them. `attention` is `None` for a model without.
    """

    row: str
    file: str
    channel: int | None
    speaker: str | None
    segment: int
    word: int
    start_s: float
    end_s: float
    text: str
    attention: float | None
    confidence: float | None
    emotion: str | None
    probabilities: dict[str, float] | None


class LeftOutRow(TypedDict):
    """A stretch of a channel that was not classified, and why not. With the segments it covers the channel."""

    row: str
    file: str
    channel: int | None
    start_s: float
    end_s: float
    reason: str


Row = SegmentRow | WordRow | LeftOutRow

KINDS = {"segment": SegmentRow, "word": WordRow, "left_out": LeftOutRow}


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as they come, each a line.

    Args:
        path: the file.
        rows: in the order in which they are to be read.
    """
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file, one by one.

    Args:
        path: JSON lines of `write_rows`.

    Yields:
        Each row, with all the keys of its kind.

    Raises:
        ValueError: for a line that is no row, or lacks a key.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
                missing = KINDS[row["row"]].__annotations__.keys() - row.keys()
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise ValueError(
                    f"{path}, line {number} is no row of a timeline; give one as predict wrote it."
                ) from error
            if missing:
                raise ValueError(f"{path}, line {number} lacks {', '.join(sorted(missing))}; give all keys of a row.")
            yield row
