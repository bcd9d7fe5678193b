"""The words or phonemes that a compared network reads, and the labels of its batches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch

from wise_hf.data.embeddings import PAD, UNKNOWN, WordVectors
from wise_hf.data.schema import PreparedUtterance
from wise_hf.training.system import PlainCollator


def embedding_rows(tokens: Iterable[str], vectors: WordVectors | None = None) -> dict[str, int]:
    """The row of each token in an embedding: padding 0, unknown 1, those with a vector, then the other ones, sorted.

    Args:
        tokens: those of the training part.
        vectors: word vectors, or `None`.
    """
    known = [PAD, UNKNOWN] if vectors is None else vectors.words
    return {token: row for row, token in enumerate([*known, *sorted(set(tokens).difference(known))])}


def spoken_words(utterances: Sequence[PreparedUtterance]) -> set[str]:
    """Every word, in lower case."""
    return {word.lower() for utterance in utterances for word in utterance["words"]}


@dataclass
class TokenCollator(PlainCollator):
    """Base of collators of utterances with words or phonemes.

    Args:
        rows: of the embedding, see `embedding_rows`.
        emotions: the labels, in the order of their numbers.
    """

    rows: Mapping[str, int]
    emotions: Sequence[str]

    def token_ids(self, tokens: Sequence[str]) -> torch.Tensor:
        """(length,) int64; a token without a row is unknown."""
        return torch.tensor([self.rows.get(token, self.rows[UNKNOWN]) for token in tokens])

    def labels(self, utterances: Sequence[PreparedUtterance]) -> torch.Tensor:
        """(B,) int64 numbers of the emotions."""
        return torch.tensor([self.emotions.index(utterance["emotion"]) for utterance in utterances])
