"""How English words are pronounced: the dictionary that pocketsphinx brings along (CMUdict)."""

from bisect import bisect_left
from functools import lru_cache

from .decoder_wise import model_file


@lru_cache(maxsize=1)
def _dictionary() -> str:
    return model_file("cmudict-en-us.dict").read_text(encoding="utf-8")


def dictionary_lookup(word: str) -> str | None:
    """The embedded pronunciation dictionary.

    Its text is searched as it is: to split it into 134,000 words takes longer than to find a few of them.

    Args:
        word: a lower-case word, or an alternative such as "the(2)".

    Returns:
        Its ARPAbet phonemes joined by blanks, or None.

    Raises:
        ImportError: pocketsphinx is not installed.
    """
    text = _dictionary()

    def order_at(place: int) -> str:
        start = text.rfind("\n", 0, place) + 1
        return _order(text[start : text.index(" ", start)])

    start = bisect_left(range(len(text)), _order(word), key=order_at)
    found, _, phonemes = text[start : text.find("\n", start)].partition(" ")
    return phonemes if found == word else None


def _order(word: str) -> str:
    """What the dictionary is sorted by: a word's alternatives come before longer words, "a(2)" before "a's"."""
    return word.replace("(", "!")
