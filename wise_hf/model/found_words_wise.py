"""The words of a recording on its time line: its text is aligned, and without text a recogniser hears it first."""

import re
from collections.abc import Sequence

import numpy as np

from .alignment_wise import Alignment, align, check_length
from .decoder_wise import SAMPLING_RATE, check_samples
from .fit_wise import LEAST_FIT
from .pocketsphinx_wise import recognise_english
from .recognised_wise import Recognised, Recogniser, as_recognised, without_repeats
from .speech_wise import SPEECH_PROBABILITY, WINDOW_S, NoSpeechError, check_heard, hear_speech
from .spoken_text_wise import split_words
from .word_times_wise import words_from_times


NO_WORD = "No word was heard in the recording; give what is said in it as its text, or another one."
# A recogniser's times may be so far off before a word counts as made up in silence.
MARGIN_S = 0.2
# Below it a recogniser's words are more likely something else: how often that errs stands in docs/performance.md.
LEAST_CONFIDENCE = 0.2


def find_words(
    samples: np.ndarray,
    text: str | None = None,
    sampling_rate: int = SAMPLING_RATE,
    recogniser: Recogniser | None = None,
) -> dict:
    """The words of a recording on its time line.

    Args:
        samples: (n,) float, mono, in [-1, 1].
        text: what is said, in English; `None` where it is not known.
        sampling_rate: in Hz, 16000.
        recogniser: hears what is said where there is no text; `None` = pocketsphinx's, for English.

    Returns:
        `text`; `words` (aligned words, each with its `fit` and `confidence`); `alignment`: `aligner`, `asr+aligner`,
        `asr` (the recogniser's own times, of other languages than English), `doubtful` where the words fit so badly,
        or the recogniser is so unsure, that something else is said, or `uniform` where nothing aligned; `fit`, from 0
        to 1 how well all of them fit what is said, `None` where they were not aligned; `language` where the recogniser
        tells it; `warnings`, sentences about what is not as it should be.

    Raises:
        NoSpeechError: nobody speaks in the recording, or no word of it was heard.
        ValueError: no finite mono audio at 16 kHz, no English word in the text or too many, or too long a recording.
    """
    check_length(len(check_samples(samples, sampling_rate)) / sampling_rate)
    if text is None:
        return hear_words(samples, sampling_rate, recogniser or recognise_english)[0]
    alignment = align(samples, text, sampling_rate)
    words = [word | {"confidence": None} for word in alignment.words]
    return {
        "text": text,
        "words": words,
        "alignment": alignment.source,
        "fit": alignment.fit,
        "language": None,
        "warnings": _about(alignment),
    }


def hear_words(samples: np.ndarray, sampling_rate: int, recogniser: Recogniser) -> tuple[dict, Recognised]:
    """The words of a recording that a recogniser hears.

    Args:
        samples, sampling_rate: see `find_words`.
        recogniser: hears them.

    Returns:
        What `find_words` does, and what the recogniser gave.

    Raises:
        NoSpeechError, ValueError: see `find_words`.
    """
    checked = check_samples(samples, sampling_rate)
    speech = hear_speech(checked)
    check_heard(checked, speech)
    recognised = as_recognised(recogniser(samples, sampling_rate))
    said, warnings = _believed(recognised, speech)
    if not said:
        raise NoSpeechError(NO_WORD)
    if recognised.language in (None, "en") and any(split_words(word["word"]) for word in said):
        alignment, confidences = _aligned(samples, said, sampling_rate)
    else:
        alignment, confidences = _timed(said, speech, len(samples) / sampling_rate, recognised.language)
    warnings += _about(alignment)
    told = [confidence for confidence in confidences if confidence is not None]
    source = alignment.source
    if told and np.mean(told) < LEAST_CONFIDENCE:
        source = "doubtful"
        warnings.append(
            f"The recogniser is hardly sure of what it heard ({np.mean(told):.2f} of 1); is it another language, or "
            "poor audio?"
        )
    words = [word | {"confidence": its} for word, its in zip(alignment.words, confidences, strict=True)]
    found = {
        "text": " ".join(word["word"] for word in said),
        "words": words,
        "alignment": "asr+aligner" if source == "aligner" else source,
        "fit": alignment.fit,
        "language": recognised.language,
        "warnings": warnings,
    }
    return found, recognised


def _believed(recognised: Recognised, speech: np.ndarray) -> tuple[list[dict], list[str]]:
    """Its words without those that nobody said, and what is to be told of that."""
    spoken = [word for word in recognised.words if re.search(r"\w", word["word"])]
    once = without_repeats(spoken)
    said = [word for word in once if _is_in_speech(word, speech)]
    warnings = []
    if len(once) < len(spoken):
        warnings.append(f"The recogniser repeated itself: {len(spoken) - len(once)} of its words are left out.")
    if len(said) < len(once):
        warnings.append(f"{len(once) - len(said)} words that the recogniser heard where nobody speaks are left out.")
    return said, warnings


def _is_in_speech(word: dict, speech: np.ndarray) -> bool:
    """Whether somebody speaks when a word is said; true for one whose times are not known or cannot be right."""
    start_s, end_s = word["start_s"], word["end_s"]
    if start_s is None or end_s is None or not 0 <= start_s < end_s <= len(speech) * WINDOW_S + MARGIN_S:
        return True
    first, after = (round(time_s / WINDOW_S) for time_s in (max(start_s - MARGIN_S, 0.0), end_s + MARGIN_S))
    return bool((speech[first : after + 1] >= SPEECH_PROBABILITY).any())


def _aligned(samples: np.ndarray, said: Sequence[dict], sampling_rate: int) -> tuple[Alignment, list[float | None]]:
    """English words by the aligner; the recogniser's times are not looked at."""
    parts = [(part, word["confidence"]) for word in said for part in split_words(word["word"])]
    words, confidences = zip(*parts, strict=True)
    return align(samples, list(words), sampling_rate), list(confidences)


def _timed(
    said: Sequence[dict], speech: np.ndarray, duration_s: float, language: str | None
) -> tuple[Alignment, list[float | None]]:
    """Words of any language by the recogniser's own times, without the pauses that these may have in them."""
    words = words_from_times([_without_pause(word, speech) for word in said], duration_s, language)
    return Alignment([word | {"fit": None} for word in words], "asr"), [word["confidence"] for word in said]


def _without_pause(word: dict, speech: np.ndarray) -> dict:
    """A word whose recogniser let it begin or end in a pause, from the first to the last window of speech."""
    if word["start_s"] is None or word["end_s"] is None:
        return word
    first, after = round(max(word["start_s"], 0.0) / WINDOW_S), round(max(word["end_s"], 0.0) / WINDOW_S)
    spoken = first + np.flatnonzero(speech[first:after] >= SPEECH_PROBABILITY)
    if len(spoken) < 2:
        return word
    start_s, end_s = max(word["start_s"], spoken[0] * WINDOW_S), min(word["end_s"], (spoken[-1] + 1) * WINDOW_S)
    return word | {"start_s": float(start_s), "end_s": float(end_s)}


def _about(alignment: Alignment) -> list[str]:
    """What is not as it should be with an alignment."""
    if alignment.source == "doubtful":
        return [f"The words fit the recording badly ({alignment.fit:.2f} of 1, {LEAST_FIT:g} is needed)."]
    if alignment.source == "uniform":
        return ["The words could not be found in the recording, and are shared out evenly."]
    return []
