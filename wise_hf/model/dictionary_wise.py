"""How English words are pronounced: the dictionary that pocketsphinx brings along (CMUdict)."""

from functools import lru_cache

from .decoder_wise import model_file


@lru_cache(maxsize=1)
def _dictionary() -> dict[str, str]:
    lines = model_file("cmudict-en-us.dict").read_text(encoding="utf-8").splitlines()
    return dict(line.split(maxsplit=1) for line in lines)


def dictionary_lookup(word: str) -> str | None:
    """The embedded pronunciation dictionary.

    Args:
        word: a lower-case word, or an alternative such as "the(2)".

    Returns:
        Its ARPAbet phonemes joined by blanks, or None.

    Raises:
        ImportError: pocketsphinx is not installed.
    """
    return _dictionary().get(word)
