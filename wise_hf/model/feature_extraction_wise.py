"""From audio with aligned words to the ragged hierarchy the model reads: frames in phonemes in words."""

import inspect
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from transformers.feature_extraction_utils import BatchFeature, FeatureExtractionMixin

from .feature_statistics_wise import FEATURE_SIZE, Statistics, feature_statistics, statistics_as_lists
from .level_wise import bring_to_level
from .mfcc_wise import FRAME_MS, HOP_MS, SAMPLING_RATE, frame_sizes, mfcc_native, validate_samples
from .opensmile_wise import mfcc_opensmile


logger = logging.getLogger(__name__)

MFCC_BACKENDS = {"native": mfcc_native, "opensmile": mfcc_opensmile}
NORMALIZATIONS = ("none", "global", "speaker")
LEVELS = ("speech", "as_recorded")

Words = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class FrameSelection:
    """Which frames of an utterance its phonemes keep, and what the limits on their number removed."""

    frame_index: np.ndarray  # (F,) int64, frames of all phonemes one after the other, 0 <= index < num_frames
    phoneme_lengths: np.ndarray  # (P,) int64, frames in each phoneme, 1..max_frames_per_phoneme, sum F
    word_lengths: np.ndarray  # (N,) int64, phonemes in each word, 1..max_phonemes_per_word, sum P
    cut_frames: int  # frames of kept phonemes beyond the limit
    cut_phonemes: int  # phonemes of kept words beyond the limit
    cut_words: int  # words beyond the limit


