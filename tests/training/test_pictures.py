"""Pictures of a run."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wise_hf.training.pictures import plot_confusion, plot_learning_curves


def axes_of(figure: Figure, name: str) -> Axes:
    return next(axes for axes in figure.axes if axes.get_label() == name)


def lines_of(figure: Figure, name: str) -> list[list[tuple[float, float]]]:
    return [list(zip(*line.get_data(), strict=True)) for line in axes_of(figure, name).lines]


def test_confusion_cells_hold_counts_and_row_percentages():
    counts = np.array([[6, 2], [0, 0]])
    figure = plot_confusion(counts, ["angry", "sad"], "A title")
    assert [text.get_text() for text in axes_of(figure, "confusion").texts] == [
        "6",
        "75 %",
        "2",
        "25 %",
        "0",
        "–",
        "0",
        "–",
    ]
    axes = axes_of(figure, "confusion")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["angry", "sad"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert np.asarray(axes.images[0].get_array()) == pytest.approx(np.array([[0.75, 0.25], [0.0, 0.0]]))
    assert [text.get_text() for text in figure.texts] == ["A title"]


def test_confusion_of_another_shape_than_its_labels_is_refused():
    with pytest.raises(ValueError, match="square"):
        plot_confusion(np.zeros((2, 3), dtype=int), ["angry", "sad"])


def history(*ua: float | None) -> list[dict]:
    return [{"epoch": epoch, "loss": 1 / epoch, "wa": value, "ua": value} for epoch, value in enumerate(ua, 1)]


def test_every_fold_has_its_learning_curves_and_the_mean_goes_as_far_as_all_of_them():
    figure = plot_learning_curves([{"history": history(0.2, 0.4, 0.6)}, {"history": history(0.4, 0.8)}], "A title")
    first, second, mean = lines_of(figure, "validation UA")
    assert first == [(1, 0.2), (2, 0.4), (3, 0.6)] and second == [(1, 0.4), (2, 0.8)]
    assert mean == [(1, pytest.approx(0.3)), (2, pytest.approx(0.6))]
    assert lines_of(figure, "training loss")[0] == [(1, 1), (2, 1 / 2), (3, 1 / 3)]
    assert axes_of(figure, "training loss").get_legend() is None


def test_the_loss_of_a_refit_is_drawn_beside_and_has_no_validation():
    folds = [{"history": history(0.2, 0.4), "refit_history": history(None, None, None)}]
    figure = plot_learning_curves(folds)
    assert [len(line) for line in lines_of(figure, "training loss")] == [2, 2, 3, 3]
    assert [len(line) for line in lines_of(figure, "validation UA")] == [2, 2]
    assert "refit" in axes_of(figure, "training loss").get_legend().get_texts()[0].get_text()
