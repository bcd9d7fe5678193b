"""A timeline as a TextGrid of Praat: tiers of segments, words, emotions and of what is left out."""

from collections import defaultdict
from pathlib import Path

from praatio import textgrid
from praatio.utilities.constants import Interval

from wise_hf.timeline.rows import Row, read_rows


TIERS = ("segments", "words", "emotions", "left out")


def write_text_grid(rows: Path, path: Path) -> None:
    """Write a timeline as a TextGrid, with tiers of their own for each channel.

    Args:
        rows: JSON lines of `write_rows`.
        path: the file.
    """
    found: dict[int | None, dict[str, list[Interval]]] = defaultdict(lambda: {tier: [] for tier in TIERS})
    for row in read_rows(rows):
        for tier, label in _labels(row).items():
            found[row["channel"]][tier].append(Interval(row["start_s"], row["end_s"], label))
    grid = textgrid.Textgrid()
    end_s = max((each.end for tiers in found.values() for entries in tiers.values() for each in entries), default=1e-3)
    for channel, tiers in found.items():
        for tier, entries in tiers.items():
            name = tier if channel is None else f"{tier} (channel {channel})"
            grid.addTier(textgrid.IntervalTier(name, entries, 0.0, end_s))
    grid.save(str(path), format="long_textgrid", includeBlankSpaces=True)


def _labels(row: Row) -> dict[str, str]:
    """What stands in which tier."""
    if row["row"] == "segment":
        return {"segments": row["text"], "emotions": row["emotion"]}
    return {"words": row["text"]} if row["row"] == "word" else {"left out": row["reason"]}
