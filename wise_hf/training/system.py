"""A system that can be trained and compared: a row of the paper's tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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


class PlainCollator:
    """What a collator without augmentation has in common with all: nothing is drawn."""

    def without_augmentation(self) -> "PlainCollator":
        """The same for validation and test."""
        return self

    def reseed(self, *seeds: int) -> None:
        """There is nothing to start anew."""


@dataclass(frozen=True)
class Trial:
    """
    What a system is trained and tested on.

    Args:
        parts: the utterances of `train`, `validation` and `test` (`wise_hf.data.collator.load_utterances`).
        emotions: the labels, in the order of their numbers.
        vectors: word vectors, or `None` to learn them.
        seed: of weights, batches and augmentation.
        output_dir: for the model and its checkpoint; what an interrupted trial left there is gone on with.
        name: what the progress bar calls it.
    """

    parts: Mapping[str, Sequence[dict]]
    emotions: Sequence[str]
    vectors: WordVectors | None
    seed: int
    output_dir: Path
    name: str


Build = Callable[[Sequence[dict], Sequence[str], WordVectors | None], tuple[PreTrainedModel, Collator]]


@dataclass(frozen=True)
class System:
    """
    Everything that differs from one row of the tables to the next.

    Args:
        key: names its folders, e.g. `dual_rnn`.
        name: as the tables call it, e.g. `Dual RNNs [2]`.
        extract: the map function for features: of an aligned utterance `wise_hf.data.prepare.SPOKEN` -> arrays by
            column.
        columns: the `datasets` features of these columns.
        build: training rows, emotions in the order of their numbers, word vectors or `None` -> a fresh model and what
            makes its batches; nothing but the training rows is learnt from. `None` for what is no network.
        recipe: how the network is trained.
        fit_and_predict: for what is no network: a trial -> the class number of each test utterance.
    """

    key: str
    name: str
    extract: Callable[[dict], dict]
    columns: Mapping[str, object]
    build: Build | None = None
    recipe: Recipe | None = None
    fit_and_predict: Callable[[Trial], Sequence[int]] | None = None
