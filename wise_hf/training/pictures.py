"""Pictures of a run: its learning curves and its confusion matrix."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from wise_hf.model.visualization import (
    FAINT,
    INK,
    SOFT_INK,
    add_axes,
    draw_title,
    largest_size,
    new_figure,
    percentage,
    text_width,
)


_SHADES = LinearSegmentedColormap.from_list("wise_shades", ["#f3f6f9", "#a9c1da", "#3f6da6", "#274c7a"])
_CELL = 0.92  # inches
_PANEL_WIDTH, _PANEL_HEIGHT = 4.4, 2.7  # inches
_OF_HISTORY, _OF_REFIT = ("#3f6da6", "-"), ("#cf8f37", "--")

Curve = Sequence[tuple[int, float]]  # (epoch, value)


def plot_learning_curves(folds: Sequence[Mapping], title: str | None = None) -> Figure:
    """Draws how a run learnt: the training loss and the UA on the validation part, by epoch.

    Args:
        folds: each with its `history`, `{"epoch", "loss", "ua"}` an epoch, and its `refit_history` where there is one.
        title: a line above the picture.

    Returns:
        The figure: a thin line for each fold, and a thick one for their mean as far as all folds go.
    """
    figure = new_figure(2 * _PANEL_WIDTH + 1.7, _PANEL_HEIGHT + 1.3)
    loss, ua = (
        add_axes(figure, name, (0.7 + number * (_PANEL_WIDTH + 0.7), 0.65, _PANEL_WIDTH, _PANEL_HEIGHT))
        for number, name in enumerate(("training loss", "validation UA"))
    )
    _draw_curves(loss, curves_of(folds, "history", "loss"), *_OF_HISTORY)
    _draw_curves(loss, curves_of(folds, "refit_history", "loss"), *_OF_REFIT, label="refit, with the validation part")
    _draw_curves(ua, curves_of(folds, "history", "ua"), *_OF_HISTORY)
    for axes in (loss, ua):
        _label_curves(axes)
    if title:
        draw_title(figure, title, 0.25, 2 * _PANEL_WIDTH + 1.2)
    return figure


def curves_of(folds: Sequence[Mapping], history: str, figure: str) -> list[Curve]:
    """One figure of the folds' histories, of each fold that has any."""
    curves = [
        [(each["epoch"], each[figure]) for each in fold.get(history, []) if each[figure] is not None] for fold in folds
    ]
    return [curve for curve in curves if curve]


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """The mean of the curves, as far as all of them go."""
    return [(points[0][0], np.mean([value for _, value in points])) for points in zip(*curves, strict=False)]


def _draw_curves(axes: Axes, curves: Sequence[Curve], color: str, style: str, label: str | None = None) -> None:
    for curve in curves:
        axes.plot(*zip(*curve, strict=True), style, color=color, alpha=0.45, lw=1)
    if curves:
        axes.plot(*zip(*mean_curve(curves), strict=True), style, color=color, lw=2.2, marker="o", ms=3, label=label)


def _label_curves(axes: Axes) -> None:
    axes.set_title(axes.get_label(), color=INK, fontsize=10, loc="left")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.tick_params(length=0, labelcolor=SOFT_INK, labelsize=8.5)
    axes.grid(color=FAINT, lw=0.6)
    axes.set_xlabel("epoch", color=SOFT_INK, fontsize=8.5)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=8.5, labelcolor=SOFT_INK)


def plot_confusion(counts: np.ndarray, labels: Sequence[str], title: str | None = None) -> Figure:
    """Draws a confusion matrix: each cell its count and its share of the row, shaded by that share.

    Args:
        counts: (K, K) integers, rows = true class, columns = predicted class.
        labels: K class names.
        title: a line above the picture.

    Returns:
        The figure; see `save_figure`.

    Raises:
        ValueError: counts that are no square matrix of the size of labels.
    """
    counts = np.asarray(counts)
    num_classes = len(labels)
    if num_classes == 0 or counts.shape != (num_classes, num_classes):
        raise ValueError(f"counts has shape {counts.shape}, but {num_classes} labels need a square of that size.")
    widest = max(text_width(label, 10) for label in labels)
    tilt = widest > _CELL - 0.1
    left, bottom, top = widest + 0.6, 0.65 + (0.7 * widest if tilt else 0.15), 0.65 if title else 0.25
    side = _CELL * num_classes
    figure = new_figure(left + side + 0.3, bottom + side + top)
    axes = add_axes(figure, "confusion", (left, bottom, side, side))
    _draw_cells(axes, counts)
    _label_confusion(axes, labels, tilt)
    if title:
        draw_title(figure, title, 0.25, left + side - 0.2)
    return figure


def _draw_cells(axes: Axes, counts: np.ndarray) -> None:
    """The shaded squares, with a count and a row percentage each."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=_SHADES, vmin=0, vmax=1, aspect="auto")
    edges = np.arange(len(counts) - 1) + 0.5
    axes.hlines(edges, -0.5, len(counts) - 0.5, color="white", lw=2)
    axes.vlines(edges, -0.5, len(counts) - 0.5, color="white", lw=2)
    for (row, column), count in np.ndenumerate(counts):
        color = "white" if shares[row, column] > 0.5 else INK
        size = largest_size(str(count), _CELL - 0.15, 13, 5, "bold")
        share = percentage(shares[row, column]) if counts[row].any() else "–"
        axes.text(column, row - 0.08, str(count), fontsize=size, weight="bold", color=color, ha="center", va="center")
        axes.text(column, row + 0.2, share, fontsize=8.5, color=color, ha="center", va="center")


def _label_confusion(axes: Axes, labels: Sequence[str], tilt: bool) -> None:
    axes.tick_params(length=0, labelcolor=INK, labelsize=10, pad=6)
    axes.set_xticks(range(len(labels)), labels, parse_math=False)
    axes.set_yticks(range(len(labels)), labels, parse_math=False)
    if tilt:
        axes.tick_params(axis="x", rotation=45)
        for tick_label in axes.get_xticklabels():
            tick_label.set(ha="right", rotation_mode="anchor")
    axes.set_xlabel("predicted", color=SOFT_INK, fontsize=10, labelpad=8)
    axes.set_ylabel("true", color=SOFT_INK, fontsize=10, labelpad=8)
