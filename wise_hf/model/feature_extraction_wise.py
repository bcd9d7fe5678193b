"""From audio with aligned words to the ragged hierarchy the model reads: frames in phonemes in words."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from transformers.feature_extraction_utils import BatchFeature, FeatureExtractionMixin

from .feature_batch_wise import check_padding, dense_features, parts_of, stack_padded
from .feature_statistics_wise import Statistics, feature_statistics, statistics_as_lists
from .frame_selection_wise import (
    FrameSelection,
    Words,
    check_inside,
    owned_frames,
    phoneme_times,
    phonemes_of,
    positions,
)
from .frames_wise import extract_frames, frame_extractor
from .inputs_wise import check_options, refuse_misspelt, utterance_lists
from .level_wise import bring_to_level
from .mfcc_wise import SAMPLING_RATE, frame_sizes, validate_samples


logger = logging.getLogger(__name__)

NORMALIZATIONS = ("none", "global", "speaker")
LEVELS = ("speech", "as_recorded")


class WISEFeatureExtractor(FeatureExtractionMixin):
    """Turns audio with aligned words into normalised frames of phonemes of words, and pads batches of them.

    Args:
        sampling_rate: samples a second that the audio must have.
        feature_size: values a frame (D in the shapes here); None takes what the frame extractor gives, 39 for MFCC (13
            cepstra, deltas, accelerations).
        frame_ms: length of a frame in milliseconds; None takes the frame extractor's, 25 for MFCC.
        hop_ms: step between the starts of two frames in milliseconds; None takes the frame extractor's, 15 for MFCC.
        mfcc_backend: "native" (NumPy) or "opensmile" (the package of that name), which both give the same MFCC; or a
            frame extractor of one's own as "module:attribute" (`FrameExtractor` in frames_wise.py).
        level: "speech" (every recording is brought to one level first) or "as_recorded".
        normalization: "global" (stored mean and std), "speaker" (those of the speaker, where known) or "none".
        mean: stored mean of each value over the training frames, or None before `set_statistics`.
        std: stored standard deviation of each value, above 0, or None before `set_statistics`.
        max_frames_per_phoneme: frames kept of a phoneme, the first ones.
        max_phonemes_per_word: phonemes kept of a word, the first ones.
        max_words: words kept of an utterance, the first ones.
        padding_value: what `input_features` are padded with.

    Raises:
        ValueError: a choice is unknown, a name is misspelt, a size is not positive, or mean and std do not fit.
    """

    model_input_names = ["input_features", "phoneme_lengths", "word_lengths"]

    def __init__(
        self,
        sampling_rate: int = SAMPLING_RATE,
        feature_size: int | None = None,
        frame_ms: float | None = None,
        hop_ms: float | None = None,
        mfcc_backend: str = "native",
        level: str = "as_recorded",
        normalization: str = "global",
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        max_frames_per_phoneme: int = 64,
        max_phonemes_per_word: int = 14,
        max_words: int = 128,
        padding_value: float = 0.0,
        **kwargs,
    ):
        refuse_misspelt(type(self), kwargs)  # the library writes names of its own into a saved extractor
        super().__init__(**kwargs)
        self.sampling_rate = sampling_rate
        frames = frame_extractor(mfcc_backend)
        self.feature_size = frames.feature_size if feature_size is None else feature_size
        self.frame_ms = frames.frame_ms if frame_ms is None else frame_ms
        self.hop_ms = frames.hop_ms if hop_ms is None else hop_ms
        self.mfcc_backend = mfcc_backend
        self.level = level
        self.normalization = normalization
        self.max_frames_per_phoneme = max_frames_per_phoneme
        self.max_phonemes_per_word = max_phonemes_per_word
        self.max_words = max_words
        self.padding_value = padding_value
        self.mean, self.std = statistics_as_lists(mean, std, self.feature_size)
        self._validate()

    @property
    def also_runs(self) -> tuple[Callable, ...]:
        """Code that no import leads to, for caches of what it makes."""
        return (frame_extractor(self.mfcc_backend).extract,)

    def _validate(self) -> None:
        for name, choices in (("level", LEVELS), ("normalization", NORMALIZATIONS)):
            if getattr(self, name) not in choices:
                expected = ", ".join(map(repr, choices))
                raise ValueError(f"{name} is {getattr(self, name)!r}, expected one of {expected}.")
        frame_sizes(self.sampling_rate, self.frame_ms, self.hop_ms)
        expected = frame_extractor(self.mfcc_backend).feature_size
        if self.feature_size != expected:
            raise ValueError(
                f"feature_size is {self.feature_size}, expected {expected}, the values of a frame of "
                f"{self.mfcc_backend!r}; leave it out."
            )
        for name in ("max_frames_per_phoneme", "max_phonemes_per_word", "max_words"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, expected 1 or more.")

    def __call__(
        self,
        audio: np.ndarray | torch.Tensor | Sequence,
        words: Words | Sequence[Words] | None = None,
        sampling_rate: int | None = None,
        return_tensors: str | None = None,
        padding: bool | str = True,
        statistics: Statistics | None = None,
        **kwargs,
    ) -> BatchFeature:
        """Features of one utterance or a list of them, normalised and padded to a batch.

        Args:
            audio: mono samples of shape (n,), floating point in [-1, 1], as an array, a tensor or a list of numbers;
                or a list of such, or an array or tensor of shape (B, n).
            words: aligned words of the utterance, or a list of such for a list of audio: dicts with `word`, `start_s`,
                `end_s` and `phonemes`, each a dict with `phoneme`, `start_s`, `end_s`, in seconds.
            sampling_rate: samples a second of the audio; a warning is logged without it.
            return_tensors: "np" or "pt"; NumPy arrays by default.
            padding: True or "longest", what is always done; collators pass it.
            statistics: mean and std of the speaker of all of them, see `normalize`; None where the speaker is unknown.
            **kwargs: refused, so that a misspelt argument is not lost.

        Returns:
            BatchFeature: `input_features` (B, T, D) float32, `phoneme_lengths` (B, P) int64, `word_lengths` (B, N)
            int64; a length of 0 is padding.

        Raises:
            ValueError: words are missing or do not fit the audio, the audio or its rate is not as expected, or an
                argument is unknown.
        """
        check_options(self.__call__, padding, kwargs)
        audio, words = utterance_lists(audio, words)
        selected = [self.select_features(one, its, sampling_rate) for one, its in zip(audio, words, strict=True)]
        raw, selections = zip(*selected, strict=True)
        self._report_cuts(selections)
        features = [self.normalize(frames, statistics) for frames in raw]
        lengths = {name: [getattr(its, name) for its in selections] for name in ("phoneme_lengths", "word_lengths")}
        return self.pad({"input_features": features, **lengths}, return_tensors=return_tensors)

    def select_features(
        self, samples: np.ndarray, words: Words, sampling_rate: int | None
    ) -> tuple[np.ndarray, FrameSelection]:
        """The frames of the words' phonemes, not normalised.

        Args:
            samples, sampling_rate: see `extract`.
            words: see `select_frames`.

        Returns:
            np.ndarray: float32 of shape (T, D), and which frames of the utterance they are.

        Raises:
            ValueError: the audio or the words cannot be used, or do not fit.
        """
        features = self.extract(samples, sampling_rate)
        selection = self.select_frames(len(features), words)
        check_inside(words, len(samples) / self.sampling_rate)
        return features[selection.frame_index], selection

    def _report_cuts(self, selections: Sequence[FrameSelection]) -> None:
        limits = {
            "cut_frames": f"frames beyond {self.max_frames_per_phoneme} a phoneme",
            "cut_phonemes": f"phonemes beyond {self.max_phonemes_per_word} a word",
            "cut_words": f"words beyond {self.max_words} an utterance",
        }
        counts = {name: sum(getattr(selection, name) for selection in selections) for name in limits}
        if any(counts.values()):
            logger.warning("Left out %s.", ", ".join(f"{counts[name]} {limit}" for name, limit in limits.items()))

    def extract(self, samples: np.ndarray, sampling_rate: int | None) -> np.ndarray:
        """The values of every frame of an utterance, not normalised.

        Args:
            samples: mono audio of shape (n,), floating point in [-1, 1].
            sampling_rate: samples a second of the audio; a warning is logged for None.

        Returns:
            np.ndarray: float32 of shape (T, D).

        Raises:
            ValueError: the audio is not at the extractor's rate, or not one channel of finite floating point samples.
            ImportError: the openSMILE backend is chosen and opensmile is not installed.
        """
        if sampling_rate is None:
            _warn_rate_missing(self.sampling_rate)
        elif sampling_rate != self.sampling_rate:
            raise ValueError(
                f"Audio has {sampling_rate} samples a second, this feature extractor expects {self.sampling_rate}; "
                f"resample it first, for instance with soxr.resample(samples, {sampling_rate}, {self.sampling_rate})."
            )
        samples = validate_samples(samples)
        if self.level == "speech":
            samples = bring_to_level(samples, self.sampling_rate)
        return extract_frames(
            self.mfcc_backend, samples, self.sampling_rate, self.feature_size, self.frame_ms, self.hop_ms
        )

    def select_frames(self, num_frames: int, words: Words) -> FrameSelection:
        """The frames of each phoneme: those whose centre lies in [start, end), or the one nearest to its middle.

        Args:
            num_frames: frames of the utterance, above 0.
            words: aligned words, dicts with `phonemes`, each a dict with `start_s` and `end_s` in seconds.

        Returns:
            FrameSelection: frame numbers, lengths of phonemes and words, counts of what the limits removed.

        Raises:
            ValueError: there is no frame or no word, a word has no phonemes, or a time is missing or out of order.
        """
        if num_frames < 1:
            raise ValueError(f"num_frames is {num_frames}, expected 1 or more; extract the features first.")
        kept = words[: self.max_words]
        lengths = np.array([len(phonemes_of(word)) for word in kept], dtype=np.int64)
        if lengths.size == 0:
            raise ValueError("No words given, expected one aligned word or more; leave out utterances without speech.")
        word_lengths = np.minimum(lengths, self.max_phonemes_per_word)
        times_s = phoneme_times(kept, self.max_phonemes_per_word)
        first, count = owned_frames(num_frames, *times_s, self.sampling_rate, self.frame_ms, self.hop_ms)
        phoneme_lengths = np.minimum(count, self.max_frames_per_phoneme)
        return FrameSelection(
            frame_index=np.repeat(first, phoneme_lengths) + positions(phoneme_lengths),
            phoneme_lengths=phoneme_lengths,
            word_lengths=word_lengths,
            cut_frames=int((count - phoneme_lengths).sum()),
            cut_phonemes=int((lengths - word_lengths).sum()),
            cut_words=len(words) - len(kept),
        )

    def normalize(self, features: np.ndarray, statistics: Statistics | None = None) -> np.ndarray:
        """Features with mean 0 and deviation 1, after the extractor's `normalization`.

        Args:
            features: float32 of shape (T, D).
            statistics: mean and std of the speaker, (D,) each, as `feature_statistics` gives; used by "speaker" only,
                which takes the stored ones for an unknown speaker: those of a single recording hide its emotion.

        Returns:
            np.ndarray: float32 of shape (T, D); the features themselves where the normalisation is "none".

        Raises:
            ValueError: the stored statistics are needed and there are none yet.
        """
        features = np.asarray(features, dtype=np.float32)
        if self.normalization == "none":
            return features
        if self.normalization == "global" or statistics is None:
            if self.mean is None:
                raise ValueError(
                    f'normalization="{self.normalization}" has no mean and std yet; call set_statistics with the '
                    'training features or choose normalization="none".'
                )
            statistics = self.mean, self.std
        mean, std = (np.asarray(values, dtype=np.float32) for values in statistics)
        return (features - mean) / std

    def set_statistics(self, features: Iterable[np.ndarray]) -> None:
        """Stores mean and standard deviation of each coefficient over all frames, for normalization="global".

        Args:
            features: arrays of shape (T, D), the kept frames of the training utterances, not normalised.

        Raises:
            ValueError: there is no frame, or an array does not have as many finite values a frame.
        """
        self.mean, self.std = statistics_as_lists(*feature_statistics(features), self.feature_size)

    def pad(
        self,
        encoded: Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]],
        padding: bool | str = True,
        max_length: int | None = None,
        truncation: bool = False,
        pad_to_multiple_of: int | None = None,
        return_attention_mask: bool | None = None,
        return_tensors: str | None = None,
    ) -> BatchFeature:
        """A batch of utterances, each padded to the longest.

        Args:
            encoded: for each utterance `input_features` (T, D), `phoneme_lengths` (P,), `word_lengths` (N,), or each
                of the three for all utterances, as a batch has them; anything else in it is left out.
            padding: True or "longest"; this and the following are what transformers' collators pass.
            max_length, truncation, pad_to_multiple_of, return_attention_mask: not done; leave them out.
            return_tensors: "np" or "pt"; NumPy arrays by default.

        Returns:
            BatchFeature: `input_features` (B, T, D) float32, `phoneme_lengths` (B, P) int64, `word_lengths` (B, N)
            int64; lengths are padded with 0.

        Raises:
            ValueError: there is no utterance, one lacks a part or has it in another shape, or another padding is asked
                for.
        """
        others = {
            "max_length": max_length,
            "truncation": truncation,
            "pad_to_multiple_of": pad_to_multiple_of,
            "return_attention_mask": return_attention_mask,
        }
        check_padding(padding, others)
        parts = parts_of(encoded, self.model_input_names)
        frames, value = parts.pop("input_features"), self.padding_value
        batch = {"input_features": stack_padded("input_features", frames, np.float32, value, self.feature_size)}
        batch |= {name: stack_padded(name, lengths, np.int64, 0) for name, lengths in parts.items()}
        return BatchFeature(batch, tensor_type=return_tensors)

    def to_dense(self, batch: Mapping[str, Any]) -> dict[str, np.ndarray | torch.Tensor]:
        """The paper's tensor of words x phonemes x frames with its masks, from a padded batch.

        Args:
            batch: `input_features` (B, T, D), `phoneme_lengths` (B, P), `word_lengths` (B, N), NumPy or torch.

        Returns:
            dict: `input_features` (B, N, 14, 64, D) of the batch's dtype, `frame_mask` (B, N, 14, 64), `phoneme_mask`
            (B, N, 14) and `word_mask` (B, N) bool, with N the words of the longest utterance and 14 and 64 the
            extractor's limits; torch tensors on the same device where `input_features` is one.

        Raises:
            ValueError: the lengths contradict each other, the features, or the limits.
        """
        return dense_features(batch, self.max_phonemes_per_word, self.max_frames_per_phoneme, self.padding_value)


@lru_cache(maxsize=8)
def _warn_rate_missing(sampling_rate: int) -> None:
    # Cached, so that a loop over a corpus says it once.
    logger.warning(
        "No sampling_rate given, the audio is taken to have %d samples a second; pass it to be safe.", sampling_rate
    )
