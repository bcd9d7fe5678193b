"""The words of a recording on its time line: its text is aligned, and without text a recogniser hears it first."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from .alignment_wise import Alignment, align, check_length
from .decoder_wise import SAMPLING_RATE, check_samples
from .fit_wise import LEAST_FIT
from .pocketsphinx_wise import recognise_english
from .pronunciation_wise import pronounce_foreign
from .recognised_wise import Recognised, Recogniser, as_recognised, without_repeats
from .speech_wise import ANY_SPEECH_PROBABILITY, WINDOW_S, NoSpeechError, check_heard, hear_speech
from .spoken_text_wise import split_words
from .transcript_tags_wise import is_tag
from .word_times_wise import repair_times, share_out


NO_WORD = "No word was heard in the recording; give what is said in it as its text, or another one."
# Tolerance on word times before a word counts as made up in silence.
MARGIN_S = 0.2
# Below it a recogniser's words are more likely something else: how often that errs stands in docs/performance.md.
LEAST_CONFIDENCE = 0.2
SURE_LANGUAGE = 0.5


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
    return _found(text, alignment, None, _about(alignment))


def found_before(
    words: Sequence[Mapping] | Mapping, duration_s: float, text: str | None = None, language: str = "en"
) -> dict:
    """Words that somebody else found, as `find_words` gives those that it finds.

    Args:
        words: see `words_from_times`.
        duration_s: length of the recording.
        text: what is said, where it is spelt otherwise than in the words.
        language: ISO 639-1 code of what is spoken.

    Raises:
        ValueError: see `words_from_times`.
    """
    timed, repairs = repair_times(words, duration_s, language)
    said = " ".join(word["word"] for word in timed)
    return _found(text or said, Alignment(timed, "corpus"), None, [] if repairs is None else [repairs])


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
    try:
        recognised = as_recognised(recogniser(samples, sampling_rate))
    except RuntimeError as error:  # of whatever library it runs on; its message may quote what was heard
        told = type(error).__name__
        raise ValueError(
            f"The recogniser failed ({told}); give the recording's text, or another recogniser."
        ) from None
    said, warnings = _believed(recognised, speech)
    warnings += _about_language(recognised)
    if not said:
        raise NoSpeechError(NO_WORD)
    if recognised.language in (None, "en") and any(split_words(word["word"]) for word in said):
        alignment = _aligned(samples, said, sampling_rate)
        warnings += _about(alignment)
    else:
        alignment, repairs = _timed(said, speech, len(samples) / sampling_rate, recognised.language)
        warnings += repairs
    sure = [word["confidence"] for word in said if word["confidence"] is not None]
    if sure and np.mean(sure) < LEAST_CONFIDENCE:
        alignment.source = "doubtful"
        warnings.append(
            f"The recogniser is hardly sure of what it heard ({np.mean(sure):.2f} of 1); is it another language, or "
            "poor audio?"
        )
    text = " ".join(word["word"] for word in said)
    return _found(text, alignment, recognised.language, warnings), recognised


def _found(text: str, alignment: Alignment, language: str | None, warnings: list[str]) -> dict:
    how = {"alignment": alignment.source, "fit": alignment.fit, "language": language, "warnings": warnings}
    return {"text": text, "words": [{"fit": None, "confidence": None} | word for word in alignment.words]} | how


def _believed(recognised: Recognised, speech: np.ndarray) -> tuple[list[dict], list[str]]:
    """Its words without those that nobody said, and what is to be told of that."""
    spoken = [word for word in recognised.words if re.search(r"\w", word["word"]) and not is_tag(word["word"])]
    once = without_repeats(spoken)
    said = [word for word in once if _is_in_speech(word, speech)]
    warnings = []
    if len(once) < len(spoken):
        warnings.append(f"The recogniser repeated itself: {len(spoken) - len(once)} of its words are left out.")
    if len(said) < len(once):
        warnings.append(f"{len(once) - len(said)} words that the recogniser heard where nobody speaks are left out.")
    return said, warnings


def _about_language(recognised: Recognised) -> list[str]:
    """What is to be told of a language that a recogniser found out and is not sure of."""
    confidence = recognised.language_confidence
    if confidence is None or confidence >= SURE_LANGUAGE:
        return []
    return [f"The recogniser takes it for '{recognised.language}' ({confidence:.2f} of 1); tell it the language."]


def _is_in_speech(word: dict, speech: np.ndarray) -> bool:
    """Whether somebody speaks when a word is said; true for one whose times are not known or cannot be right."""
    start_s, end_s = word["start_s"], word["end_s"]
    if start_s is None or end_s is None or not 0 <= start_s < end_s <= len(speech) * WINDOW_S + MARGIN_S:
        return True
    first, after = (round(time_s / WINDOW_S) for time_s in (max(start_s - MARGIN_S, 0.0), end_s + MARGIN_S))
    return bool((speech[first : after + 1] >= ANY_SPEECH_PROBABILITY).any())


def _aligned(samples: np.ndarray, said: Sequence[dict], sampling_rate: int) -> Alignment:
    """English words by the aligner; the recogniser's times are not looked at."""
    parts = [(part, word["confidence"]) for word in said for part in split_words(word["word"])]
    words, confidences = zip(*parts, strict=True)
    found = align(samples, list(words), sampling_rate)
    aligned = [word | {"confidence": its} for word, its in zip(found.words, confidences, strict=True)]
    return Alignment(aligned, "asr+aligner" if found.source == "aligner" else found.source, found.fit)


def _timed(
    said: Sequence[dict], speech: np.ndarray, duration_s: float, language: str | None
) -> tuple[Alignment, list[str]]:
    """Words of any language by the recogniser's own times, without the pauses that these may have in them."""
    given = [_without_pause(word, speech) for word in said]
    try:
        words, repairs = repair_times(given, duration_s, None if language == "en" else language)
    except ValueError:  # most of them have no times, or impossible ones
        words = _shared_out(said, speech, duration_s, language)
        warning = "The recogniser's words have no times that can be used, and are shared out evenly."
        return Alignment(_with_confidence(words, said), "uniform"), [warning]
    return Alignment(_with_confidence(words, said), "asr"), [] if repairs is None else [repairs]


def _with_confidence(words: Sequence[dict], said: Sequence[dict]) -> list[dict]:
    return [word | {"confidence": its["confidence"]} for word, its in zip(words, said, strict=True)]


def _shared_out(said: Sequence[dict], speech: np.ndarray, duration_s: float, language: str | None) -> list[dict]:
    """Words one after the other from the first to the last speech."""
    spellings = [word["word"].strip() for word in said]
    spoken = np.flatnonzero(speech >= ANY_SPEECH_PROBABILITY)
    start_s, end_s = spoken[0] * WINDOW_S, min((spoken[-1] + 1) * WINDOW_S, duration_s)
    return share_out(spellings, [pronounce_foreign(word, language) for word in spellings], start_s, end_s)


def _without_pause(word: dict, speech: np.ndarray) -> dict:
    """A word whose recogniser let it begin or end in a pause, from the first to the last window of speech."""
    if word["start_s"] is None or word["end_s"] is None:
        return word
    first, after = round(max(word["start_s"], 0.0) / WINDOW_S), round(max(word["end_s"], 0.0) / WINDOW_S)
    spoken = first + np.flatnonzero(speech[first:after] >= ANY_SPEECH_PROBABILITY)
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