class WISEFeatureExtractor(FeatureExtractionMixin):
    """Turns audio with aligned words into normalised MFCC, as frames of phonemes of words, and pads batches of them.

    Args:
        sampling_rate: samples a second that the audio must have.
        feature_size: values a frame; 39 (13 cepstra, deltas, accelerations).
        frame_ms: length of a frame in milliseconds.
        hop_ms: step between the starts of two frames in milliseconds.
        mfcc_backend: "native" (NumPy) or "opensmile" (the package of that name); both give the same values.
        level: "speech" (every recording is brought to one level first) or "as_recorded".
        normalization: "global" (stored mean and std), "speaker" (those of the speaker, where known) or "none".
        mean: stored mean of each of the 39 values over the training frames, or None before `set_statistics`.
        std: stored standard deviation of each of the 39 values, above 0, or None before `set_statistics`.
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
        feature_size: int = FEATURE_SIZE,
        frame_ms: float = FRAME_MS,
        hop_ms: float = HOP_MS,
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
        self.feature_size = feature_size
        self.frame_ms = frame_ms
        self.hop_ms = hop_ms
        self.mfcc_backend = mfcc_backend
        self.level = level
        self.normalization = normalization
        self.max_frames_per_phoneme = max_frames_per_phoneme
        self.max_phonemes_per_word = max_phonemes_per_word
        self.max_words = max_words
        self.padding_value = padding_value
        self.mean, self.std = statistics_as_lists(mean, std)
        self._validate()

    def _validate(self) -> None:
        _check_choice("mfcc_backend", self.mfcc_backend, tuple(MFCC_BACKENDS))
        _check_choice("level", self.level, LEVELS)
        _check_choice("normalization", self.normalization, NORMALIZATIONS)
        frame_sizes(self.sampling_rate, self.frame_ms, self.hop_ms)
        if self.feature_size != FEATURE_SIZE:
            raise ValueError(
                f"feature_size is {self.feature_size}, expected {FEATURE_SIZE}, the MFCC values of a frame."
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
            **kwargs: refused, so that a misspelt argument is not lost.

        Returns:
            BatchFeature: `input_features` (B, T, 39) float32, `phoneme_lengths` (B, P) int64, `word_lengths` (B, N)
            int64; a length of 0 is padding.

        Raises:
            ValueError: words are missing or do not fit the audio, the audio or its rate is not as expected, or an
                argument is unknown.
        """
        check_options(self.__call__, padding, kwargs)
        audio, words = _as_lists_of_utterances(audio, words)
        selected = [
            self._encode(samples, own_words, sampling_rate) for samples, own_words in zip(audio, words, strict=True)
        ]
        self._report_cuts([selection for _, selection in selected])
        encoded = [
            {
                "input_features": features,
                "phoneme_lengths": selection.phoneme_lengths,
                "word_lengths": selection.word_lengths,
            }
            for features, selection in selected
        ]
        return self.pad(encoded, return_tensors=return_tensors)

    def _encode(
        self, samples: np.ndarray, words: Words, sampling_rate: int | None
    ) -> tuple[np.ndarray, FrameSelection]:
        features = self.extract(samples, sampling_rate)
        selection = self.select_frames(len(features), words)
        _check_inside(words, len(samples) / self.sampling_rate)
        return self.normalize(features[selection.frame_index]), selection

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
        """MFCC of every frame of an utterance, not normalised.

        Args:
            samples: mono audio of shape (n,), floating point in [-1, 1].
            sampling_rate: samples a second of the audio; a warning is logged for None.

        Returns:
            np.ndarray: float32 of shape (T, 39).

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
        if self.level == "speech":
            samples = bring_to_level(validate_samples(samples), self.sampling_rate)
        backend = MFCC_BACKENDS[self.mfcc_backend]
        return backend(samples, self.sampling_rate, frame_ms=self.frame_ms, hop_ms=self.hop_ms)

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
        lengths = np.array([len(_phonemes_of(word)) for word in kept], dtype=np.int64)
        if lengths.size == 0:
            raise ValueError(
                "No words given, expected at least one aligned word; leave out utterances without speech."
            )
        word_lengths = np.minimum(lengths, self.max_phonemes_per_word)
        first, count = self._owned_frames(num_frames, *_phoneme_times(kept, self.max_phonemes_per_word))
        phoneme_lengths = np.minimum(count, self.max_frames_per_phoneme)
        return FrameSelection(
            frame_index=np.repeat(first, phoneme_lengths) + _positions(phoneme_lengths),
            phoneme_lengths=phoneme_lengths,
            word_lengths=word_lengths,
            cut_frames=int((count - phoneme_lengths).sum()),
            cut_phonemes=int((lengths - word_lengths).sum()),
            cut_words=len(words) - len(kept),
        )

    def _owned_frames(self, num_frames: int, start_s: np.ndarray, end_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First frame and number of frames, (P,) int64 each, of phonemes from start_s to end_s, (P,) float64 each."""
        frame, hop = frame_sizes(self.sampling_rate, self.frame_ms, self.hop_ms)
        # One division of whole numbers gives the float nearest to each centre, so a time on a centre compares equal.
        centres_s = (2 * hop * np.arange(num_frames) + frame) / (2 * self.sampling_rate)
        first = np.searchsorted(centres_s, start_s, side="left")
        count = np.searchsorted(centres_s, end_s, side="left") - first
        nearest = np.rint(((start_s + end_s) * self.sampling_rate - frame) / (2 * hop))
        nearest = np.clip(nearest, 0, num_frames - 1).astype(np.int64)
        return np.where(count > 0, first, nearest), np.maximum(count, 1)

    def normalize(self, features: np.ndarray, statistics: Statistics | None = None) -> np.ndarray:
        """Features with mean 0 and deviation 1, after the extractor's `normalization`.

        Args:
            features: float32 of shape (T, 39).
            statistics: mean and std of the speaker, (39,) each, as `feature_statistics` gives; used by "speaker" only,
                which takes the stored ones for an unknown speaker: those of a single recording hide its emotion.

        Returns:
            np.ndarray: float32 of shape (T, 39); the features themselves where the normalisation is "none".

        Raises:
            ValueError: the stored statistics are needed and there are none yet.
        """
        features = np.asarray(features, dtype=np.float32)
        if self.normalization == "none":
            return features
        if self.normalization == "global" or statistics is None:
            statistics = self._stored_statistics()
        mean, std = (np.asarray(values, dtype=np.float32) for values in statistics)
        return (features - mean) / std

    def _stored_statistics(self) -> Statistics:
        if self.mean is None:
            raise ValueError(
                f'normalization="{self.normalization}" has no mean and std yet; call set_statistics with the training '
                'features or choose normalization="none".'
            )
        return self.mean, self.std

    def set_statistics(self, features: Iterable[np.ndarray]) -> None:
        """Stores mean and standard deviation of each coefficient over all frames, for normalization="global".

        Args:
            features: arrays of shape (T, 39), the kept frames of the training utterances, not normalised.

        Raises:
            ValueError: there is no frame, or an array does not have 39 finite values a frame.
        """
        self.mean, self.std = statistics_as_lists(*feature_statistics(features))

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
            encoded: for each utterance `input_features` (T, 39), `phoneme_lengths` (P,), `word_lengths` (N,), or each
                of the three for all utterances, as a batch has them; anything else in it is left out.
            padding: True or "longest"; this and the following are what transformers' collators pass.
            max_length, truncation, pad_to_multiple_of, return_attention_mask: not done; leave them out.
            return_tensors: "np" or "pt"; NumPy arrays by default.

        Returns:
            BatchFeature: `input_features` (B, T, 39) float32, `phoneme_lengths` (B, P) int64, `word_lengths` (B, N)
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
        _check_padding(padding, others)
        parts = _parts_of(encoded, self.model_input_names)
        features = parts["input_features"]
        batch = {
            "input_features": _stack("input_features", features, np.float32, self.padding_value, self.feature_size),
            "phoneme_lengths": _stack("phoneme_lengths", parts["phoneme_lengths"], np.int64, 0),
            "word_lengths": _stack("word_lengths", parts["word_lengths"], np.int64, 0),
        }
        return BatchFeature(batch, tensor_type=return_tensors)

    def to_dense(self, batch: Mapping[str, Any]) -> dict[str, np.ndarray | torch.Tensor]:
        """The paper's tensor of words x phonemes x frames with its masks, from a padded batch.

        Args:
            batch: `input_features` (B, T, 39), `phoneme_lengths` (B, P), `word_lengths` (B, N), NumPy or torch.

        Returns:
            dict: `input_features` (B, N, 14, 64, 39) of the batch's dtype, `frame_mask` (B, N, 14, 64), `phoneme_mask`
            (B, N, 14) and `word_mask` (B, N) bool, with N the words of the longest utterance and 14 and 64 the
            extractor's limits; torch tensors on the same device where `input_features` is one.

        Raises:
            ValueError: the lengths contradict each other, the features, or the limits.
        """
        features = batch["input_features"]
        phoneme_lengths, word_lengths = (_to_numpy(batch[key]) for key in ("phoneme_lengths", "word_lengths"))
        self._check_lengths(features.shape[1], phoneme_lengths, word_lengths)
        word_mask = word_lengths[:, : (word_lengths > 0).sum(axis=1).max()] > 0
        shape = (*word_mask.shape, self.max_phonemes_per_word, self.max_frames_per_phoneme)
        source, target = _scatter_indices(phoneme_lengths, word_lengths)
        frame_mask = np.zeros(shape, dtype=bool)
        frame_mask[target] = True
        masks = {"frame_mask": frame_mask, "phoneme_mask": frame_mask[..., 0], "word_mask": word_mask}
        if isinstance(features, torch.Tensor):
            source, target = (
                tuple(torch.from_numpy(i).to(features.device) for i in index) for index in (source, target)
            )
            masks = {name: torch.tensor(mask, device=features.device) for name, mask in masks.items()}
            dense = features.new_full((*shape, features.shape[2]), self.padding_value)
        else:
            dense = np.full((*shape, features.shape[2]), self.padding_value, dtype=features.dtype)
        dense[target] = features[source]
        return {"input_features": dense, **masks}

    def _check_lengths(self, num_frames: int, phoneme_lengths: np.ndarray, word_lengths: np.ndarray) -> None:
        if (word_lengths.sum(axis=1) != (phoneme_lengths > 0).sum(axis=1)).any():
            raise ValueError(
                f"word_lengths count {word_lengths.sum(axis=1).tolist()} phonemes, phoneme_lengths hold "
                f"{(phoneme_lengths > 0).sum(axis=1).tolist()}; take both from the same utterances."
            )
        if phoneme_lengths.sum(axis=1).max() > num_frames:
            raise ValueError(
                f"phoneme_lengths count {phoneme_lengths.sum(axis=1).max()} frames, input_features hold {num_frames}; "
                "take both from the same utterances."
            )
        limits = (self.max_phonemes_per_word, self.max_frames_per_phoneme)
        longest = (int(word_lengths.max()), int(phoneme_lengths.max()))
        if longest[0] > limits[0] or longest[1] > limits[1]:
            raise ValueError(
                f"The batch has words of {longest[0]} phonemes and phonemes of {longest[1]} frames, this feature "
                f"extractor holds {limits[0]} and {limits[1]}; make the batch with its limits."
            )


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ValueError(f"{name} is {value!r}, expected one of {', '.join(map(repr, choices))}.")


