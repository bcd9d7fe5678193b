"""The picture of a timeline: the emotion of each channel over time, in lines of some minutes."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MultipleLocator

from wise_hf.model.visualization import (
    EMOTION_COLORS,
    FAINT,
    INK,
    SOFT_INK,
    WIDTH_IN,
    add_axes,
    draw_title,
    emotion_color,
    new_figure,
    save_figure,
)
from wise_hf.timeline.rows import LeftOutRow, SegmentRow, read_rows


LINE_S = (30, 60, 120, 300, 600, 1200, 1800, 3600)  # lengths of a line
MOST_LINES = 15
TICKS_A_LINE = 10

# Inches.
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.95, 0.3, 1.0, 0.15
_BAND, _STRIP, _TIME_AXIS, _BETWEEN_BANDS = 0.42, 0.08, 0.36, 0.06


def write_picture(rows: Path, path: Path) -> None:
    """Draw a timeline as PNG.

    Args:
        rows: JSON lines of `write_rows`.
        path: the file.
    """
    save_figure(plot_timeline([row for row in read_rows(rows) if row["row"] != "word"]), path)


def plot_timeline(rows: Sequence[SegmentRow | LeftOutRow]) -> Figure:
    """Draws the probabilities of the emotions over time, and beneath them the most probable one.

    Args:
        rows: segments and what is left out of one recording.

    Returns:
        The figure, 12 inches wide; see `save_figure`.
    """
    channels = defaultdict(list)
    for row in rows:
        channels[row["channel"]].append(row)
    labels = sorted({label for row in rows for label in row.get("probabilities", ())}, key=_place)
    duration_s = max((row["end_s"] for row in rows), default=0.0)
    line_s = next((each for each in LINE_S if duration_s <= each * MOST_LINES), LINE_S[-1])
    line_s = min(line_s, max(duration_s, 1.0))
    num_lines = max(int(np.ceil(duration_s / line_s)), 1)
    line_in = max(len(channels), 1) * (_BAND + _STRIP + _BETWEEN_BANDS) + _TIME_AXIS
    figure = new_figure(WIDTH_IN, _TOP + num_lines * line_in + _BOTTOM)
    for line in range(num_lines):
        bottom = _BOTTOM + (num_lines - 1 - line) * line_in
        _draw_line(figure, bottom, (line * line_s, (line + 1) * line_s), channels, labels)
    draw_title(figure, Path(rows[0]["file"]).name if rows else "", _LEFT, WIDTH_IN - 2 * _LEFT)
    _draw_legend(figure, labels)
    return figure


def _place(label: str) -> tuple[int, str]:
    """Where a class is stacked, the same in every picture."""
    known = list(EMOTION_COLORS)
    return (known.index(label.lower()) if label.lower() in known else len(known), label)


def _draw_line(
    figure: Figure, bottom: float, shown_s: tuple[float, float], channels: dict[int | None, list], labels: list[str]
) -> None:
    """Some minutes of all channels, the first one at the top."""
    height, width = _BAND + _STRIP, WIDTH_IN - _LEFT - _RIGHT
    for index, (channel, rows) in enumerate(reversed(channels.items())):
        at = bottom + _TIME_AXIS + index * (height + _BETWEEN_BANDS)
        axes = add_axes(figure, f"channel {channel} from {shown_s[0]:g} s", (_LEFT, at, width, height))
        axes.set(xlim=shown_s, ylim=(-_STRIP / _BAND, 1))
        _draw_channel(axes, [row for row in rows if row["start_s"] < shown_s[1] and row["end_s"] > shown_s[0]], labels)
        if channel is not None:
            text = {"rotation": 0, "ha": "right", "va": "center", "fontsize": 8, "color": SOFT_INK}
            axes.set_ylabel(f"channel {channel}", **text)
        if index == 0:
            _draw_clock(axes)


def _draw_channel(axes: Axes, rows: list[SegmentRow | LeftOutRow], labels: list[str]) -> None:
    left_out = [row for row in rows if row["row"] == "left_out"]
    segments = [row for row in rows if row["row"] == "segment"]
    axes.broken_barh(_bars(left_out), (-_STRIP / _BAND, 1 + _STRIP / _BAND), color=FAINT, lw=0)
    if segments:
        times_s = np.repeat([(row["start_s"], row["end_s"]) for row in segments], 2, axis=1).ravel()
        shares = np.array([[row["probabilities"][label] for row in segments] for label in labels])
        heights = np.stack([0 * shares, shares, shares, 0 * shares], axis=2).reshape(len(labels), -1)
        axes.stackplot(times_s, heights, colors=[emotion_color(label) for label in labels], lw=0)
        best = [emotion_color(row["emotion"]) for row in segments]
        axes.broken_barh(_bars(segments), (-_STRIP / _BAND, 0.7 * _STRIP / _BAND), color=best, lw=0)


def _bars(rows: list) -> list[tuple[float, float]]:
    return [(row["start_s"], row["end_s"] - row["start_s"]) for row in rows]


def _draw_clock(axes: Axes) -> None:
    first_s, last_s = axes.get_xlim()
    step_s = next((each for each in (1, 2, 5, 10, 30, 60, 120, 300) if (last_s - first_s) / each <= TICKS_A_LINE), 600)
    axes.xaxis.set_major_locator(MultipleLocator(step_s))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda time_s, _: _clock(time_s)))
    axes.tick_params(axis="x", length=3, width=0.8, color=FAINT, labelcolor=SOFT_INK, labelsize=8, pad=2)


def _clock(time_s: float) -> str:
    minutes, seconds = divmod(round(time_s), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if minutes >= 60 else f"{minutes}:{seconds:02}"


def _draw_legend(figure: Figure, labels: list[str]) -> None:
    patches = [Patch(color=emotion_color(label), label=label) for label in labels]
    patches.append(Patch(color=FAINT, label="left out"))
    width, height = figure.get_size_inches()
    anchor = (_LEFT / width, 1 - 0.5 / height)
    look = {"fontsize": 9, "labelcolor": INK, "frameon": False, "handlelength": 1.0, "handleheight": 1.0}
    figure.legend(handles=patches, loc="upper left", bbox_to_anchor=anchor, ncols=len(patches), borderpad=0, **look)
