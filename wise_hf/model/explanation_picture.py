"""The picture of why a recording was classified as it was, on its time line."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .visualization import (
    ATTENTION_HEIGHT,
    BOTTOM,
    FAINT,
    INK,
    LEFT,
    SCORES_LEFT,
    SCORES_WIDTH,
    SOFT_INK,
    TIMELINE_WIDTH,
    TRACK,
    add_axes,
    attention_weights,
    draw_attention,
    draw_scores,
    draw_words,
    emotion_color,
    largest_size,
    new_timeline,
    percentage,
    word_labels,
    word_row_height,
)


EFFECTS = {"effect": "without\nthe word", "audio_effect": "without\nits audio", "text_effect": "without\nits text"}
_EFFECT_HEIGHT, _CLASS_PITCH, _NAME_LEFT = 0.9, 0.85, 0.25  # inches
_WITH_SHARES = 1.4  # of the bars' width, with the percentages on their right
_LEAST_SCALE = 0.01  # of a probability: what is below is no effect, and not drawn as a large one


def plot_explanation(explanation: dict, title: str | None = None) -> Figure:
    """Draws attention and effects of all words on one time axis, and beside it the classes' probabilities.

    Args:
        explanation: of `WISEAudioClassificationPipeline.explain`.
        title: a line above the picture, such as the sentence.

    Returns:
        The figure, 12 inches wide at 150 dots an inch; see `save_figure`.
    """
    words, color = explanation["words"], emotion_color(explanation["emotion"])
    duration_s = max(explanation["until_s"], words[-1]["end_s"])
    labels, weights = word_labels(words, duration_s), attention_weights(words)
    shown = [name for name in EFFECTS if any(word[name] is not None for word in words)]
    heights = {"words": word_row_height(labels)} | {EFFECTS[name]: _EFFECT_HEIGHT for name in reversed(shown)}
    heights |= {"attention": ATTENTION_HEIGHT} if weights is not None else {}
    figure, rows = new_timeline(heights, duration_s, title)
    tints = [max(0.0, word["effect"] or 0.0) for word in words] if "effect" in shown else None
    draw_words(rows["words"], words, labels, tints, color)
    scale = max([_LEAST_SCALE, *(abs(word[name] or 0.0) for word in words for name in shown)])
    for name in shown:
        _draw_effects(rows[EFFECTS[name]], words, [word[name] or 0.0 for word in words], scale, color)
    if weights is not None:
        draw_attention(rows["attention"], words, weights, color)
    _tell_directions(figure, explanation["emotion"])
    _draw_probabilities(figure, explanation, sum(heights.values()))
    return figure


def _draw_effects(axes: Axes, words: list[dict], effects: list[float], scale: float, color: str) -> None:
    """A bar for each word, upwards where it speaks for the decided emotion, grey and downwards where against it."""
    starts, widths = zip(*((word["start_s"], word["end_s"] - word["start_s"]) for word in words), strict=True)
    colors = [color if effect > 0 else SOFT_INK for effect in effects]
    axes.bar(starts, effects, widths, align="edge", color=colors, edgecolor="white", linewidth=0.8)
    axes.axhline(0, color=FAINT, lw=0.8)
    axes.set_ylim(-1.15 * scale, 1.15 * scale)
    points = 100 * scale
    axes.set_yticks([-scale, 0, scale], [f"{-points:.0f}", "0", f"+{points:.0f}"])
    axes.tick_params(axis="y", length=0, labelcolor=SOFT_INK, labelsize=6.5, pad=1)
    axes.yaxis.set_label_coords(-_NAME_LEFT / TIMELINE_WIDTH, 0.5)


def _tell_directions(figure: Figure, emotion: str) -> None:
    told = (
        f"Without: what {emotion} loses without it, in percentage points; what points down spoke against {emotion}. "
        "Attention tells what was weighed, not what changed the decision."
    )
    width, height = figure.get_size_inches()
    at, look = (LEFT / width, 0.05 / height), {"color": SOFT_INK, "parse_math": False}
    figure.text(*at, told, fontsize=largest_size(told, width - 2 * LEFT, 8, 5), **look)


def _draw_probabilities(figure: Figure, explanation: dict, height_in: float) -> None:
    """A bar for each class; under it, for a model of audio and text, one for each of them alone."""
    probabilities, modalities = explanation["probabilities"], explanation["modalities"]
    if None in modalities.values():
        draw_scores(figure, [{"label": label, "score": p} for label, p in probabilities.items()], height_in)
        return
    pitch = min(_CLASS_PITCH, height_in / len(probabilities))
    bottom = BOTTOM + (height_in - pitch * len(probabilities)) / 2
    axes = add_axes(figure, "scores", (SCORES_LEFT, bottom, SCORES_WIDTH, pitch * len(probabilities)))
    axes.set(xlim=(0, _WITH_SHARES), ylim=(len(probabilities), 0))
    for row, (label, p) in enumerate(probabilities.items()):
        shares = {"": p} | {f" {name} alone": its[label] for name, its in modalities.items()}
        _draw_class(axes, row, label, shares, min(9.0, 0.18 * pitch * 72))


def _draw_class(axes: Axes, row: int, label: str, shares: dict[str, float], size: float) -> None:
    """A class's probabilities under its name, one below the other, the first of them the model's."""
    color, text = emotion_color(label), {"va": "center", "parse_math": False}
    name_size = largest_size(label, SCORES_WIDTH, size, 4)
    axes.text(0, row + 0.13, label, fontsize=name_size, color=INK, **text)
    for (name, p), at, height in zip(shares.items(), (0.37, 0.56, 0.73), (0.15, 0.1, 0.1), strict=True):
        axes.barh(row + at, 1, height, color=TRACK)
        axes.barh(row + at, p, height, color=color, alpha=0.55 if name else 1.0, label=label + name)
        look = {"fontsize": 0.7 * size, "color": SOFT_INK} if name else {"fontsize": size, "color": INK}
        axes.text(1.03, row + at, percentage(p) + name, **look, **text)
