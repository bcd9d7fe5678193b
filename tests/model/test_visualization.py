import errno
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from wise_hf.model.visualization import DPI, emotion_color, new_figure, plot_prediction, save_figure


RATE = 16000
SCORES = [
    {"label": "angry", "score": 0.7},
    {"label": "happy", "score": 0.2},
    {"label": "neutral", "score": 0.096},
    {"label": "sad", "score": 0.004},
]
SHORT = ["i", "hate", "that", "old", "picture"]
LONG_TEXT = (
    "i really do not know what you were thinking when you told my brother that the garden was ready because the "
    "teacher saw the car this morning and nobody had even opened the kitchen door or looked at a picture"
)
LONG = LONG_TEXT.split()


def make_words(spellings: list[str], with_attention: bool = True) -> list[dict]:
    """Words of 60 ms a letter after half a second of silence, a phoneme a letter."""
    raw = np.random.default_rng(0).dirichlet(np.ones(len(spellings)))
    words, now_s = [], 0.5
    for spelling, weight in zip(spellings, raw, strict=True):
        phonemes = []
        for letter in spelling:
            phonemes.append({"phoneme": letter.upper(), "start_s": now_s, "end_s": now_s + 0.06})
            now_s += 0.06
        span = {"start_s": phonemes[0]["start_s"], "end_s": now_s}
        words.append({"word": spelling, **span, "phonemes": phonemes, "attention": float(weight)})
    return words if with_attention else [{**word, "attention": None} for word in words]


def make_samples(words: list[dict]) -> np.ndarray:
    num_samples = round((words[-1]["end_s"] + 0.3) * RATE)
    return (0.3 * np.random.default_rng(1).standard_normal(num_samples)).clip(-1, 1).astype(np.float32)


def draw(words: list[dict], scores: list[dict] = SCORES, title: str | None = None) -> Figure:
    return plot_prediction(make_samples(words), RATE, words, scores, title)


def axes_of(figure: Figure, name: str):
    return next(axes for axes in figure.axes if axes.get_label() == name)


def texts_of(figure: Figure, name: str) -> list[str]:
    return [text.get_text() for text in axes_of(figure, name).texts]


def assert_apart(figure: Figure, name: str) -> None:
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in axes_of(figure, name).texts]
    assert all(not a.overlaps(b) for index, a in enumerate(boxes) for b in boxes[:index])


@pytest.mark.parametrize("spellings", [["hello"], SHORT, LONG], ids=["one word", "short", "40 words"])
def test_every_word_is_written_and_none_overlaps_another(spellings):
    figure = draw(make_words(spellings))
    assert texts_of(figure, "words") == spellings
    for row in ("words", "phonemes", "attention"):
        assert_apart(figure, row)


def test_words_too_many_for_the_width_are_thinned_and_stay_apart():
    figure = draw(make_words(LONG * 3))
    assert 60 < len(texts_of(figure, "words")) < len(LONG) * 5
    assert_apart(figure, "words")


def test_an_endless_word_is_cut_and_does_not_stretch_the_picture():
    words = [word | {"word": "a" * 2000} for word in make_words(SHORT)]
    figure = draw(words)
    assert texts_of(figure, "words") == ["a" * 39 + "…"] * len(SHORT)
    assert figure.get_figheight() < 10


def test_word_and_phoneme_boxes_lie_on_the_time_axis_of_the_waveform():
    words = make_words(SHORT)
    figure = draw(words)
    assert len({axes_of(figure, name).get_xlim() for name in ("waveform", "words", "phonemes", "attention")}) == 1
    for name, spans in (("words", words), ("phonemes", [p for word in words for p in word["phonemes"]])):
        boxes = [(box.get_x(), box.get_x() + box.get_width()) for box in axes_of(figure, name).patches]
        assert boxes == [pytest.approx((span["start_s"], span["end_s"])) for span in spans]
    assert texts_of(figure, "phonemes") == list("".join(SHORT).upper())


