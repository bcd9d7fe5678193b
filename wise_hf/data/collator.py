"""Prepared utterances -> a padded batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from datasets import Dataset

from wise_hf.feature_extraction_wise import WISEFeatureExtractor, feature_statistics
from wise_hf.processing_wise import WISEProcessor


Statistics = tuple[np.ndarray, np.ndarray]
RAGGED = WISEFeatureExtractor.model_input_names


def load_rows(prepared: Dataset) -> list[dict]:
    """
    Prepared utterances in memory, as the collator takes them (IEMOCAP's four classes: about 300 MB).

    Args:
        prepared: what `wise_hf.data.prepare.prepare` made.

    Returns:
        For each utterance `id`, `speaker`, `emotion`, `words` (spelling only) and, as NumPy arrays, raw
        `input_features` (T, 39) float32, `phoneme_lengths` (P,) and `word_lengths` (N,) int64.
    """
    arrays = prepared.select_columns(RAGGED).with_format("numpy")
    texts = prepared.select_columns(["id", "speaker", "emotion", "words"])
    rows = []
    for ragged, row in zip(arrays, texts, strict=True):
        words = {"words": [word["word"] for word in row["words"]]}
        rows.append(row | words | {name: np.asarray(ragged[name]) for name in RAGGED})
    return rows


def speaker_statistics(rows: Sequence[dict]) -> dict[str | None, Statistics]:
    """
    Mean and deviation of every speaker's frames, for the normalisation by speaker.

    No label is looked at, so the speakers of a test part are normalised alike, as by a service that knows its callers.

    Args:
        rows: utterances of `load_rows`; those without a speaker are normalised one by one.

    Returns:
        For every speaker (39,) mean and (39,) deviation, float64.
    """
    frames: dict[str, list[np.ndarray]] = {}
    for row in rows:
        if row["speaker"] is not None:
            frames.setdefault(row["speaker"], []).append(row["input_features"])
    return {speaker: feature_statistics(values) for speaker, values in frames.items()}


@dataclass
class WISECollator:
    """
    Batches of utterances, as the model takes them.

    Args:
        processor: normalises, pads and finds the word ids.
        label2id: the number of each emotion.
        statistics: mean and deviation by speaker; looked at where the features are normalised by speaker.
        augment: changes an utterance's raw arrays, in training only.
        rng: what the augmentation draws from.
    """

    processor: WISEProcessor
    label2id: Mapping[str, int]
    statistics: Mapping[str | None, Statistics] = field(default_factory=dict)
    augment: Callable[[dict, np.random.Generator], dict] | None = None
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def __call__(self, rows: Sequence[dict]) -> dict[str, torch.Tensor]:
        """
        Args:
            rows: utterances of `load_rows`.

        Returns:
            The model's inputs and `labels` (B,) int64.
        """
        batch = self.processor.feature_extractor.pad([self._ragged(row) for row in rows])
        batch = self.processor.add_word_ids(batch, [row["words"] for row in rows], return_tensors="pt")
        return dict(batch) | {"labels": torch.tensor([self.label2id[row["emotion"]] for row in rows])}

    def _ragged(self, row: dict) -> dict:
        ragged = {name: row[name] for name in RAGGED}
        if self.augment is not None:
            ragged = self.augment(ragged, self.rng)
        return ragged | {"input_features": self.normalized(ragged | {"speaker": row["speaker"]})}

    def normalized(self, row: dict) -> np.ndarray:
        """(T, 39) float32: an utterance's frames, normalised by its speaker or by the training part."""
        statistics = self.statistics.get(row["speaker"])
        return self.processor.feature_extractor.normalize(row["input_features"], statistics)

    def without_augmentation(self) -> "WISECollator":
        """The same for validation and test."""
        return replace(self, augment=None)

    def reseed(self, *seeds: int) -> None:
        """Start the augmentation's draws anew, from the run's seed and the epoch, so that a run can be resumed."""
        self.rng = np.random.default_rng(seeds)
