"""What a recogniser hears in a recording: its words, with times, language and confidence where it has them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

from .word_formats_wise import read_word_times


LONGEST_PHRASE = 12  # words
# So often in a row a phrase of several words, or one word, is said by nobody.
PHRASE_REPEATS, WORD_REPEATS = 4, 8


@dataclass(frozen=True)
class Recognised:
    """What a recogniser heard.

    Attributes:
        words: `{"word", "start_s", "end_s", "confidence"}` in order; times in seconds and confidence, 0 to 1, are
            `None` where it has none.
        language: ISO 639-1 code of what is spoken, such as "en"; `None` where it does not know.
        language_confidence: how sure it is of that, 0 to 1.
        layer_states: of a Whisper that heard all at once what each of its encoder's layers made of it, see
            `FrameEncoder.join`.
    """

    words: list[dict]
    language: str | None = None
    language_confidence: float | None = None
    layer_states: Sequence[torch.Tensor] | None = None


class LanguageError(ValueError):
    """A recogniser does not know a language, or cannot be told one."""


# (samples (n,) float32 mono in [-1, 1], sampling rate 16000) -> Recognised, or what `as_recognised` reads.
Recogniser = Callable[[np.ndarray, int], Any]


def as_recognised(heard: Any) -> Recognised:
    """What a recogniser gave, checked.

    Args:
        heard: `Recognised`; a text; a list of words or a dict of them as known recognisers write it
            (`read_word_times`), where a dict may have a `language` besides.

    Returns:
        Its words, and the language as ISO 639-1 code where that is known.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(heard, Recognised):
        return replace(heard, words=read_word_times(heard.words), language=language_code(heard.language))
    if isinstance(heard, str):
        return Recognised(read_word_times([{"word": word} for word in heard.split()]))
    if isinstance(heard, bytes) or not isinstance(heard, (Mapping, Sequence)):
        raise ValueError(
            f"The recogniser returned a {type(heard).__name__}; it returns a text, words with times, or a Recognised."
        )
    language = heard.get("language") if isinstance(heard, Mapping) else None
    if isinstance(heard, Mapping) and isinstance(heard.get("text"), str) and heard.keys() <= {"text", "language"}:
        return Recognised(as_recognised(heard["text"]).words, language_code(language))
    return Recognised(read_word_times(heard), language_code(language))


def language_code(language: Any) -> str | None:
    """The code of a language.

    Args:
        language: its code or name, such as "en", "en-US" or "English".

    Returns:
        The ISO 639-1 code; what is no string, or empty, gives `None`.
    """
    if not isinstance(language, str) or not language:
        return None
    language = language.lower()
    return TO_LANGUAGE_CODE.get(language, re.split("[-_]", language)[0])


def without_repeats(words: Sequence[dict]) -> list[dict]:
    """Words without the repeats in which recognisers get caught: of a phrase said over and over one is left.

    Args:
        words: `{"word", ...}` of a recogniser; signs and capitals in them make no difference.

    Returns:
        Those that are left, in order.
    """
    said = [re.sub(r"\W", "", word["word"]).lower() for word in words]
    kept, start = [], 0
    while start < len(words):
        length, repeats = _repeat_at_start(said[start:])
        kept += words[start : start + length]
        start += length * repeats
    return kept


def _repeat_at_start(said: list[str]) -> tuple[int, int]:
    """Length of the shortest phrase at the start that is said too often, and how often; (1, 1) where there is none."""
    for length in range(1, min(LONGEST_PHRASE, len(said) // PHRASE_REPEATS) + 1):
        repeats = 1
        while said[repeats * length : (repeats + 1) * length] == said[:length]:
            repeats += 1
        if repeats >= (WORD_REPEATS if length == 1 else PHRASE_REPEATS):
            return length, repeats
    return 1, 1
