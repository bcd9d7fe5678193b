"""Which emotion a recording has from when to when, as a person labelled it: `spans.csv` beside the recordings."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path

from wise_hf.data.files import written_whole


SPANS_FILE = "spans.csv"


@dataclass(frozen=True)
class Span:
    """A stretch of a recording that has one emotion.

    Args:
        start_s, end_s: in seconds of the recording; the end is after the start.
        emotion: its label.
        channel: the channel that was labelled, from 0; `None` = the recording as a whole.
        speaker: who speaks, where known.
    """

    start_s: float
    end_s: float
    emotion: str
    channel: int | None = None
    speaker: str | None = None


COLUMNS = ("file_name", *(field.name for field in fields(Span)))
REQUIRED = COLUMNS[:4]


def read_spans(folder: Path, label_map: Mapping[str, str] | None = None) -> dict[str, list[Span]]:
    """Read `spans.csv`: a line for each span, with `file_name`, `start_s`, `end_s` and `emotion`.

    Args:
        folder: holds it, and the recordings that it names.
        label_map: emotions to read as others, e.g. `{"calm": "neutral"}`.

    Returns:
        The spans of each recording by its name, in the order of the file.

    Raises:
        ValueError: naming the file and line, for what cannot be read; for spans of a recording that overlap in a
            channel, or of which only some name their channel.
    """
    path = folder / SPANS_FILE
    if not path.is_file():
        raise ValueError(f"{path} is not there; write one with the columns {', '.join(REQUIRED)}.")
    spans = defaultdict(list)
    try:
        for line, row in _rows(path):
            name, span = _read_row(row, f"{path}, line {line}", label_map or {})
            spans[name].append(span)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} cannot be read ({error}); save it as comma-separated values in UTF-8.") from error
    if not spans:
        raise ValueError(f"{path} has no spans; write a line for each.")
    for name, its in spans.items():
        _check_channels(f"{path}: {name}", its)
    return dict(spans)


def write_spans(folder: Path, spans: Mapping[str, Iterable[Span]]) -> None:
    """Write `spans.csv`; see `read_spans`. Times keep seven digits, in which a sample at 16 kHz is exact."""
    with written_whole(folder / SPANS_FILE) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for name, its in spans.items():
            for span in its:
                times = {key: f"{getattr(span, key):.7f}" for key in ("start_s", "end_s")}
                writer.writerow({"file_name": name} | asdict(span) | times)


def spans_by_channel(spans: Sequence[Span]) -> dict[int | None, list[Span]]:
    """The spans of a recording by their channel."""
    by_channel = defaultdict(list)
    for span in spans:
        by_channel[span.channel].append(span)
    return dict(by_channel)


def _rows(path: Path) -> Iterator[tuple[int, dict]]:
    """Each line's number and its values."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"{path} has no column {', '.join(missing)}; its first line names the columns.")
        yield from ((reader.line_num, row) for row in reader)


def _read_row(row: Mapping[str, str | None], where: str, label_map: Mapping[str, str]) -> tuple[str, Span]:
    given = {name: (row.get(name) or "").strip() for name in COLUMNS}
    try:
        start_s, end_s = float(given["start_s"]), float(given["end_s"])
        channel = int(given["channel"]) if given["channel"] else None
    except ValueError:  # which quotes the value, in a shifted row anything
        raise ValueError(f"{where}: a value is no number; give times in seconds, and channels from 0.") from None
    if not 0 <= start_s < end_s < float("inf"):
        raise ValueError(f"{where}: a span from {start_s} s to {end_s} s; it has to end after it starts.")
    if not given["file_name"] or not given["emotion"]:
        raise ValueError(f"{where}: file_name and emotion must both be filled in.")
    emotion = label_map.get(given["emotion"], given["emotion"])
    return given["file_name"], Span(start_s, end_s, emotion, channel, given["speaker"] or None)


def _check_channels(told: str, spans: Sequence[Span]) -> None:
    by_channel = spans_by_channel(spans)
    if None in by_channel and len(by_channel) > 1:
        raise ValueError(f"{told} has spans with and without a channel; name it in all of them, or in none.")
    for its in by_channel.values():
        for first, second in pairwise(sorted(its, key=lambda span: span.start_s)):
            if second.start_s < first.end_s:
                raise ValueError(
                    f"{told} has two spans at once, from {second.start_s} s on; give one emotion at a time, or name "
                    "the channels."
                )
