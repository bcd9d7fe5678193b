"""A system that can be trained and compared: a row of the paper's tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

import torch
from transformers import PreTrainedModel

from wise_hf.data.embeddings import WordVectors
from wise_hf.training.recipe import Recipe


class Collator(Protocol):
    """Utterances -> a padded batch, with `labels`."""

    def __call__(self, rows: Sequence[dict]) -> dict[str, torch.Tensor]: ...

    def without_augmentation(self) -> "Collator":
        """The same for validation and test."""

    def reseed(self, *seeds: int) -> None:
        """Start whatever is drawn anew, so that a run can be resumed."""


@dataclass(frozen=True)
class System:
    """
    Everything that differs from one row of the tables to the next.

    Args:
        key: names its folders, e.g. `dual_rnn`.
        name: as the tables call it, e.g. `Dual RNNs [2]`.
        extract: the map function for features: an aligned utterance -> arrays by column.
        columns: the `datasets` features of these columns.
        build: training rows, emotions in the order of their numbers, word vectors or `None` -> a fresh model and what
            makes its batches; nothing but the training rows is learnt from.
        recipe: how it is trained.
        made_by: the modules that `extract` calls; the cached features depend on their code.
    """

    key: str
    name: str
    extract: Callable[[dict], dict]
    columns: Mapping[str, object]
    build: Callable[[Sequence[dict], Sequence[str], WordVectors | None], tuple[PreTrainedModel, Collator]]
    recipe: Recipe
    made_by: Sequence[ModuleType] = ()