@lru_cache(maxsize=8)
def _warn_rate_missing(sampling_rate: int) -> None:
    # Cached, so that a loop over a corpus says it once.
    logger.warning(
        "No sampling_rate given, the audio is taken to have %d samples a second; pass it to be safe.", sampling_rate
    )


def check_options(called: Callable, padding: bool | str, unknown: Mapping[str, Any]) -> None:
    """What a call was given beside audio and words.

    Args:
        called: the method that was called.
        padding: its `padding`.
        unknown: arguments that it does not have.

    Raises:
        ValueError: an argument is unknown, or a padding is not what is done.
    """
    refuse_misspelt(called, unknown)
    if unknown:
        known = ", ".join(_own_arguments(called))
        raise ValueError(f"There is no argument {', '.join(unknown)}; known are {known}.")
    if padding not in (True, "longest"):
        raise ValueError(f"padding is {padding!r}, expected True: a batch is always padded to its longest recording.")


def refuse_misspelt(called: Callable, unknown: Mapping[str, Any]) -> None:
    """Refuses arguments whose names are nearly those of a method or class.

    Raises:
        ValueError: there is one.
    """
    for name in unknown:
        for near in get_close_matches(name, _own_arguments(called), n=1, cutoff=0.75):
            raise ValueError(f"There is no argument {name}; did you mean {near}?")


