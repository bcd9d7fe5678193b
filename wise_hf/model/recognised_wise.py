"""What a recogniser hears in a recording: its words, with times, language and confidence where it has them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

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


# (samples (n,) float32 mono in [-1, 1], sampling rate 16000) -> Recognised, or what `as_recognised` reads.
Recogniser = Callable[[np.ndarray, int], Any]


def as_recognised(heard: Any) -> Recognised:
    """What a recogniser gave, checked.

    Args:
        heard: `Recognised`; a text; a list of words or a dict of them as known recognisers write it
            (`read_word_times`), where a dict may have a `language` besides.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(heard, Recognised):
        return Recognised(read_word_times(heard.words), heard.language, heard.language_confidence, heard.layer_states)
    if isinstance(heard, str):
        return Recognised(read_word_times([{"word": word} for word in heard.split()]))
    language = heard.get("language") if isinstance(heard, Mapping) else None
    if isinstance(heard, Mapping) and isinstance(heard.get("text"), str) and len(heard) <= 2:
        return Recognised(as_recognised(heard["text"]).words, language)
    return Recognised(read_word_times(heard), language)


def without_repeats(words: Sequence[dict]) -> list[dict]:
    """Words without the repeats in which recognisers get caught: of a phrase said over and over one is left.

    Args:
        words: of a recogniser.
    """
    kept, start = [], 0
    while start < len(words):
        length, repeats = _longest_repeat([word["word"].lower() for word in words[start:]])
        kept += words[start : start + length]
        start += length * repeats
    return kept


def _longest_repeat(said: list[str]) -> tuple[int, int]:
    """Length of the phrase at the start that is said too often, and how often; (1, 1) where there is none."""
    for length in range(1, min(LONGEST_PHRASE, len(said) // PHRASE_REPEATS) + 1):
        repeats = 1
        while said[repeats * length : (repeats + 1) * length] == said[:length]:
            repeats += 1
        if repeats >= (WORD_REPEATS if length == 1 else PHRASE_REPEATS):
            return length, repeats
    return 1, 1
