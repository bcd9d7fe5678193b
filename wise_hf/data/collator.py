"""Prepared utterances -> a padded batch."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from datasets import Dataset

from wise_hf.data import augmentation
from wise_hf.data.augmentation import WARPS, EncodedUtterance, warped
from wise_hf.data.columns import spellings
from wise_hf.data.schema import PreparedUtterance
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.feature_statistics_wise import RunningStatistics
from wise_hf.model.processing_wise import WISEProcessor
from wise_hf.model.speakers_wise import is_enough_speech


Statistics = tuple[np.ndarray, np.ndarray]
RAGGED = WISEFeatureExtractor.model_input_names
LABELS = ("labels", "label", "label_ids")  # the names that transformers' Trainer keeps


def load_utterances(prepared: Dataset, columns: Sequence[str] = RAGGED) -> list[PreparedUtterance]:
    """Prepared utterances in memory, as a collator takes them (IEMOCAP's four classes, for WISE: about 300 MB).

    Args:
        prepared: what `wise_hf.data.prepare.prepare` made.
        columns: features, which become NumPy arrays.

    Returns:
        The utterances, with these columns as NumPy arrays.
    """
    arrays = prepared.select_columns(list(columns)).with_format("numpy")
    texts = prepared.select_columns(["id", "speaker", "scenario", "emotion", "words"])
    return [
        text | {"words": spellings(text["words"])} | {name: np.asarray(its[name]) for name in columns}
        for its, text in zip(arrays, texts, strict=True)
    ]


def speaker_statistics(
    utterances: Sequence[PreparedUtterance], hop_ms: float, warps: Sequence[float] = (1.0,)
) -> dict[tuple[str, float], Statistics]:
    """Mean and deviation of every speaker's frames, for the normalisation by speaker.

    No label is looked at, so the speakers of a test part are normalised alike, as by a service that knows its callers.

    Args:
        utterances: of any part. Those without a speaker, and speakers without enough speech (`is_enough_speech`), get
            no statistics of their own: they are normalised by the training part's.
        hop_ms: step between the starts of two frames in milliseconds.
        warps: vocal tracts of the augmentation; a warped speaker has statistics of its own.

    Returns:
        For every speaker and warp (D,) mean and (D,) deviation, float64.
    """
    frames: defaultdict[tuple[str, float], RunningStatistics] = defaultdict(RunningStatistics)
    for utterance in utterances:
        for warp in warps if utterance["speaker"] is not None else ():
            frames[utterance["speaker"], warp].add(warped(utterance["input_features"], warp))
    return {key: its.mean_and_std() for key, its in frames.items() if is_enough_speech(its.num_frames, hop_ms)}


@dataclass
class WISECollator:
    """Batches of utterances, as the model takes them.

    Args:
        processor: normalises, pads and finds the word ids.
        label2id: the number of each emotion.
        statistics: of `speaker_statistics`; looked at where the features are normalised by speaker.
        augment: names of `AUGMENTATIONS`, for training only.
        rng: what the augmentation draws from.

    Raises:
        ValueError: for an augmentation that the features are not made for.
    """

    processor: WISEProcessor
    label2id: Mapping[str, int]
    statistics: Mapping[tuple[str, float], Statistics] = field(default_factory=dict)
    augment: Sequence[str] = ()
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def __post_init__(self):
        augmentation.check_augmentations(self.augment, self.processor.feature_extractor)

    def __call__(self, utterances: Sequence[PreparedUtterance]) -> dict[str, torch.Tensor]:
        """Make a batch of the model's inputs.

        Args:
            utterances: of `load_utterances` or of a prepared corpus. transformers' Trainer takes away all but what the
                model is called on; then `label` stands for `emotion`, and `input_ids` for `words`
                (`wise_hf.data.columns`).

        Returns:
            The model's inputs and `labels` (B,) int64.

        Raises:
            ValueError: for an utterance without what is needed of it, or whose `label` is not that of its `emotion`.
        """
        encoded = [self._encode(utterance) for utterance in utterances]
        if "mix_words" in self.augment:
            encoded = augmentation.mix_words(encoded, self.rng)
        batch = self.processor.feature_extractor.pad(encoded)
        batch = self.processor.add_word_ids(batch, [each["input_ids"] for each in encoded], return_tensors="pt")
        return dict(batch) | {"labels": torch.tensor([each["label"] for each in encoded])}

    def _encode(self, utterance: PreparedUtterance) -> EncodedUtterance:
        _check_columns(utterance, *RAGGED)
        encoded = {name: np.asarray(utterance[name]) for name in RAGGED}
        encoded["label"] = self._label(utterance)
        encoded["input_ids"] = self._word_ids(utterance, len(encoded["word_lengths"]))
        if self.statistics:
            _check_columns(utterance, "speaker")
        if "tempo" in self.augment:
            encoded = augmentation.stretch(encoded, self.rng)
        if "channel" in self.augment:
            encoded = augmentation.change_channel(encoded, self.rng)
        warp = float(self.rng.choice(WARPS)) if "warp" in self.augment else 1.0
        encoded["input_features"] = self.normalized(encoded["input_features"], utterance.get("speaker"), warp)
        if "disturb" in self.augment:
            encoded = augmentation.disturb(encoded, self.rng)
        return augmentation.drop_words(encoded, self.rng) if "drop_words" in self.augment else encoded

    def _label(self, utterance: PreparedUtterance) -> int:
        given = next((int(utterance[name]) for name in LABELS if utterance.get(name) is not None), None)
        if given is None:
            _check_columns(utterance, "emotion", instead=LABELS)
            return self.label2id[utterance["emotion"]]
        if self.label2id.get(utterance.get("emotion"), given) != given:
            raise ValueError(
                f"An utterance has the label {given} and the emotion {utterance['emotion']!r}, which is "
                f"{self.label2id[utterance['emotion']]} to the model; number the labels as its label2id does."
            )
        return given

    def _word_ids(self, utterance: PreparedUtterance, num_words: int) -> np.ndarray:
        if utterance.get("input_ids") is None:
            _check_columns(utterance, "words", instead=["input_ids"])
            return self.processor.word_ids(spellings(utterance["words"][:num_words]))
        ids = np.asarray(utterance["input_ids"], dtype=np.int64)
        if len(ids) < num_words:
            raise ValueError(f"An utterance has {len(ids)} input_ids and {num_words} words; give each word its id.")
        return ids[:num_words]

    def normalized(self, features: np.ndarray, speaker: str | None, warp: float = 1.0) -> np.ndarray:
        """(T, D) float32: raw frames of a speaker, warped, and normalised by the speaker or by the training part."""
        statistics = self.statistics.get((speaker, warp))
        return self.processor.feature_extractor.normalize(warped(features, warp), statistics)

    def without_augmentation(self) -> "WISECollator":
        """The same for validation and test."""
        return replace(self, augment=())

    def reseed(self, *seeds: int) -> None:
        """Start the augmentation's draws anew, from the run's seed and the epoch, so that a run can be resumed."""
        self.rng = np.random.default_rng(seeds)


def _check_columns(utterance: PreparedUtterance, *names: str, instead: Sequence[str] = ()) -> None:
    missing = [name for name in names if name not in utterance]
    if missing:
        others = f" (nor {' or '.join(instead)})" if instead else ""
        raise ValueError(
            f"An utterance has no {', '.join(missing)}{others}, only {', '.join(utterance)}; transformers' Trainer "
            "takes columns away: set remove_unused_columns=False in its TrainingArguments."
        )