def _own_arguments(called: Callable) -> list[str]:
    return [name for name, its in inspect.signature(called).parameters.items() if its.kind != its.VAR_KEYWORD]


def list_recordings(audio: Any) -> list[np.ndarray]:
    """One recording or several, as a list of arrays.

    Args:
        audio: samples of shape (n,) as an array, a tensor or a list of numbers, or a list of such, or an array or a
            tensor of shape (B, n).

    Raises:
        ValueError: there is no audio, or it is no samples.
    """
    several = isinstance(audio, (list, tuple))
    if audio is None or (several and not audio):
        raise ValueError("No audio given; pass samples of shape (n,), floating point in [-1, 1], or a list of such.")
    if several and np.ndim(audio[0]) > 0:
        return [_to_samples(one) for one in audio]
    samples = _to_samples(audio)
    if samples.ndim == 2 and samples.shape[0] > samples.shape[1]:
        raise ValueError(
            f"The audio has the shape {samples.shape}, expected one channel, or (recordings, samples); mix it down "
            "first, for instance with samples.mean(axis=1)."
        )
    return list(samples) if samples.ndim == 2 else [samples]


def _to_samples(audio: Any) -> np.ndarray:
    if isinstance(audio, torch.Tensor):
        # NumPy has no bfloat16.
        audio = _to_numpy(audio.float() if audio.is_floating_point() else audio)
    if isinstance(audio, (list, tuple)):
        audio = np.asarray(audio)
        audio = audio.astype(np.float32) if audio.dtype.kind in "fiu" else audio
    if not isinstance(audio, np.ndarray) or audio.dtype.kind not in "fiu":
        raise ValueError(f"The audio is {audio!r:.60}, expected samples; read a file first, or use the pipeline.")
    return audio


def list_words(words: Any) -> list[Words]:
    """The words of one recording or of several, as a list of lists.

    Raises:
        ValueError: it is no list.
    """
    if not isinstance(words, (list, tuple)):
        raise ValueError(f"The words are {words!r:.60}, expected a list of aligned words, or a list of such lists.")
    return list(words) if words and not isinstance(words[0], Mapping) else [words]


def _as_lists_of_utterances(audio: Any, words: Any) -> tuple[list[np.ndarray], list[Words]]:
    """One utterance or a list of them, as two lists of equal length."""
    if words is None:
        raise ValueError("No words given; pass aligned words with phoneme times, or use WISEProcessor with the text.")
    audio, words = list_recordings(audio), list_words(words)
    if len(words) != len(audio):
        raise ValueError(
            f"{len(audio)} utterances need {len(audio)} lists of words, got {len(words)}; give one list each."
        )
    return audio, words