def test_attention_bars_are_as_high_as_the_weights_and_as_wide_as_the_words():
    words = make_words(SHORT)
    bars = axes_of(draw(words), "attention").patches
    assert [bar.get_height() for bar in bars] == pytest.approx([word["attention"] for word in words])
    assert [bar.get_x() for bar in bars] == pytest.approx([word["start_s"] for word in words])
    assert [bar.get_width() for bar in bars] == pytest.approx([word["end_s"] - word["start_s"] for word in words])


def test_without_attention_there_is_no_row_for_it():
    figure = draw(make_words(SHORT, with_attention=False))
    assert "attention" not in [axes.get_label() for axes in figure.axes]
    assert texts_of(figure, "words") == SHORT


def test_scores_are_bars_in_the_colour_of_their_emotion_with_percentages():
    figure = draw(make_words(SHORT))
    bars = axes_of(figure, "scores").patches[1::2]
    assert [bar.get_width() for bar in bars] == pytest.approx([score["score"] for score in SCORES])
    assert [to_hex(bar.get_facecolor()) for bar in bars] == [emotion_color(score["label"]) for score in SCORES]
    assert texts_of(figure, "scores") == ["angry", "70 %", "happy", "20 %", "neutral", "10 %", "sad", "< 1 %"]


def test_letters_that_the_font_lacks_are_spelt_in_no_warning(tmp_path, recwarn):
    save_figure(draw(make_words(["\u3053\u308d\u3059", "no"]), title="\u3053"), tmp_path / "a.png")
    assert not recwarn.list


def test_colours_of_the_four_emotions_differ_and_unknown_labels_keep_theirs():
    assert len({emotion_color(label) for label in ("angry", "happy", "neutral", "sad")}) == 4
    assert emotion_color("LABEL_7") == emotion_color("LABEL_7")


def test_dollars_in_words_and_titles_are_no_formulas(tmp_path):
    figure = draw(make_words(["$x$", "a_b", "\\frac"]), title="costs $5 or $\\frac$")
    save_figure(figure, tmp_path / "picture.png")
    assert texts_of(figure, "words") == ["$x$", "a_b", "\\frac"]


def test_no_words_and_silence_can_be_drawn(tmp_path):
    save_figure(plot_prediction(np.zeros(RATE), RATE, [], SCORES), tmp_path / "silence.png")


@pytest.mark.parametrize(
    "samples", [np.zeros(0), np.zeros((2, 10)), np.array([0.0, np.nan])], ids=["empty", "stereo", "nan"]
)
def test_samples_that_are_no_finite_mono_audio_are_refused(samples):
    with pytest.raises(ValueError, match="finite mono audio"):
        plot_prediction(samples, RATE, [], SCORES)


def test_missing_scores_are_refused():
    with pytest.raises(ValueError, match="no scores"):
        plot_prediction(np.zeros(10), RATE, [], [])


def test_picture_is_a_png_of_twelve_inches_in_a_new_folder(tmp_path):
    figure = draw(make_words(SHORT), title="I hate that old picture")
    path = save_figure(figure, tmp_path / "new" / "folder" / "picture.png")
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG"
        assert image.size == (12 * DPI, int(figure.get_figheight() * DPI))


def test_picture_of_another_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match="ends in .png"):
        save_figure(new_figure(1, 1), tmp_path / "picture.jpg")


def test_picture_is_written_whole_or_not_at_all(tmp_path):
    path = save_figure(new_figure(1, 1), tmp_path / "picture.png")
    whole, broken = path.read_bytes(), new_figure(1, 1)

    def savefig(file: Path, **options: object) -> None:
        file.write_bytes(whole[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    broken.savefig = savefig
    with pytest.raises(ValueError, match="No space left on device"):
        save_figure(broken, path)
    assert path.read_bytes() == whole and list(tmp_path.iterdir()) == [path]


def test_picture_that_cannot_be_written_is_refused_in_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    figure = new_figure(1, 1)
    with pytest.raises(ValueError, match="give another file") as error:
        save_figure(figure, tmp_path / "file" / "picture.png")
    assert "\n" not in str(error.value)
