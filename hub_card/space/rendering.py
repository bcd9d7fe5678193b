"""What was heard as HTML: class bars, the words coloured by attention, the picture of the time line, messages."""

import base64
import io
from html import escape

import numpy as np


try:
    from visualization import emotion_color, percentage, plot_prediction  # in a Space it lies beside this file
except ImportError:
    from wise_hf.model.visualization import emotion_color, percentage, plot_prediction


CLOSE = 0.1  # two best classes no further apart than this are both named
_WORDS_FROM = {
    "aligner": "The words are your transcript's; when each was spoken was found in the audio.",
    "asr+aligner": "There was no transcript, so a small recogniser wrote the words down. It errs often: type what was "
    "really said and listen again for a better result.",
    "doubtful": "The words fit the audio badly, so something else, or more, seems to be said. Type what is really "
    "said: this result is worth little.",
    "corpus": "The words and their times were given.",
    "uniform": "The words could not be found in the audio. They are spread evenly over it, so times and phonemes are "
    "guesses, and the result is worth less.",
}


def render_message(sentence: str) -> str:
    """A sentence about what went wrong."""
    return f'<p class="message" role="alert">{_text(sentence)}</p>'


def render_result(result: dict) -> str:
    """Show what was heard.

    Args:
        result: of the pipeline with `return_words`.

    Returns:
        The most likely class, all classes as bars, the words, and how these were found.
    """
    best = max(result["scores"], key=lambda entry: entry["score"])
    return f"""<section class="heard" aria-label="What was heard" style="--emotion:{emotion_color(best["label"])}">
<h2 role="status">{_text(headline(result["scores"]))}</h2>
{render_bars(result["scores"])}
<h3>Which words counted</h3>
{render_words(result["words"])}
<p class="soft">{_hint(result["words"])} {_WORDS_FROM[result["alignment"]]}</p>
</section>"""


def render_live(updates: list[dict]) -> str:
    """Show what was heard so far of an utterance that somebody is saying.

    Args:
        updates: of a `WISEStreamer`, one for each word so far; or one that tells why there are none.

    Returns:
        The most likely class, all classes as bars, each in its place, and the words, which are paler until they are
        final.
    """
    *_, last = updates
    if "left_out" in last:
        return render_message(last["left_out"])
    scores = [{"label": label, "score": score} for label, score in last["probabilities"].items()]
    weights = last["attention"] or [None] * len(updates)
    words = [update | {"attention": weight, "phonemes": []} for update, weight in zip(updates, weights, strict=False)]
    best = max(scores, key=lambda entry: entry["score"])
    state = "heard" if last["is_final"] else "heard provisional"
    return f"""<section class="{state}" aria-label="What is heard" style="--emotion:{emotion_color(best["label"])}">
<h2>{_text(headline(scores))}</h2>
{render_bars(scores)}
{render_words(words)}
</section>"""


def headline(scores: list[dict]) -> str:
    """The most likely class, or the two of them where they are close."""
    best, *others = sorted(scores, key=lambda entry: -entry["score"])
    if others and best["score"] - others[0]["score"] <= CLOSE:
        return f"Undecided: {best['label']} or {others[0]['label']}"
    return f"Most likely {best['label']}"


def render_bars(scores: list[dict]) -> str:
    """A list with a bar for each class, as long as its score."""
    bars = "\n".join(
        f'<li><span class="label">{_text(entry["label"])}</span>'
        f'<span class="track" aria-hidden="true"><i style="width:{100 * entry["score"]:.2f}%;'
        f'background:{emotion_color(entry["label"])}"></i></span>'
        f'<span class="value" title="{entry["score"]:.4f}">{percentage(entry["score"])}</span></li>'
        for entry in scores
    )
    return f'<ol class="bars">\n{bars}\n</ol>'


def render_words(words: list[dict]) -> str:
    """A paragraph of the words, each the stronger coloured the more it counted, with a tooltip."""
    weights = [word["attention"] or 0.0 for word in words]
    highest = max([*weights, 1e-9])
    spans = " ".join(
        f'<span class="word" tabindex="0" aria-describedby="tip-{index}" style="--strength:{weight / highest:.3f}">'
        f'<span class="said">{_text(word["word"])}</span>'
        f'<span class="tip" role="tooltip" id="tip-{index}">{_tip(word)}</span></span>'
        for index, (word, weight) in enumerate(zip(words, weights, strict=True))
    )
    return f'<p class="words">{spans}</p>'


def _tip(word: dict) -> str:
    phonemes = " ".join(phoneme["phoneme"] for phoneme in word["phonemes"])
    attention = "" if word["attention"] is None else f"<b>{percentage(word['attention'])} of the attention</b>"
    times = f"{word['start_s']:.2f} to {word['end_s']:.2f} s"
    return f'{attention}<span>{times}</span><span class="phonemes">{_text(phonemes)}</span>'


def _hint(words: list[dict]) -> str:
    if any(word["attention"] is None for word in words):
        return "This model weighs all words alike. Point at a word or tap it for its times and phonemes."
    return (
        "The stronger a word's colour, the more it counted; point at it or tap it for its share, times and phonemes."
    )


def render_timeline(samples: np.ndarray, rate: int, result: dict) -> str:
    """Draw what was heard on a time axis.

    Args:
        samples: (num_samples,) mono audio.
        rate: in Hz.
        result: of the pipeline with `return_words`.

    Returns:
        The picture with its heading; it scrolls sideways where the page is narrow.
    """
    figure = plot_prediction(samples, rate, result["words"], result["scores"])
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=figure.dpi)
    encoded = base64.b64encode(png.getvalue()).decode()
    told = "Waveform, words, phonemes and attention on one time axis: " + " ".join(
        f"{word['word']} {word['start_s']:.2f} s," for word in result["words"]
    )
    return f"""<figure class="timeline"><h3>On the time line</h3>
<div class="scroll" tabindex="0" role="region" aria-label="The time line, scrolls sideways">
<img alt="{_text(told.rstrip(","))}" src="data:image/png;base64,{encoded}"></div></figure>"""


def _text(text: str) -> str:
    """Text that HTML shows as it is, and that the page's templates (JavaScript's and Handlebars') leave alone."""
    return escape(text).translate({ord(sign): f"&#{ord(sign)};" for sign in "`${}\\"})
