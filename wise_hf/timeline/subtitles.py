"""A timeline as subtitles, the emotion as a field of its own: SubRip and WebVTT."""

import html
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, groupby
from pathlib import Path

from wise_hf.model.visualization import emotion_color
from wise_hf.timeline.rows import SegmentRow, WordRow, read_rows


MOST_LETTERS, LONGEST_S = 84, 7.0  # two lines of a subtitle, and how long they usually stay


@dataclass(frozen=True)
class Cue:
    """What is shown at once: a segment, or some words of one that is too long to read."""

    start_s: float
    end_s: float
    text: str
    segment: SegmentRow
    number: int  # of the segment's cues, from 0


def write_srt(rows: Path, path: Path) -> None:
    """Write a timeline as SubRip: `[angry] channel 0: what is said`.

    Args:
        rows: JSON lines of `write_rows`.
        path: the file.
    """
    with path.open("w", encoding="utf-8") as file:
        for number, cue in enumerate(_cues(rows), 1):
            who = "" if cue.segment["speaker"] is None else f"{cue.segment['speaker']}: "
            times = f"{_clock(cue.start_s)} --> {_clock(cue.end_s)}".replace(".", ",")
            file.write(f"{number}\n{times}\n[{cue.segment['emotion']}] {who}{cue.text}\n\n")


def write_vtt(rows: Path, path: Path) -> None:
    """Write a timeline as WebVTT: speakers as voices, emotions as classes with colours, probabilities in notes.

    Args:
        rows: see `write_srt`.
        path: the file.
    """
    cues = _cues(rows)
    emotions = sorted({cue.segment["emotion"] for cue in cues})
    styles = [f"::cue(.{_class(emotion)}) {{ color: {emotion_color(emotion)} }}" for emotion in emotions]
    with path.open("w", encoding="utf-8") as file:
        file.write("\n".join(["WEBVTT", *(["", "STYLE", *styles] if styles else [])]) + "\n\n")
        for cue in cues:
            file.write("\n\n".join([*_notes(cue), _vtt_cue(cue)]) + "\n\n")


def _vtt_cue(cue: Cue) -> str:
    text = f"<c.{_class(cue.segment['emotion'])}>{html.escape(cue.text, quote=False)}</c>"
    if cue.segment["speaker"] is not None:
        text = f"<v {html.escape(cue.segment['speaker'], quote=False)}>{text}</v>"
    name = f"{cue.segment['segment']}.{cue.number}"
    return f"{name}\n{_clock(cue.start_s)} --> {_clock(cue.end_s)}\n{text}"


def _notes(cue: Cue) -> list[str]:
    told = {name: cue.segment[name] for name in ("segment", "channel", "emotion", "probabilities")}
    return [] if cue.number else [f"NOTE {json.dumps(told)}".replace(">", r"\u003e")]


def _class(emotion: str) -> str:
    return re.sub(r"\W+", "-", emotion)


def _clock(time_s: float) -> str:
    minutes, milliseconds = divmod(round(time_s * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds / 1000:06.3f}"


def _cues(rows: Path) -> list[Cue]:
    """All cues in the order of time."""
    found, segment, words = [], None, []
    for row in read_rows(rows):
        if row["row"] == "segment":
            found += _cues_of(segment, words)
            segment, words = row, []
        elif row["row"] == "word":
            words.append(row)
    return sorted([*found, *_cues_of(segment, words)], key=lambda cue: cue.start_s)


def _cues_of(segment: SegmentRow | None, words: list[WordRow]) -> Iterator[Cue]:
    if segment is None:
        return
    if not words:
        yield Cue(segment["start_s"], segment["end_s"], segment["text"], segment, 0)
        return
    written = segment["text"].split()
    if len(written) != len(words):  # else with its punctuation
        written = [word["text"] for word in words]
    for number, part in enumerate(_readable_parts(words, written)):
        text = " ".join(written[index] for index in part)
        yield Cue(words[part[0]]["start_s"], words[part[-1]]["end_s"], text, segment, number)


def _readable_parts(words: list[WordRow], written: list[str]) -> list[list[int]]:
    """The numbers of a segment's words, in parts about as long as each other."""
    ends = list(accumulate(len(word) + 1 for word in written))
    duration_s = words[-1]["end_s"] - words[0]["start_s"]
    num_parts = max(math.ceil(ends[-1] / MOST_LETTERS), math.ceil(duration_s / LONGEST_S), 1)
    middles = [end - (len(word) + 1) / 2 for word, end in zip(written, ends, strict=True)]
    parts = groupby(range(len(words)), lambda index: int(middles[index] * num_parts / ends[-1]))
    return [list(part) for _, part in parts]
