"""Prepared utterances -> a padded batch."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from datasets import Dataset

from wise_hf.data import augmentation
from wise_hf.data.augmentation import WARPS, warped
from wise_hf.data.columns import spellings
from wise_hf.data.encoded_batch import (
    RAGGED,
    EncodedBatch,
    EncodedUtterance,
    frame_counts,
    join_utterances,
    split,
    split_utterances,
)
from wise_hf.data.mapped import arrays_of
from wise_hf.data.schema import PreparedUtterance
from wise_hf.model.feature_statistics_wise import RunningStatistics, Statistics
from wise_hf.model.processing_wise import WISEProcessor
from wise_hf.model.speakers_wise import is_enough_speech


SpeakerStatistics = Mapping[tuple[str, float, int], Statistics]
AFTER_NORMALIZATION = {
    "drop_words": augmentation.drop_words,
    "disturb": augmentation.disturb,
    "frame_noise": augmentation.add_noise,
    "mix_words": augmentation.mix_words,
}
LABELS = ("labels", "label", "label_ids")  # the names that transformers' Trainer keeps


def load_utterances(
    prepared: Dataset, columns: Sequence[str] | None = None, copies: Sequence[Dataset] = ()
) -> list[PreparedUtterance]:
    """Prepared utterances, as a collator takes them. Frames stay in their files, and are read where they are used.

    Args:
        prepared: what `wise_hf.data.prepare.prepare` made.
        columns: features, which become NumPy arrays; `None` = WISE's.
        copies: the same utterances in other recordings, as `wise_hf.data.prepare.prepare_copies` made them.

    Returns:
        The utterances, with these columns as NumPy arrays, and their `copies`, which have nothing else.
    """
    texts = prepared.select_columns(["id", "speaker", "scenario", "emotion", "words"])
    features = zip(*(arrays_of(each, columns or _columns_of(each)) for each in (prepared, *copies)), strict=True)
    return [
        text | {"words": spellings(text["words"]), "copies": others} | own
        for text, (own, *others) in zip(texts, features, strict=True)
    ]


def _columns_of(prepared: Dataset) -> list[str]:
    return [*RAGGED, *(["word_vectors"] if "word_vectors" in prepared.features else [])]


def speaker_statistics(
    utterances: Sequence[PreparedUtterance], hop_ms: float, warps: Sequence[float] = (1.0,)
) -> SpeakerStatistics:
    """Mean and deviation of every speaker's frames, for the normalisation by speaker.

    No label is looked at, so the speakers of a test part are normalised alike, as by a service that knows its callers.

    Args:
        utterances: of any part. Those without a speaker, and speakers without enough speech (`is_enough_speech`), get
            no statistics of their own: they are normalised by the training part's.
        hop_ms: step between the starts of two frames in milliseconds.
        warps: vocal tracts of the augmentation; a warped speaker has statistics of its own.

    Returns:
        For every speaker, warp and number of a copy (0: the recordings themselves) (D,) mean and (D,) deviation,
        float64.
    """
    frames: defaultdict[tuple[str, float, int], RunningStatistics] = defaultdict(RunningStatistics)
    for utterance in utterances:
        speaker, recordings = utterance["speaker"], (utterance, *utterance.get("copies", ()))
        for copy, recording in enumerate(recordings if speaker is not None else ()):
            for warp in warps:
                frames[speaker, warp, copy].add(warped(recording["input_features"], warp))
    return {key: its.mean_and_std() for key, its in frames.items() if is_enough_speech(its.num_frames, hop_ms)}


@dataclass
class WISECollator:
    """Batches of utterances, as the model takes them.

    Args:
        processor: normalises, pads and finds the word ids.
        label2id: the number of each emotion.
        statistics: of `speaker_statistics`; looked at where the features are normalised by speaker.
        augment: names of `AUGMENTATIONS`, for training only.
        draws_copies: take a copy of a recording now and then, where there are some; for training only.
        rng: what the augmentation draws from.

    Raises:
        ValueError: for an augmentation that the features are not made for.
    """

    processor: WISEProcessor
    label2id: Mapping[str, int]
    statistics: SpeakerStatistics = field(default_factory=dict)
    augment: Sequence[str] = ()
    draws_copies: bool = True
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    _known_ids: dict[str, int] = field(default_factory=dict, init=False, repr=False)  # looked up before

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
        encoded = self._encode(utterances)
        batch = self.processor.feature_extractor.pad(encoded)
        words = "word_vectors" if self.processor.cuts_words else "input_ids"
        add = self.processor.add_word_vectors if self.processor.cuts_words else self.processor.add_word_ids
        batch = add(batch, [each[words] for each in encoded], return_tensors="pt")
        return dict(batch) | {"labels": torch.tensor([each["label"] for each in encoded])}

    def _encode(self, utterances: Sequence[PreparedUtterance]) -> list[EncodedUtterance]:
        recordings, copies = zip(*(self._draw_recording(each) for each in utterances), strict=True)
        batch = join_utterances([self._read(*each) for each in zip(utterances, recordings, strict=True)])
        if "tempo" in self.augment:
            batch = augmentation.stretch(batch, self.rng)
        batch["input_features"] = self._normalized_frames(batch, utterances, copies)
        for name, vary in AFTER_NORMALIZATION.items():
            if name in self.augment:
                batch = vary(batch, self.rng)
        return split_utterances(batch)

    def _read(self, utterance: PreparedUtterance, recording: Mapping) -> EncodedUtterance:
        _check_columns(recording, *RAGGED)
        if self.statistics:
            _check_columns(utterance, "speaker")
        read = {name: np.asarray(recording[name]) for name in RAGGED} | {"label": self._label(utterance)}
        return read | self._words(utterance, len(read["word_lengths"]))

    def _normalized_frames(
        self, batch: EncodedBatch, utterances: Sequence[PreparedUtterance], copies: Sequence[int]
    ) -> np.ndarray:
        """(F, D) float32: the frames of each utterance of the batch, as its speaker is drawn to sound."""
        features = split(batch["input_features"], frame_counts(batch))
        if "channel" in self.augment:
            features = [augmentation.change_channel(each, self.rng) for each in features]
        warps = [1.0] * len(features)
        if "warp" in self.augment:
            warps = self.rng.choice(WARPS, len(features)).tolist()
        speakers = [self._draw_speaker(each) for each in utterances]
        return np.concatenate([self.normalized(*each) for each in zip(features, speakers, warps, copies, strict=True)])

    def _draw_recording(self, utterance: PreparedUtterance) -> tuple[Mapping, int]:
        """The recording that is taken, and the number of the copy that it is, 0 for the utterance's own."""
        copies = utterance.get("copies") or ()
        if not self.draws_copies or not copies or self.rng.random() >= augmentation.COPIED_SHARE:
            return utterance, 0
        copy = int(self.rng.integers(1, len(copies) + 1))
        return copies[copy - 1], copy

    def _draw_speaker(self, utterance: PreparedUtterance) -> str | None:
        """Who is taken to speak; `None` where nobody is to know."""
        is_unknown = "unknown_speakers" in self.augment and self.rng.random() < augmentation.UNKNOWN_SHARE
        return None if is_unknown else utterance.get("speaker")

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

    def _words(self, utterance: PreparedUtterance, num_words: int) -> dict[str, np.ndarray]:
        if not self.processor.cuts_words:
            return {"input_ids": self._word_ids(utterance, num_words)}
        _check_columns(utterance, "word_vectors")
        return {"word_vectors": np.asarray(utterance["word_vectors"])}

    def _word_ids(self, utterance: PreparedUtterance, num_words: int) -> np.ndarray:
        if utterance.get("input_ids") is None:
            _check_columns(utterance, "words", instead=["input_ids"])
            return self._ids_of(spellings(utterance["words"][:num_words]))
        ids = np.asarray(utterance["input_ids"], dtype=np.int64)
        if len(ids) < num_words:
            raise ValueError(f"An utterance has {len(ids)} input_ids and {num_words} words; give each word its id.")
        return ids[:num_words]

    def _ids_of(self, words: Sequence[str]) -> np.ndarray:
        new = [word for word in words if word not in self._known_ids]
        if new:
            self._known_ids.update(zip(new, self.processor.word_ids(new).tolist(), strict=True))
        return np.array([self._known_ids[word] for word in words], dtype=np.int64)

    def normalized(self, features: np.ndarray, speaker: str | None, warp: float = 1.0, copy: int = 0) -> np.ndarray:
        """(T, D) float32: raw frames of a speaker, warped, and normalised by the speaker or by the training part."""
        statistics = self.statistics.get((speaker, warp, copy))
        return self.processor.feature_extractor.normalize(warped(features, warp), statistics)

    def without_augmentation(self) -> "WISECollator":
        """The same for validation and test."""
        return replace(self, augment=(), draws_copies=False)

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
