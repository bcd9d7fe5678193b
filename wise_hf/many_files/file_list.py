"""Lists of files, as people and tools write them."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from wise_hf.many_files.emotion_of_files import GIVEN


TYPES = pa.schema(dict(zip(GIVEN, (pa.string(), pa.string(), pa.string(), pa.int64()), strict=True)))
# Where pyarrow quotes a row or a value, which may be what somebody said.


def read_file_list(path: Path) -> list[dict]:
    """Read which files are meant.

    Args:
        path: a table (.parquet, .csv, .jsonl) with a column `path` and, where known, `text`, `speaker` and `channel`
            as `EmotionOfFiles` takes them, or a text file (.txt) with a path a line. Paths are relative to the folder
            in which the command runs.

    Returns:
        What is known of each file, by column, in the order of the list.

    Raises:
        ValueError: it cannot be read, has no column `path`, or is empty.
    """
    read = READERS.get(path.suffix.lower())
    if not path.exists():
        raise ValueError(f"{path} is not there; give a folder, or a list of files ({', '.join(READERS)}).")
    if read is None or not path.is_file():
        raise ValueError(f"{path} is no list of files; give a folder, or a list ({', '.join(READERS)}).")
    try:
        table = read(path)
        names = [name for name in GIVEN if name in table.column_names]
        files = table.select(names).cast(pa.schema([TYPES.field(name) for name in names])).to_pylist()
    except (pa.ArrowException, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        row = re.search(r"\bRow #(\d+)", str(error))  # beside which pyarrow quotes what is in it
        told = f"{type(error).__name__}, row {row[1]}" if row else type(error).__name__
        raise ValueError(f"{path} cannot be read ({told}); write it anew.") from None
    if "path" not in names:
        raise ValueError(f"{path} has no column path; call one so (a .csv names its columns in the first line).")
    if not files:
        raise ValueError(f"{path} names no files; give at least one.")
    return files


def _read_csv(path: Path) -> pa.Table:
    return pa.csv.read_csv(
        path,
        read_options=pa.csv.ReadOptions(use_threads=False),  # or it does not tell the row of an error
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(column_types=TYPES, null_values=[""], strings_can_be_null=True),
    )


def _read_json_lines(path: Path) -> pa.Table:
    # Not by pyarrow's own reader, which crashes where a line is `null`.
    lines = path.read_text(encoding="utf-8-sig").split("\n")
    return pa.Table.from_pylist([dict(json.loads(line)) for line in lines if line.strip()], schema=TYPES)


def _read_lines(path: Path) -> pa.Table:
    lines = (line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines())
    return pa.table({"path": pa.array([line for line in lines if line], pa.string())})


READERS: dict[str, Callable[[Path], pa.Table]] = {
    ".parquet": pq.read_table,
    ".csv": _read_csv,
    ".jsonl": _read_json_lines,
    ".txt": _read_lines,
}
