"""What can be trained and compared: a system, and the trial that it is put to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from accelerate import Accelerator
from transformers import PreTrainedModel

from wise_hf.data.collator import SpeakerStatistics
from wise_hf.data.embeddings import WordVectors
from wise_hf.data.schema import PreparedUtterance, Utterance
from wise_hf.training.processes import make_accelerator
from wise_hf.training.recipe import Recipe


class Collator(Protocol):
    """Utterances -> a padded batch, with `labels`. Where speakers have statistics, it has them as `statistics`."""

    def __call__(self, utterances: Sequence[PreparedUtterance]) -> dict[str, torch.Tensor]: ...

    def without_augmentation(self) -> "Collator":
        """The same for validation and test."""

    def reseed(self, *seeds: int) -> None:
        """Start whatever is drawn anew, so that a run can be resumed."""


class PlainCollator:
    """What all collators without augmentation have in common: nothing is drawn."""

    def without_augmentation(self) -> "PlainCollator":
        """The same for validation and test."""
        return self

    def reseed(self, *seeds: int) -> None:
        """There is nothing to start anew."""


Log = Callable[[dict[str, float], int], object]


def log_nothing(figures: dict[str, float], epoch: int) -> None:
    """Nobody follows the training."""


@dataclass(frozen=True)
class Trial:
    """What a system is trained and tested on: a fold, and everything that all systems share.

    Args:
        parts: the utterances of `train`, `validation` and `test` (`wise_hf.data.collator.load_utterances`).
        emotions: the labels, in the order of their numbers.
        vectors: word vectors, or `None` to learn them.
        seed: of weights, batches and augmentation.
        output_dir: for the model and its checkpoint; an interrupted trial is resumed from what it left there.
        name: what the progress bar calls it.
        statistics: of every speaker of the corpus (`wise_hf.data.collator.speaker_statistics`), where features are
            normalised by speaker.
        make_accelerator: gives a fresh accelerator for each training.
        log: called after each epoch with its figures, see `TrainingRun`, and its number.
    """

    parts: Mapping[str, Sequence[PreparedUtterance]]
    emotions: Sequence[str]
    vectors: WordVectors | None
    seed: int
    output_dir: Path
    name: str
    statistics: SpeakerStatistics = field(default_factory=dict)
    make_accelerator: Callable[[], Accelerator] = make_accelerator
    log: Log = log_nothing

    def of(self, *parts: str) -> list[PreparedUtterance]:
        """The utterances of some parts, one after the other."""
        return [utterance for part in parts for utterance in self.parts[part]]

    def labels(self, utterances: Sequence[PreparedUtterance]) -> list[int]:
        """The number of each utterance's emotion."""
        return [self.emotions.index(utterance["emotion"]) for utterance in utterances]


Build = Callable[[Sequence[PreparedUtterance], Sequence[str], WordVectors | None], tuple[PreTrainedModel, Collator]]


@dataclass(frozen=True)
class System:
    """Everything that differs from one system to the next.

    Args:
        key: names its folders, e.g. `dual_rnn`.
        name: as the tables call it, e.g. `Dual RNNs [2]`.
        extract: the map function for features: an utterance with words -> arrays by column. It is given what
            `wise_hf.data.prepare.SPOKEN` lists.
        columns: the `datasets` features of these columns.
        build: training utterances, emotions in the order of their numbers, word vectors or `None` -> a fresh model and
            its collator; it learns from the training utterances alone. `None` for what is no network.
        recipe: how the network is trained; `refit` of it trains a second one, from the validation part as well.
        fit_and_predict: for what is no network: a trial -> the class number of each test utterance.
        frames: the name of WISE's frames (`Frames.name`), where it reads those; `None` where it reads none of them.
        complete: called with the folder of a trained model, to add what was not trained; `None` = nothing is missing.
    """

    key: str
    name: str
    extract: Callable[[Utterance], dict]
    columns: Mapping[str, object]
    build: Build | None = None
    recipe: Recipe | None = None
    fit_and_predict: Callable[[Trial], Sequence[int]] | None = None
    frames: str | None = None
    complete: Callable[[Path], object] | None = None
