"""The corpora that can be named; each is one entry, and nothing else knows them by name."""

from wise_hf.data.corpora import crema_d, folder, iemocap, ravdess
from wise_hf.data.corpora.corpus import Corpus


CORPORA: dict[str, Corpus] = {each.CORPUS.name: each.CORPUS for each in (folder, iemocap, ravdess, crema_d)}


def register(corpus: Corpus) -> None:
    """Make a corpus of one's own known by its name; see docs/adding_a_corpus.md.

    Raises:
        ValueError: for a name that another corpus has.
    """
    if CORPORA.setdefault(corpus.name, corpus) is not corpus:
        raise ValueError(f"There is a corpus '{corpus.name}' already; call yours otherwise.")


def source_of(title: str) -> str | None:
    """Who owns the recordings of the corpus with this title, and their licence; `None` if unknown."""
    return next((each.sources[title] for each in CORPORA.values() if title in each.sources), None)
