"""Words -> the pieces that a text encoder's tokenizer cuts them into, and whose piece each is."""

from collections.abc import Sequence

import numpy as np
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerBase


def cuts_words(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether a tokenizer is a text encoder's, which cuts words into pieces; another has a number for each word."""
    return not isinstance(tokenizer.backend_tokenizer.model, WordLevel)


def pieces_of(tokenizer: PreTrainedTokenizerBase, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The pieces of an utterance, cut as a text of these words with spaces between them is.

    Args:
        tokenizer: a fast one, of a text encoder.
        words: as they are written.

    Returns:
        (L,) int64 the pieces' numbers, without those that stand around a text, and (L,) int64 the word that each
        belongs to, counted from 1. A word of which the tokenizer keeps nothing has no piece.
    """
    made = tokenizer(" ".join(words), add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    starts = np.array([start for start, _ in made["offset_mapping"]], dtype=np.int64)
    ends = np.cumsum([len(word) + 1 for word in words]) - 1
    # Where a piece has the space before its word, it starts at the end of the word before.
    numbers = np.searchsorted(ends, starts, side="right") + 1
    return np.array(made["input_ids"], dtype=np.int64), np.minimum(numbers, len(words))
