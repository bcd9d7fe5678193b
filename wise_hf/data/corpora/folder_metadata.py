"""A metadata.csv as people and spreadsheets write it -> its rows, each with its line."""

import csv
import io
import logging
import re
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path


logger = logging.getLogger(__name__)

COLUMNS = ("file_name", "emotion", "text", "speaker", "session")
QUOTE_IT = "put double quotes round the whole text, and write a double quote inside it twice"

# The line that it starts in, its text, its values.
Record = tuple[int, str, list[str]]


def read_metadata(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Read a file with a line of column names, and a line for each recording.

    Names of columns may be written in any case, with blanks or hyphens; empty lines are passed over.

    Args:
        path: the file.

    Returns:
        For each recording its line and what it has in `COLUMNS`, without blanks around; other columns are left out.

    Raises:
        ValueError: naming the file and line, for anything that cannot be read without doubt.
    """
    records = _records(path, _read_text(path))
    columns = _columns(path, records[0][2] if records else [])
    rows = [(record[0], _row(path, columns, record)) for record in records[1:]]
    if not rows:
        raise ValueError(f"{path} names no recordings; write a line for each.")
    return rows


def _read_text(path: Path) -> str:
    if not path.parent.is_dir():
        raise ValueError(f"{path.parent} is not a folder; give the folder that holds metadata.csv.")
    if not path.is_file():
        raise ValueError(f"{path} is not there; write one with the columns file_name, emotion and, where known, text.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} cannot be read ({error}); save it as comma-separated values in UTF-8.") from error
    if "\0" in text:
        raise ValueError(f"{path} looks like UTF-16; save it as comma-separated values in UTF-8.")
    return text


def _records(path: Path, text: str) -> list[Record]:
    """What is not empty, the column names first."""
    lines = io.StringIO(text, newline="").readlines()
    header = next((line for line in lines if line.strip(" ,\r\n")), "")
    spaced = "," in header and not re.search(r",(?! )", header)  # a blank belongs to every comma
    reader = csv.reader(lines, strict=True, skipinitialspace=spaced)
    records, line = [], 1
    try:
        for values in reader:
            if any(value.strip() for value in values):
                records.append((line, "".join(lines[line - 1 : reader.line_num]), values))
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"{path}, line {line}: it cannot be read ({error}); {QUOTE_IT}.") from error
    return records


def _columns(path: Path, header: Sequence[str]) -> list[str]:
    """The names in the order of the file, those of `COLUMNS` as they are written there."""
    known = {name.replace("_", ""): name for name in COLUMNS}
    columns = [known.get(re.sub(r"[\s_-]", "", name).lower(), name.strip()) for name in header]
    missing = [name for name in COLUMNS[:2] if name not in columns]
    if missing:
        told = f"{path} has no column {' and no column '.join(missing)}"
        if len(columns) == 1 and any(separator in columns[0] for separator in ";\t"):
            raise ValueError(f"{told}: its values are separated by something else; save it with commas.")
        raise ValueError(f"{told}; its first line names the columns, with commas between them.")
    twice = [name for name in COLUMNS if columns.count(name) > 1]
    if twice:
        raise ValueError(f"{path} has {' and '.join(twice)} more than once; name each column once.")
    _tell_unused(path, columns)
    return columns


def _tell_unused(path: Path, columns: Sequence[str]) -> None:
    unused = [name for name in columns if name and name not in COLUMNS]
    if unused:
        logger.info("%s: not used are the columns %s.", path, ", ".join(unused))
    for name in unused:
        for near in get_close_matches(name.lower(), set(COLUMNS) - set(columns), n=1, cutoff=0.75):
            logger.warning("%s: the column '%s' is not used; if it is the %s, call it '%s'.", path, name, near, near)


def _row(path: Path, columns: Sequence[str], record: Record) -> dict[str, str]:
    line, written, values = record
    where = f"{path}, line {line}"
    if len(values) > len(columns) or any("\n" in value or "\r" in value for value in values):
        raise ValueError(f"{where}: a comma or quote too many; {QUOTE_IT}.")
    if len(values) < len(columns):
        raise ValueError(
            f"{where}: {len(values)} values for {len(columns)} columns; write a comma for each value that is unknown."
        )
    rest = _rest_of_a_text(columns, values, written)
    if rest is not None:
        raise ValueError(f"{where}: value {rest + 1} seems to be the rest of a text with a comma in it; {QUOTE_IT}.")
    return {name: value.strip() for name, value in zip(columns, values, strict=True) if name in COLUMNS}


def _rest_of_a_text(columns: Sequence[str], values: Sequence[str], written: str) -> int | None:
    """Which value is what a comma in a text without quotes shifted into the next column.

    It begins with a blank ("Well, no"), goes on with three digits ("1,000"), or fills a column without a name.
    """
    for number, (column, (text, rest)) in enumerate(zip(columns, pairwise(values), strict=False), 1):
        quoted = '"' + text.replace('"', '""') + '"'
        is_quoted = quoted in written or f'"{text}"' in written.replace('""', '"')
        if column in ("text", *set(columns).difference(COLUMNS)) and not is_quoted:
            is_number = re.search(r"\d$", text) and re.match(r"\d{3}(\D|$)", rest)
            if text and rest.strip() and (rest[0].isspace() or is_number):
                return number
    return next((number for number, name in enumerate(columns) if number and not name and values[number]), None)
