"""The picture of a prediction on its time line, without any global state of matplotlib."""

import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.colors import to_rgb
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator


DPI = 150
WIDTH_IN = 12.0

EMOTION_COLORS = {
    "angry": "#c5473f",
    "happy": "#e3a32f",
    "neutral": "#8b9daa",
    "sad": "#3f6da6",
    "calm": "#9dbfc7",
    "disgust": "#7c8f4e",
    "excited": "#dd7f3a",
    "fearful": "#7a5c99",
    "frustrated": "#a0694c",
    "surprised": "#4b9c94",
}
_OTHER_COLORS = ("#5f8f6e", "#a8688c", "#7b7fb8", "#b0894f", "#5a94ad", "#96656a")

INK, SOFT_INK, FAINT, TRACK = "#26313a", "#74808a", "#d5dbe0", "#edf0f2"
_WAVE, _BAND = "#56646f", "#f4f6f7"

# Inches.
LEFT, TIMELINE_WIDTH, SCORES_LEFT, SCORES_WIDTH = 0.6, 8.35, 9.5, 2.1
BOTTOM, _TOP, _TITLE_HEIGHT = 0.62, 0.2, 0.55
_WAVEFORM_HEIGHT, ATTENTION_HEIGHT, _WORD_ROW, _PHONEME_ROW, _BARE_PHONEME_ROW = 1.35, 1.05, 0.36, 0.25, 0.12
_SCORE_PITCH, _PADDING = 0.56, 0.06

# Points.
_WORD_SIZES, _UPRIGHT_SIZES, _PHONEME_SIZES = (11.0, 10.0, 9.0, 8.0), (5.5, 8.5), (7.5, 6.5, 5.5)

_LONGEST_WORD = 40  # letters; no English word that is spoken has more
_LINE_PITCH = 1.15  # from line to line, in font sizes
_MOST_TURNED = 0.34  # of the words; where more are too wide for their boxes, all stand upright
_LEAST_LABELLED_PHONEMES = 0.6  # labels on fewer of them only look like noise
_LEAST_WRITTEN_WEIGHT = 0.1  # of the highest
_WAVEFORM_COLUMNS = 1200

_RENDERER = RendererAgg(1, 1, DPI)  # to measure texts


@dataclass(frozen=True)
class _Label:
    """A text in a row of the time line.

    Args:
        text: as drawn.
        centre_in: inches from the left of the time line.
        size: font size in points.
        upright: turned by 90 degrees, because it is wider than its box.
    """

    text: str
    centre_in: float
    size: float
    upright: bool = False


def plot_prediction(
    samples: np.ndarray, sampling_rate: int, words: list[dict], scores: list[dict], title: str | None = None
) -> Figure:
    """Draws what the model heard: waveform, words, phonemes and attention on one time axis, class scores beside.

    Args:
        samples: (num_samples,) mono audio in [-1, 1].
        sampling_rate: in Hz.
        words: aligned words in order, each with the key "attention": its weight in [0, 1], or None (no bars then).
        scores: `{"label", "score"}` a class, scores in [0, 1], drawn from top to bottom as given.
        title: a line above the picture, such as the sentence.

    Returns:
        The figure, 12 inches wide at 150 dots an inch; see `save_figure`.

    Raises:
        ValueError: no samples, samples that are no finite one-dimensional array, or no scores.
    """
    samples, color = _checked_samples(samples), _color_of_best(scores)
    duration_s = len(samples) / sampling_rate
    weights = attention_weights(words)
    phonemes = [phoneme for word in words for phoneme in word["phonemes"]]
    labels = word_labels(words, duration_s)
    phoneme_labels = _fit_phonemes([p["phoneme"] for p in phonemes], *_centres_and_widths(phonemes, duration_s))
    heights = _row_heights(labels, phoneme_labels, weights is not None)
    figure, rows = new_timeline(heights, duration_s, title)
    _draw_row(rows["phonemes"], phonemes, ["white"] * len(phonemes), phoneme_labels, FAINT, SOFT_INK)
    draw_words(rows["words"], words, labels, weights, color)
    _draw_waveform(rows["waveform"], samples, sampling_rate, words)
    if weights is not None:
        draw_attention(rows["attention"], words, weights, color)
    draw_scores(figure, scores, sum(heights.values()))
    return figure


