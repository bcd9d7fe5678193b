"""Errors of a recogniser: counted against true texts, and drawn anew at any word error rate."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import jiwer
import numpy as np

from wise_hf.model.spoken_text_wise import split_words


KINDS = ("substitutions", "deletions", "insertions")
# Of every kind in every word: a recogniser that was heard for an hour has not made all its errors.
UNSEEN = 0.1


def compared_words(text: str) -> list[str]:
    """The words of a text as they are compared.

    Args:
        text: true, or heard by a recogniser.

    Returns:
        Its words in lower case, numbers as they are read out, without punctuation.
    """
    return [word.lower() for word in split_words(text)] or re.findall(r"\w+", text.lower())


def error_counts(true: Sequence[Sequence[str]], heard: Sequence[Sequence[str]]) -> dict[str, float]:
    """Word errors of texts, each a list of words.

    Args:
        true: what is said, at least a word in each text.
        heard: what was made of it.

    Returns:
        The counts of all `KINDS`, and `wer`, their sum as a share of the true words.
    """
    found = jiwer.process_words([" ".join(text) for text in true], [" ".join(text) for text in heard])
    return {kind: getattr(found, kind) for kind in KINDS} | {"wer": found.wer}


@dataclass
class Confusions:
    """What a recogniser made of words.

    Attributes:
        said: how often each word was said.
        substitutions: for each word, how often each other was heard instead.
        deletions: how often each word was missed.
        insertions: how often each word was heard where none was said.
    """

    said: Counter[str] = field(default_factory=Counter)
    substitutions: Mapping[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    deletions: Counter[str] = field(default_factory=Counter)
    insertions: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> dict[str, int]:
        """How often each of `KINDS` happened."""
        substituted = sum(each.total() for each in self.substitutions.values())
        return dict(zip(KINDS, (substituted, self.deletions.total(), self.insertions.total()), strict=True))


def count_confusions(true: Sequence[Sequence[str]], heard: Sequence[Sequence[str]]) -> Confusions:
    """Count what a recogniser made of words.

    Args:
        true: what is said, each text a list of words, at least one.
        heard: what the recogniser made of each text.

    Returns:
        The counts of all texts together.
    """
    confusions = Confusions(said=Counter(word for text in true for word in text))
    aligned = jiwer.process_words([" ".join(text) for text in true], [" ".join(text) for text in heard])
    for said, made, chunks in zip(aligned.references, aligned.hypotheses, aligned.alignments, strict=True):
        for chunk in chunks:
            ours = said[chunk.ref_start_idx : chunk.ref_end_idx]
            theirs = made[chunk.hyp_start_idx : chunk.hyp_end_idx]
            if chunk.type == "substitute":
                for one, other in zip(ours, theirs, strict=True):
                    confusions.substitutions[one][other] += 1
            elif chunk.type == "delete":
                confusions.deletions.update(ours)
            elif chunk.type == "insert":
                confusions.insertions.update(theirs)
    return confusions


def with_errors(
    true: Sequence[Sequence[str]], error_rate: float, confusions: Confusions, seed: int = 0
) -> list[list[str]]:
    """Texts as a recogniser with another word error rate may hear them.

    Errors are drawn one after the other until there are enough, so those of a lower rate are among those of a higher
    one. Their kinds are as frequent as with the recogniser; a word is substituted, or missed, the likelier the more
    often the recogniser did so, and by a word that it heard for it. Where it made no such error, any word that is said
    in the corpus takes its place.

    Args:
        true: what is said, each text a list of words, at least one.
        error_rate: errors as a share of the true words, 0 to 1.
        confusions: of the recogniser.
        seed: of the draws.

    Returns:
        The texts, with that word error rate within a word; a text may have no word left.
    """
    drawing = _Drawing(true, confusions, np.random.default_rng(seed))
    wanted = round(error_rate * sum(map(len, true)))
    distances = [0] * len(true)
    while sum(distances) < wanted:
        changed = drawing.make_error()
        distances[changed] = _distance(true[changed], drawing.text(changed))
    return [drawing.text(number) for number in range(len(true))]


def _distance(true: Sequence[str], heard: Sequence[str]) -> int:
    counts = error_counts([true], [heard])
    return sum(counts[kind] for kind in KINDS)


class _Drawing:
    """Texts in which errors are made one by one."""

    def __init__(self, true: Sequence[Sequence[str]], confusions: Confusions, rng: np.random.Generator):
        self._confusions, self._rng = confusions, rng
        self._heard = [[[word] for word in text] for text in true]  # in place of each word: it, another, none, or more
        self._places = [(number, place) for number, text in enumerate(true) for place in range(len(text))]
        words = [true[number][place] for number, place in self._places]
        substituted = Counter({word: its.total() for word, its in confusions.substitutions.items()})
        self._orders = {"substitutions": self._order(words, substituted)}
        self._orders["deletions"] = self._order(words, confusions.deletions)
        self._vocabulary = Counter(words)
        self._changed: set[tuple[int, int]] = set()

    def _order(self, words: Sequence[str], counts: Counter[str]) -> list[tuple[int, int]]:
        """The places of words, the likelier ones sooner, to be taken from the end."""
        weights = [(counts[word] + UNSEEN) / (self._confusions.said[word] + 1) for word in words]
        waits = self._rng.exponential(size=len(words)) / weights
        return [self._places[number] for number in np.argsort(-waits)]

    def text(self, number: int) -> list[str]:
        """A text as it is now heard."""
        return [word for words in self._heard[number] for word in words]

    def make_error(self) -> int:
        """Make one more error; gives the number of its text."""
        counts = np.array(list(self._confusions.counts.values())) + UNSEEN
        kind = KINDS[self._rng.choice(len(KINDS), p=counts / counts.sum())]
        if kind == "insertions" or len(self._changed) == len(self._places):
            return self._insert()
        while (place := self._orders[kind].pop()) in self._changed:
            pass
        self._changed.add(place)
        heard = self._heard[place[0]][place[1]]
        said, more = heard[0], heard[1:]  # what was inserted behind it stays
        made = [self._draw(self._confusions.substitutions.get(said), said)] if kind == "substitutions" else []
        self._heard[place[0]][place[1]] = made + more
        return place[0]

    def _insert(self) -> int:
        number, place = self._places[self._rng.integers(len(self._places))]
        self._heard[number][place].append(self._draw(self._confusions.insertions))
        return number

    def _draw(self, heard: Counter[str] | None, instead_of: str = "") -> str:
        """A word that was heard, or any of the corpus, but not the one that was said."""
        words = Counter({word: count for word, count in (heard or self._vocabulary).items() if word != instead_of})
        words = words or Counter([f"{instead_of}s"])  # the only word of its corpus
        shares = np.array(list(words.values())) / words.total()
        return list(words)[self._rng.choice(len(words), p=shares)]
