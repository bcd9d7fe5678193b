"""A timeline as RTTM, the rich transcription time marks of NIST, with emotions in the place of names."""

from pathlib import Path

from wise_hf.timeline.rows import read_rows


def write_rttm(rows: Path, path: Path) -> None:
    """Write the segments of a timeline as RTTM, each with its emotion and the probability of it.

    Args:
        rows: JSON lines of `write_rows`.
        path: the file.
    """
    with path.open("w", encoding="utf-8") as file:
        for row in read_rows(rows):
            if row["row"] != "segment":
                continue
            name, emotion = ("_".join(text.split()) for text in (Path(row["file"]).stem, row["emotion"]))
            start_s, end_s = round(row["start_s"], 3), round(row["end_s"], 3)
            probability, channel = row["probabilities"][row["emotion"]], (row["channel"] or 0) + 1
            file.write(
                f"SPEAKER {name} {channel} {start_s:.3f} {end_s - start_s:.3f} <NA> <NA> {emotion} {probability:.3f} "
                "<NA>\n"
            )