@contextmanager
def _no_letters_told() -> Iterator[None]:
    """Of letters that the font lacks matplotlib warns one by one, which would spell words in a log."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


@_no_letters_told()
def save_figure(figure: Figure, path: str | Path) -> Path:
    """Writes a figure as PNG, making the folders above it.

    Args:
        figure: of `new_figure`.
        path: the file, a .png; overwritten if it exists.

    Returns:
        The path.

    Raises:
        ValueError: the file cannot be written, or is called something else.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ValueError(f"The picture is a PNG, and {path} is not called so; give a file that ends in .png.")
    unfinished = path.with_name(path.name + ".unfinished")  # as wise_hf.data.files, which no model imports
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(unfinished, format="png", dpi=figure.dpi)
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise ValueError(f"Cannot write the picture {path} ({error.strerror}); give another file.") from error
    return path


def emotion_color(label: str) -> str:
    """The colour of a class, the same in every picture, as `#rrggbb`.

    Args:
        label: the class name; a name that is none of `EMOTION_COLORS` always gets the same one of a few others.
    """
    other = _OTHER_COLORS[zlib.crc32(label.lower().encode()) % len(_OTHER_COLORS)]
    return EMOTION_COLORS.get(label.lower(), other)


def _checked_samples(samples: np.ndarray) -> np.ndarray:
    samples = np.asarray(samples, dtype=np.float32)
    if samples.ndim != 1 or samples.size == 0 or not np.isfinite(samples).all():
        raise ValueError(f"Cannot draw samples of shape {samples.shape}; give finite mono audio, at least one sample.")
    return samples


def _color_of_best(scores: list[dict]) -> str:
    if not scores:
        raise ValueError("There are no scores to draw; give at least one {'label', 'score'}.")
    return emotion_color(max(scores, key=lambda score: score["score"])["label"])


def attention_weights(words: list[dict]) -> list[float] | None:
    """The attention of each word; `None` where there are no words, or one has none."""
    weights = [word.get("attention") for word in words]
    return None if not weights or any(weight is None for weight in weights) else weights


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty white figure of a size in inches."""
    figure = Figure(figsize=(width_in, height_in), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def add_axes(figure: Figure, label: str, box_in: tuple[float, float, float, float]) -> Axes:
    """Axes at (left, bottom, width, height) in inches, without spines and ticks, called `label`."""
    width, height = figure.get_size_inches()
    left, bottom, axes_width, axes_height = box_in
    axes = figure.add_axes((left / width, bottom / height, axes_width / width, axes_height / height), label=label)
    axes.spines[:].set_visible(False)
    axes.set_facecolor("none")
    axes.set(xticks=[], yticks=[])
    return axes


@_no_letters_told()
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Inches of a line of text at a font size in points."""
    font = FontProperties(size=size, weight=weight)
    return _RENDERER.get_text_width_height_descent(text, font, False)[0] / DPI


def largest_size(text: str, width_in: float, largest: float, smallest: float, weight: str = "normal") -> float:
    """The font size, in points, at which a text is no wider than given, as far as `smallest` allows."""
    fitting = largest * width_in / max(text_width(text, largest, weight), 1e-6)
    return max(min(fitting, largest), smallest)


