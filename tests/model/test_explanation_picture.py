import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from wise_hf.model.explanation_picture import EFFECTS, plot_explanation
from wise_hf.model.visualization import SOFT_INK, emotion_color


EMOTIONS = ("angry", "happy", "neutral", "sad", "calm", "disgust", "fearful", "surprised")


def make_explanation(num_words: int, num_classes: int = 4, both: bool = True, **of_words: object) -> dict:
    """Words of 60 ms a letter with random effects."""
    generator = np.random.default_rng(0)

    def probabilities() -> dict[str, float]:
        shares = generator.dirichlet(np.ones(num_classes)).tolist()
        return dict(zip(EMOTIONS[:num_classes], shares, strict=True))

    words, now_s = [], 0.5
    for index in range(num_words):
        spelling = ("i", "really", "thought", "teacher")[index % 4]
        effects = dict(zip(EFFECTS, generator.normal(0, 0.05, 3).tolist(), strict=True))
        effects |= {} if both else {"audio_effect": None, "text_effect": None}
        end_s = now_s + 0.06 * len(spelling)
        times = {"start_s": now_s, "end_s": end_s}
        words.append({"word": spelling, **times, "attention": 1 / num_words, **effects, **of_words})
        now_s = end_s
    modalities = {name: probabilities() if both else None for name in ("audio", "text")}
    decided = {"emotion": "angry", "probabilities": probabilities(), "modalities": modalities}
    return {**decided, "words": words, "until_s": now_s + 0.3}


def axes_of(figure: Figure, name: str) -> Axes:
    return next(axes for axes in figure.axes if axes.get_label() == name)


def heights_of(axes: Axes) -> list[float]:
    return [bar.get_height() for bar in axes.containers[0]]


def test_each_effect_is_a_bar_and_all_have_one_scale():
    explanation = make_explanation(5)
    figure = plot_explanation(explanation, "A sentence.")
    for name, row in EFFECTS.items():
        effects = [word[name] for word in explanation["words"]]
        axes = axes_of(figure, row)
        assert heights_of(axes) == pytest.approx(effects)
        colors = [to_hex(bar.get_facecolor()) for bar in axes.containers[0]]
        assert colors == [emotion_color("angry") if effect > 0 else SOFT_INK for effect in effects]
    assert len({axes_of(figure, row).get_ylim() for row in EFFECTS.values()}) == 1


@pytest.mark.parametrize("num_classes", [2, 8])
@pytest.mark.parametrize("num_words", [1, 40, 128])
def test_nothing_overlaps_or_leaves_the_picture(num_words, num_classes):
    figure = plot_explanation(make_explanation(num_words, num_classes), "A sentence.")
    figure.canvas.draw()
    for name in ("words", "scores"):
        boxes = [text.get_window_extent() for text in axes_of(figure, name).texts]
        assert boxes and all(not a.overlaps(b) for index, a in enumerate(boxes) for b in boxes[:index])
    texts = [text for axes in figure.axes for text in (*axes.texts, axes.yaxis.label)] + figure.texts
    for box in (text.get_window_extent() for text in texts if text.get_text()):
        assert box.x0 >= 0 and box.x1 <= figure.bbox.width and box.y0 >= 0 and box.y1 <= figure.bbox.height


def test_each_class_has_a_bar_for_the_model_and_for_audio_and_text_alone():
    explanation = make_explanation(3)
    bars = {bar.get_label(): bar[0].get_width() for bar in axes_of(plot_explanation(explanation), "scores").containers}
    for label, p in explanation["probabilities"].items():
        assert bars[label] == pytest.approx(p)
        for modality, alone in explanation["modalities"].items():
            assert bars[f"{label} {modality} alone"] == pytest.approx(alone[label])


def test_of_one_modality_only_the_words_are_drawn():
    figure = plot_explanation(make_explanation(3, both=False))
    assert {axes.get_label() for axes in figure.axes} == {"words", EFFECTS["effect"], "attention", "scores"}


def test_the_only_word_of_a_model_without_attention_is_drawn_without_bars():
    figure = plot_explanation(make_explanation(1, both=False, attention=None, effect=None))
    assert {axes.get_label() for axes in figure.axes} == {"words", "scores"}


def test_effects_of_next_to_nothing_are_not_drawn_large():
    figure = plot_explanation(make_explanation(3, both=False, effect=1e-6))
    assert axes_of(figure, EFFECTS["effect"]).get_ylim()[1] > 0.01
