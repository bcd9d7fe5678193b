"""Prepared utterances -> a padded batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from datasets import Dataset

from wise_hf.data.augmentation import WARPS, change_channel, disturb, drop_words, mix_words, stretch, warp_matrix
from wise_hf.data.word_ids import spellings
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.feature_statistics_wise import feature_statistics
from wise_hf.model.processing_wise import WISEProcessor


Statistics = tuple[np.ndarray, np.ndarray]
MIN_SPEAKER_FRAMES = 1000
RAGGED = WISEFeatureExtractor.model_input_names
LABELS = ("labels", "label", "label_ids")  # the names that transformers' Trainer keeps


def load_rows(prepared: Dataset, columns: Sequence[str] = RAGGED) -> list[dict]:
    """
    Prepared utterances in memory, as a collator takes them (IEMOCAP's four classes, for WISE: about 300 MB).

    Args:
        prepared: what `wise_hf.data.prepare.prepare` made.
        columns: features, which become NumPy arrays.

    Returns:
        For each utterance `id`, `speaker`, `scenario`, `emotion`, `words` (spelling only) and, as NumPy arrays, raw
        `input_features` (T, 39) float32, `phoneme_lengths` (P,) and `word_lengths` (N,) int64.
    """
    arrays = prepared.select_columns(list(columns)).with_format("numpy")
    texts = prepared.select_columns(["id", "speaker", "scenario", "emotion", "words"])
    rows = []
    for ragged, row in zip(arrays, texts, strict=True):
        words = {"words": spellings(row["words"])}
        rows.append(row | words | {name: np.asarray(ragged[name]) for name in columns})
    return rows


def speaker_statistics(rows: Sequence[dict], warps: Sequence[float] = (1.0,)) -> dict[tuple[str, float], Statistics]:
    """
    Mean and deviation of every speaker's frames, for the normalisation by speaker.

    No label is looked at, so the speakers of a test part are normalised alike, as by a service that knows its callers.

    Args:
        rows: utterances of `load_rows`. Those without a speaker, and speakers of fewer than MIN_SPEAKER_FRAMES (15 s
            of speech), get no statistics of their own: they are normalised by the training part's.
        warps: vocal tracts of the augmentation; a warped speaker has statistics of its own.

    Returns:
        For every speaker and warp (39,) mean and (39,) deviation, float64.
    """
    frames: dict[str, list[np.ndarray]] = {}
    for row in rows:
        if row["speaker"] is not None:
            frames.setdefault(row["speaker"], []).append(row["input_features"])
    return {
        (speaker, warp): feature_statistics(utterance @ warp_matrix(warp) for utterance in utterances)
        for speaker, utterances in frames.items()
        if sum(map(len, utterances)) >= MIN_SPEAKER_FRAMES
        for warp in warps
    }


@dataclass
class WISECollator:
    """
    Batches of utterances, as the model takes them.

    Args:
        processor: normalises, pads and finds the word ids.
        label2id: the number of each emotion.
        statistics: of `speaker_statistics`; looked at where the features are normalised by speaker.
        augment: names of `AUGMENTATIONS`, for training only.
        rng: what the augmentation draws from.
    """

    processor: WISEProcessor
    label2id: Mapping[str, int]
    statistics: Mapping[tuple[str, float], Statistics] = field(default_factory=dict)
    augment: Sequence[str] = ()
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def __call__(self, rows: Sequence[dict]) -> dict[str, torch.Tensor]:
        """
        Args:
            rows: utterances of `load_rows` or of a prepared corpus. transformers' Trainer takes away all but what the
                model is called on; then `label` (`wise_hf.data.labels`) stands for `emotion`, and `input_ids`
                (`wise_hf.data.word_ids`) for `words`.

        Returns:
            The model's inputs and `labels` (B,) int64.

        Raises:
            ValueError: for an utterance without what is needed of it, or whose `label` is not that of its `emotion`.
        """
        utterances = [self._encode(row) for row in rows]
        if "mix_words" in self.augment:
            utterances = mix_words(utterances, self.rng)
        batch = self.processor.feature_extractor.pad(utterances)
        batch = self.processor.add_word_ids(batch, [each["input_ids"] for each in utterances], return_tensors="pt")
        return dict(batch) | {"labels": torch.tensor([each["label"] for each in utterances])}

    def _encode(self, row: dict) -> dict:
        _check_columns(row, *RAGGED)
        utterance = {name: np.asarray(row[name]) for name in RAGGED}
        utterance["label"] = self._label(row)
        utterance["input_ids"] = self._word_ids(row, len(utterance["word_lengths"]))
        if self.statistics:
            _check_columns(row, "speaker")
        if "tempo" in self.augment:
            utterance = stretch(utterance, self.rng)
        if "channel" in self.augment:
            utterance = change_channel(utterance, self.rng)
        warp = float(self.rng.choice(WARPS)) if "warp" in self.augment else 1.0
        utterance["input_features"] = self.normalized(utterance["input_features"], row.get("speaker"), warp)
        if "disturb" in self.augment:
            utterance = disturb(utterance, self.rng)
        return drop_words(utterance, self.rng) if "drop_words" in self.augment else utterance

    def _label(self, row: dict) -> int:
        given = next((int(row[name]) for name in LABELS if row.get(name) is not None), None)
        if given is None:
            _check_columns(row, "emotion", instead=LABELS)
            return self.label2id[row["emotion"]]
        if self.label2id.get(row.get("emotion"), given) != given:
            raise ValueError(
                f"An utterance has the label {given} and the emotion {row['emotion']!r}, which is "
                f"{self.label2id[row['emotion']]} to the model; number the labels as its label2id does."
            )
        return given

    def _word_ids(self, row: dict, num_words: int) -> np.ndarray:
        if row.get("input_ids") is None:
            _check_columns(row, "words", instead=["input_ids"])
            return self.processor.word_ids(spellings(row["words"][:num_words]))
        ids = np.asarray(row["input_ids"], dtype=np.int64)
        if len(ids) < num_words:
            raise ValueError(f"An utterance has {len(ids)} input_ids and {num_words} words; give each word its id.")
        return ids[:num_words]

    def normalized(self, features: np.ndarray, speaker: str | None, warp: float = 1.0) -> np.ndarray:
        """(T, 39) float32: raw frames of a speaker, warped, and normalised by the speaker or by the training part."""
        if warp != 1.0:
            features = features @ warp_matrix(warp)
        return self.processor.feature_extractor.normalize(features, self.statistics.get((speaker, warp)))

    def without_augmentation(self) -> "WISECollator":
        """The same for validation and test."""
        return replace(self, augment=())

    def reseed(self, *seeds: int) -> None:
        """Start the augmentation's draws anew, from the run's seed and the epoch, so that a run can be resumed."""
        self.rng = np.random.default_rng(seeds)


def _check_columns(row: Mapping, *names: str, instead: Sequence[str] = ()) -> None:
    missing = [name for name in names if name not in row]
    if missing:
        others = f" (nor {' or '.join(instead)})" if instead else ""
        raise ValueError(
            f"An utterance has no {', '.join(missing)}{others}, only {', '.join(row)}; transformers' Trainer takes "
            "columns away: set remove_unused_columns=False in its TrainingArguments."
        )