def _centres_and_widths(spans: list[dict], duration_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Centres and widths of the spans on the time line, in inches."""
    starts = np.array([span["start_s"] for span in spans], dtype=float)
    ends = np.array([span["end_s"] for span in spans], dtype=float)
    inches_per_second = TIMELINE_WIDTH / duration_s
    return (starts + ends) / 2 * inches_per_second, (ends - starts) * inches_per_second


def _shortened(word: str) -> str:
    """A word as it is drawn: the longest one upright sets the height of the picture."""
    return word if len(word) <= _LONGEST_WORD else f"{word[: _LONGEST_WORD - 1]}…"


def _fit_words(texts: list[str], centres: np.ndarray, widths: np.ndarray) -> list[_Label]:
    """Places the words: across where they fit, a few upright where they do not, all upright where many do not."""
    for size in _WORD_SIZES:
        fits = np.array([text_width(text, size) + _PADDING for text in texts]) <= widths
        fits_upright = size * _LINE_PITCH / 72 <= widths
        few = 0 if size > _WORD_SIZES[-1] else _MOST_TURNED * len(texts)
        if np.sum(~fits) <= few and np.all(fits | fits_upright):
            return [_Label(text, at, size, not fit) for text, at, fit in zip(texts, centres, fits, strict=True)]
    return _all_upright(texts, centres, widths)


def _all_upright(texts: list[str], centres: np.ndarray, widths: np.ndarray) -> list[_Label]:
    """Upright words moved apart until none overlap; where there is no room for all, the longest-spoken ones."""
    size = np.clip(TIMELINE_WIDTH * 72 / _LINE_PITCH / len(texts), _UPRIGHT_SIZES[0], _UPRIGHT_SIZES[1])
    pitch = size * _LINE_PITCH / 72
    room = int(TIMELINE_WIDTH / pitch)
    kept = np.sort(np.argsort(-widths, kind="stable")[:room])
    places = _spread(centres[kept], pitch, TIMELINE_WIDTH)
    return [_Label(texts[index], place, float(size), True) for index, place in zip(kept, places, strict=True)]


def _spread(centres: np.ndarray, pitch: float, limit: float) -> np.ndarray:
    """Moves increasing centres as little as possible, until they are `pitch` apart and between 0 and `limit`."""
    steps = np.arange(len(centres)) * pitch
    blocks: list[tuple[float, int]] = []  # isotonic regression: neighbours that are too close share their mean
    for target in centres - steps:
        mean, count = float(target), 1
        while blocks and blocks[-1][0] > mean:
            other_mean, other_count = blocks.pop()
            mean = (mean * count + other_mean * other_count) / (count + other_count)
            count += other_count
        blocks.append((mean, count))
    placed = np.repeat([mean for mean, _ in blocks], [count for _, count in blocks])
    return np.clip(placed, pitch / 2, limit - pitch / 2 - steps[-1]) + steps


def _fit_phonemes(texts: list[str], centres: np.ndarray, widths: np.ndarray) -> list[_Label]:
    """Places the phonemes that fit their boxes at the size at which most do; none where most do not fit at any."""
    for size in _PHONEME_SIZES:
        fits = np.array([text_width(text, size) + _PADDING / 2 for text in texts]) <= widths
        share = np.mean(fits) if len(texts) else 0.0
        if share >= (0.95 if size > _PHONEME_SIZES[-1] else _LEAST_LABELLED_PHONEMES):
            return [_Label(text, centre, size) for text, centre, fit in zip(texts, centres, fits, strict=True) if fit]
    return []


def word_labels(words: list[dict], duration_s: float) -> list[_Label]:
    """The words as they find room below a time line of so many seconds."""
    return _fit_words([_shortened(word["word"]) for word in words], *_centres_and_widths(words, duration_s))


def word_row_height(labels: list[_Label]) -> float:
    """Inches of the row that has these words."""
    longest = max((text_width(label.text, label.size) for label in labels if label.upright), default=0.0)
    return max(_WORD_ROW, longest + 0.16)


def _row_heights(words: list[_Label], phonemes: list[_Label], has_attention: bool) -> dict[str, float]:
    """Inches of each row of the time line, from the bottom up."""
    return {
        "phonemes": _PHONEME_ROW if phonemes else _BARE_PHONEME_ROW,
        "words": word_row_height(words),
        "waveform": _WAVEFORM_HEIGHT,
        **({"attention": ATTENTION_HEIGHT} if has_attention else {}),
    }


def new_timeline(
    heights: dict[str, float], duration_s: float, title: str | None = None
) -> tuple[Figure, dict[str, Axes]]:
    """A figure with the rows of a time line, one above the other, the time written below the lowest.

    Args:
        heights: inches of each row, from the bottom up; all but words and phonemes have their names beside them.
        duration_s: seconds from left to right.
        title: a line above.

    Returns:
        The figure, with room for class scores on the right, and its rows by name.
    """
    figure = new_figure(WIDTH_IN, BOTTOM + sum(heights.values()) + (_TITLE_HEIGHT if title else _TOP))
    rows, bottom = {}, BOTTOM
    for name, height in heights.items():
        rows[name] = add_axes(figure, name, (LEFT, bottom, TIMELINE_WIDTH, height))
        rows[name].set(xlim=(0, duration_s), ylim=(0, 1))
        if name not in ("words", "phonemes"):
            rows[name].set_ylabel(name, color=SOFT_INK, fontsize=8.5, labelpad=8)
        bottom += height
    lowest = rows[next(iter(heights))]
    lowest.xaxis.set_major_locator(MaxNLocator(nbins=10, steps=[1, 2, 5, 10]))
    lowest.tick_params(axis="x", length=3, width=0.8, color=FAINT, labelcolor=SOFT_INK, labelsize=8.5, pad=3)
    lowest.set_xlabel("seconds", color=SOFT_INK, fontsize=8.5, labelpad=3)
    if title:
        draw_title(figure, title, LEFT, WIDTH_IN - 2 * LEFT)
    return figure, rows


def draw_words(axes: Axes, words: list[dict], labels: list[_Label], weights: list[float] | None, color: str) -> None:
    """A box for each word, the nearer to a colour the more attention it has, and the labels that found room."""
    _draw_row(axes, words, _word_colors(words, weights, color), labels, "white", INK)


def _draw_row(
    axes: Axes, spans: list[dict], colors: Sequence, labels: list[_Label], edge_color: str, text_color: str
) -> None:
    """A box for each span and the labels that found room."""
    for span, color in zip(spans, colors, strict=True):
        width = span["end_s"] - span["start_s"]
        axes.add_patch(Rectangle((span["start_s"], 0.05), width, 0.9, facecolor=color, edgecolor=edge_color, lw=0.8))
    seconds_per_inch = axes.get_xlim()[1] / TIMELINE_WIDTH
    for label in labels:
        turned = {"va": "center", "rotation": 90} if label.upright else {"va": "center_baseline"}
        look = {"fontsize": label.size, "color": text_color, "ha": "center", "parse_math": False, **turned}
        axes.text(label.centre_in * seconds_per_inch, 0.5, label.text, **look)


def _word_colors(words: list[dict], weights: list[float] | None, color: str) -> list[tuple[float, ...]]:
    """Each word's tint: the more attention, the nearer to the colour of the predicted class."""
    if weights is None:
        return [to_rgb(TRACK)] * len(words)
    strengths = 0.1 + 0.5 * np.array(weights) / max(max(weights), 1e-9)
    return [tuple(1 - strength * (1 - channel) for channel in to_rgb(color)) for strength in strengths]


def _draw_waveform(axes: Axes, samples: np.ndarray, sampling_rate: int, words: list[dict]) -> None:
    """The envelope of the waveform, one column for a few pixels, on bands that show where the words are."""
    num_columns = min(len(samples), _WAVEFORM_COLUMNS)
    starts = np.arange(num_columns) * len(samples) // num_columns
    times_s = (starts + len(samples) / num_columns / 2) / sampling_rate
    low, high = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
    limit = 1.12 * max(float(np.abs(samples).max()), 1e-3)
    for word in words:
        axes.axvspan(word["start_s"], word["end_s"], color=_BAND, lw=0)
        axes.axvline(word["end_s"], color="white", lw=0.8)
    axes.fill_between(times_s, low, high, color=_WAVE, lw=0.5)
    axes.set_ylim(-limit, limit)


def draw_attention(axes: Axes, words: list[dict], weights: list[float], color: str) -> None:
    """A bar for each word as wide as the word is long and as high as its weight, with the percentages that fit."""
    highest = max(max(weights), 1e-9)
    starts = [word["start_s"] for word in words]
    widths = [word["end_s"] - word["start_s"] for word in words]
    bars = axes.bar(starts, weights, widths, align="edge", color=color, edgecolor="white", linewidth=0.8)
    for bar, weight in zip(bars, weights, strict=True):
        bar.set_alpha(0.35 + 0.65 * weight / highest)
    axes.axhline(0, color=FAINT, lw=0.8)
    axes.set_ylim(0, 1.32 * highest)
    _write_weights(axes, np.array(starts) + np.array(widths) / 2, weights, bars)


def _write_weights(axes: Axes, centres_s: np.ndarray, weights: list[float], bars: BarContainer) -> None:
    """Percentages above the bars, the highest first, as far as they meet neither a higher bar nor each other."""
    seconds_per_inch = axes.get_xlim()[1] / TIMELINE_WIDTH
    taken: list[tuple[float, float]] = []
    for index in np.argsort(-np.array(weights), kind="stable"):
        text, bar = percentage(weights[index]), bars[index]
        half = (text_width(text, 8) / 2 + _PADDING / 2) * seconds_per_inch
        left, right = centres_s[index] - half, centres_s[index] + half
        is_free = all(right <= begin or left >= end for begin, end in taken)
        if is_free and weights[index] >= _LEAST_WRITTEN_WEIGHT * max(weights):
            y = weights[index] + 0.03 * axes.get_ylim()[1]
            axes.text(centres_s[index], y, text, fontsize=8, color=INK, ha="center", va="bottom", parse_math=False)
            taken.append((left, right))
        taken.append((bar.get_x(), bar.get_x() + bar.get_width()))


def draw_scores(figure: Figure, scores: list[dict], height_in: float) -> None:
    """The class probabilities as bars on a track, each under its name and percentage."""
    pitch = min(_SCORE_PITCH, height_in / len(scores))
    size = min(10.0, 0.36 * pitch * 72)
    bottom = BOTTOM + (height_in - pitch * len(scores)) / 2
    axes = add_axes(figure, "scores", (SCORES_LEFT, bottom, SCORES_WIDTH, pitch * len(scores)))
    axes.set(xlim=(0, 1), ylim=(len(scores), 0))
    best = max(score["score"] for score in scores)
    for row, score in enumerate(scores):
        label, value = score["label"], float(score["score"])
        weight, color = ("bold", INK) if value == best else ("normal", SOFT_INK)
        axes.barh(row + 0.73, 1, 0.2, color=TRACK)
        axes.barh(row + 0.73, value, 0.2, color=emotion_color(label), label=label)
        label_size = largest_size(label, SCORES_WIDTH - 0.6, size, 4, weight)
        text = {"y": row + 0.48, "color": color, "weight": weight, "va": "baseline", "parse_math": False}
        axes.text(x=0, s=label, fontsize=label_size, ha="left", **text)
        axes.text(x=1, s=percentage(value), fontsize=size, ha="right", **text)


def percentage(share: float) -> str:
    """A share in [0, 1] as a person reads it, in whole per cent."""
    return "< 1 %" if 0 < share <= 0.005 else f"{100 * share:.0f} %"


def draw_title(figure: Figure, title: str, left_in: float, width_in: float) -> None:
    """A line at the top, smaller where it is long, and cut where it is longer still."""
    size = largest_size(title, width_in, 13, 8, "bold")
    shown = title
    while len(shown) > 1 and text_width(shown, size, "bold") > width_in:
        shown = shown[: -max(2, len(shown) // 50)].rstrip() + "…"
    width, height = figure.get_size_inches()
    text = {"fontsize": size, "weight": "bold", "color": INK, "va": "top", "parse_math": False}
    figure.text(left_in / width, 1 - 0.2 / height, shown, **text)
