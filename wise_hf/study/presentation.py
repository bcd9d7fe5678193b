"""What the study shows: a table, and a picture of the scores over the word error rate."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from wise_hf.model.visualization import FAINT, INK, SOFT_INK, add_axes, draw_title, new_figure
from wise_hf.training.intervals import RESAMPLES


TRUE, HEARD, SIMULATED = "true", "recogniser", "simulated"
_COLORS = {TRUE: "#26313a", HEARD: "#cf8f37", SIMULATED: "#3f6da6"}
_WIDTH, _HEIGHT = 4.4, 2.9  # inches, of a panel

COLUMNS = ("text", "WER", "sub / del / ins", "without words", "WA", "UA", "UA against the true text", "p")


def study_to_markdown(results: Mapping) -> str:
    """The results as a table with what it needs to be read.

    Args:
        results: of `wise_hf.study.run`.
    """
    lines = [
        "# Recognition errors",
        f"{results['corpus']}: {results['num_utterances']} utterances, {', '.join(results['emotions'])}"
        f"{_left_out(results)}. Simulated "
        f"errors are drawn from those of {results['errors_of']} on these utterances (seed {results['seed']}).",
        "\n".join(
            [
                _row(COLUMNS),
                _row(["---"] + ["---:"] * (len(COLUMNS) - 1)),
                *(_row(_cells(each)) for each in results["conditions"]),
            ]
        ),
        f"Intervals: 95 %, of {RESAMPLES} resamples of the utterances; the difference is paired, p is McNemar's. An "
        "utterance without a word has no emotion, and counts as wrong. True and simulated texts are aligned; true "
        "ones keep word times that the corpus brings.",
    ]
    return "\n\n".join(lines) + "\n"


def _left_out(results: Mapping) -> str:
    left_out = results["num_without_text"] + results["num_skipped"]
    return f"; {left_out} more have no text or cannot be used" if left_out else ""


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(condition: Mapping) -> list[str]:
    errors = " / ".join(str(condition[kind]) for kind in ("substitutions", "deletions", "insertions"))
    scores = [_with_interval(condition[score], condition["intervals"][score]) for score in ("wa", "ua")]
    against = condition["against_true"]
    difference = _with_interval(against["ua_difference"], against["ua_interval"], "+.3f")
    changed = [difference, f"{against['mcnemar_p']:.3f}"] if condition["kind"] != TRUE else ["", ""]
    counts = [f"{100 * condition['wer']:.1f} %", errors, str(condition["num_without_words"])]
    return [condition["name"], *counts, *scores, *changed]


def _with_interval(value: float, interval: tuple[float, float], form: str = ".3f") -> str:
    low, high = interval
    return f"{value:{form}} [{low:{form}}, {high:{form}}]"


def plot_study(results: Mapping) -> Figure:
    """Draws WA and UA over the word error rate: simulated ones as a curve, recognisers as points, all with intervals.

    Args:
        results: of `wise_hf.study.run`.

    Returns:
        The figure; see `save_figure`.
    """
    figure = new_figure(2 * _WIDTH + 1.7, _HEIGHT + 1.3)
    for number, score in enumerate(("wa", "ua")):
        axes = add_axes(figure, score.upper(), (0.7 + number * (_WIDTH + 0.7), 0.65, _WIDTH, _HEIGHT))
        for kind, color in _COLORS.items():
            _draw(axes, [each for each in results["conditions"] if each["kind"] == kind], score, color)
        _label(axes)
    axes.axhline(1 / len(results["emotions"]), color=SOFT_INK, lw=1, ls=":", label="chance")
    axes.legend(frameon=False, fontsize=8.5, labelcolor=SOFT_INK, loc="lower right")
    draw_title(figure, f"{results['corpus']}: errors of {results['errors_of']}", 0.25, 2 * _WIDTH + 1.2)
    return figure


def _draw(axes: Axes, conditions: list[Mapping], score: str, color: str) -> None:
    """The points of a kind of text."""
    if not conditions:
        return
    rates = [100 * each["wer"] for each in conditions]
    values = [each[score] for each in conditions]
    low, high = zip(*(each["intervals"][score] for each in conditions), strict=True)
    if conditions[0]["kind"] == SIMULATED:
        axes.fill_between(rates, low, high, color=color, alpha=0.15, lw=0)
        axes.plot(rates, values, "-o", color=color, ms=3, label="simulated errors")
        return
    axes.vlines(rates, low, high, color=color, lw=1.2)
    axes.plot(rates, values, "s", color=color, ms=4.5)
    for rate, top, each in zip(rates, high, conditions, strict=True):
        axes.text(rate, top + 0.02, each["name"], color=color, fontsize=8.5, ha="center", parse_math=False)


def _label(axes: Axes) -> None:
    axes.set_title(axes.get_label(), color=INK, fontsize=10, loc="left")
    axes.set_xlabel("word error rate, %", color=SOFT_INK, fontsize=8.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.tick_params(length=0, labelcolor=SOFT_INK, labelsize=8.5)
    axes.grid(color=FAINT, lw=0.6)
    axes.margins(x=0.12)
    axes.set_ylim(0, 1)
