"""A timeline as a table: CSV and Parquet, a line a row, a column for each class's probability."""

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wise_hf.timeline.rows import Row, read_rows


COLUMNS = {
    "row": pa.string(),
    "file": pa.string(),
    "channel": pa.int32(),
    "speaker": pa.string(),
    "segment": pa.int32(),
    "word": pa.int32(),
    "start_s": pa.float64(),
    "end_s": pa.float64(),
    "text": pa.string(),
    "language": pa.string(),
    "alignment": pa.string(),
    "fit": pa.float64(),
    "attention": pa.float64(),
    "confidence": pa.float64(),
    "emotion": pa.string(),
    "warnings": pa.list_(pa.string()),
    "reason": pa.string(),
}
BATCH_ROWS = 4096


def write_csv(rows: Path, path: Path) -> None:
    """Write a timeline as CSV, what a row does not have left empty.

    Args:
        rows: JSON lines of `write_rows`.
        path: the file.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _schema(rows).names)
        writer.writeheader()
        for row in _flat_rows(rows):
            writer.writerow(row | {"warnings": " ".join(row.get("warnings", []))})


def write_parquet(rows: Path, path: Path) -> None:
    """Write a timeline as Parquet, what a row does not have null; see `write_csv`."""
    schema = _schema(rows)
    flat = _flat_rows(rows)
    with pq.ParquetWriter(path, schema) as writer:
        while batch := list(islice(flat, BATCH_ROWS)):
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))


def _schema(rows: Path) -> pa.Schema:
    labels = next((row["probabilities"] for row in read_rows(rows) if row["row"] == "segment"), {})
    return pa.schema(COLUMNS | probability_columns(labels))


def probability_columns(labels: Iterable[str]) -> dict[str, pa.DataType]:
    """The names and types of the columns of the classes' probabilities."""
    return {_column(label): pa.float64() for label in sorted(labels)}


def _flat_rows(rows: Path) -> Iterator[dict]:
    return (flat_row(row) for row in read_rows(rows))


def flat_row(row: Row) -> dict:
    """A row with a column for each class's probability."""
    probabilities = row.get("probabilities") or {}
    kept = {name: value for name, value in row.items() if name != "probabilities"}
    return kept | {_column(label): value for label, value in probabilities.items()}


def _column(label: str) -> str:
    return f"probability_{label}"