def _phonemes_of(word: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if not isinstance(word, Mapping):
        raise ValueError(f"Words hold a {type(word).__name__}, expected dicts with word, start_s, end_s and phonemes.")
    if not word.get("phonemes"):
        raise ValueError(
            f"The word {word.get('word')!r} has no phonemes, expected at least one; align the text first, or give the "
            "word times to the pipeline, or to words_from_times of word_times_wise.py."
        )
    return word["phonemes"]


def _check_inside(words: Words, duration_s: float) -> None:
    """Refuses words of which most start after the audio: each would have its last frame."""
    late = sum(word["phonemes"][0]["start_s"] > duration_s for word in words)
    if 2 * late > len(words):
        raise ValueError(
            f"{late} of {len(words)} words start after the audio's end at {duration_s:.2f} s; give the times of this "
            "audio, in seconds."
        )


def _phoneme_times(words: Words, max_phonemes: int) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends in seconds, (P,) float64 each, of the first phonemes of each word."""
    phonemes = [phoneme for word in words for phoneme in word["phonemes"][:max_phonemes]]
    try:
        times_s = np.array([(one["start_s"], one["end_s"]) for one in phonemes], dtype=np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            "A phoneme has no numeric start_s and end_s, expected both in seconds; align again."
        ) from error
    wrong = np.flatnonzero(~(np.isfinite(times_s).all(axis=1) & (times_s[:, 0] <= times_s[:, 1])))
    if wrong.size:
        raise ValueError(f"Phoneme {phonemes[wrong[0]]!r} does not end after its start at finite times; align again.")
    return times_s[:, 0], times_s[:, 1]


def _positions(lengths: np.ndarray) -> np.ndarray:
    """0 .. length - 1 for each of the lengths, one after the other: [2, 3] -> [0, 1, 0, 1, 2]."""
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _check_padding(padding: bool | str, others: Mapping[str, Any]) -> None:
    asked = {} if padding in (True, "longest") else {"padding": padding}
    asked |= {name: value for name, value in others.items() if value not in (None, False)}
    if asked:
        told = ", ".join(f"{name}={value!r}" for name, value in asked.items())
        raise ValueError(f"pad() does not do {told}; it pads every utterance to the longest (padding=True).")


def _parts_of(encoded: Sequence[Mapping] | Mapping[str, Sequence], names: Sequence[str]) -> dict[str, list]:
    """Utterances with their parts, or parts with their utterances, as the latter."""
    is_batch = isinstance(encoded, Mapping)
    missing = [name for name in names if any(name not in one for one in ([encoded] if is_batch else encoded))]
    if missing:
        raise ValueError(f"What is to be padded has no {', '.join(missing)}; give what the feature extractor made.")
    parts = {name: list(encoded[name]) if is_batch else [one[name] for one in encoded] for name in names}
    counts = [len(part) for part in parts.values()]
    if len(set(counts)) > 1:
        raise ValueError(f"{', '.join(names)} hold {counts} utterances; give a list with as many of each.")
    if counts[0] == 0:
        raise ValueError("No utterances to pad, expected a list with at least one.")
    return parts


def _stack(name: str, arrays: Sequence[Any], dtype: type, padding_value: float, *values_a_member: int) -> np.ndarray:
    """Arrays of different first size as one, padded at their ends."""
    arrays = [np.asarray(_to_numpy(array), dtype=dtype) for array in arrays]
    for array in arrays:
        if array.ndim == 0 or array.shape[1:] != values_a_member:
            expected = ", ".join(["length", *map(str, values_a_member)])
            raise ValueError(f"{name} of an utterance has the shape {array.shape}, expected ({expected}).")
    longest = max(len(array) for array in arrays)
    stacked = np.full((len(arrays), longest, *values_a_member), padding_value, dtype=dtype)
    for row, array in zip(stacked, arrays, strict=True):
        row[: len(array)] = array
    return stacked


def _to_numpy(array: Any) -> np.ndarray:
    return array.detach().cpu().numpy() if isinstance(array, torch.Tensor) else np.asarray(array)


def _scatter_indices(phoneme_lengths: np.ndarray, word_lengths: np.ndarray) -> tuple[tuple, tuple]:
    """Where each frame lies in the ragged batch, (row, frame), and in the dense one, (row, word, phoneme, frame)."""
    rows, columns = np.nonzero(word_lengths)
    phonemes_per_word = word_lengths[rows, columns]
    frames_per_phoneme = phoneme_lengths[phoneme_lengths > 0]
    word_of_frame = np.repeat(np.repeat(np.arange(len(rows)), phonemes_per_word), frames_per_phoneme)
    phoneme_in_word = np.repeat(_positions(phonemes_per_word), frames_per_phoneme)
    row = rows[word_of_frame]
    source = (row, _positions(phoneme_lengths.sum(axis=1)))
    return source, (row, columns[word_of_frame], phoneme_in_word, _positions(frames_per_phoneme))
