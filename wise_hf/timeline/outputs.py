"""The files of a timeline: the rows, and what is made of them."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from wise_hf.data.files import written_whole
from wise_hf.timeline.flat_tables import write_csv, write_parquet
from wise_hf.timeline.picture import write_picture
from wise_hf.timeline.rows import Row, write_rows
from wise_hf.timeline.rttm import write_rttm
from wise_hf.timeline.subtitles import write_srt, write_vtt
from wise_hf.timeline.text_grid import write_text_grid


logger = logging.getLogger(__name__)

# By the ending of the file's name; "jsonl" is always written.
FORMATS = {
    "csv": write_csv,
    "parquet": write_parquet,
    "srt": write_srt,
    "vtt": write_vtt,
    "rttm": write_rttm,
    "TextGrid": write_text_grid,
    "png": write_picture,
}


def write_outputs(rows: Iterable[Row], folder: Path, formats: Sequence[str] = tuple(FORMATS)) -> None:
    """Write a recording's rows as they come, and all formats when they are complete; tell what was left out.

    Args:
        rows: of a recording.
        folder: its own; its name is that of the files. It is replaced when all is written, and stays as it was where
            anything fails.
        formats: names of `FORMATS`.

    Raises:
        ValueError: where it cannot be written.
    """
    summary = Summary()
    with written_whole(folder) as unfinished:
        unfinished.mkdir()
        master = unfinished / f"{folder.name}.jsonl"
        write_rows(master, summary.counted(rows))
        for name in formats:
            FORMATS[name](master, unfinished / f"{folder.name}.{name}")
    logger.info("%s: %s", folder, summary.told())


class Summary:
    """How much of a recording was classified and left out, and why."""

    def __init__(self) -> None:
        self._segments, self._heard_s = 0, 0.0
        self._left_out_s: Counter[str] = Counter()

    def counted(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows, counted as they pass."""
        for row in rows:
            duration_s = row["end_s"] - row["start_s"]
            if row["row"] == "segment":
                self._segments, self._heard_s = self._segments + 1, self._heard_s + duration_s
            elif row["row"] == "left_out":
                self._left_out_s[row["reason"]] += duration_s
            yield row

    def told(self) -> str:
        """All of it in a sentence."""
        left_out_s = self._left_out_s.total()
        reasons = "; ".join(f"{seconds:.1f} s: {reason}" for reason, seconds in self._left_out_s.most_common())
        segments = "1 segment" if self._segments == 1 else f"{self._segments} segments"
        return f"{segments}; {left_out_s:.1f} s of {self._heard_s + left_out_s:.1f} s left out" + (
            f" ({reasons})" if reasons else ""
        )
