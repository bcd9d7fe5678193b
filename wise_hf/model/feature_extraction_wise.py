"""From audio with aligned words to the ragged hierarchy the model reads: frames in phonemes in words."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from transformers.feature_extraction_utils import BatchFeature, FeatureExtractionMixin

from .audio_reader_wise import RATES_HZ
from .feature_batch_wise import check_padding, dense_features, parts_of, stack_padded
from .feature_statistics_wise import Statistics, feature_statistics, statistics_as_lists
from .frame_selection_wise import FrameSelection, Limits, Words, check_inside, report_cuts, select_frames
from .frames_wise import check_allowed, extract_frames, frame_extractor, frames_around, num_encoded_frames
from .inputs_wise import check_options, refuse_misspelt, utterance_lists
from .level_wise import bring_to_level
from .mfcc_wise import SAMPLING_RATE, frame_sizes, num_frames, validate_samples
from .threads_wise import one_thread


logger = logging.getLogger(__name__)

NORMALIZATIONS = ("none", "global", "speaker")
LEVELS = ("speech", "as_recorded")
FRAMES = ("mfcc", "encoder", "encoder+mfcc")
WAVEFORM_INPUTS = ("input_values", "frame_index", "feature_mean", "feature_std")


class WISEFeatureExtractor(FeatureExtractionMixin):
    """Turns audio with aligned words into normalised frames of phonemes of words, and pads batches of them.

    Where the frames are a speech encoder's, which the model carries, it gives the model what makes them: the waveform,
    which of its frames the phonemes have, and what these are normalised by.

    Args:
        sampling_rate: samples a second that the audio must have.
        feature_size: values a frame (D in the shapes here); None takes what the frame extractor gives, 39 for MFCC (13
            cepstra, deltas, accelerations).
        frame_ms: length of a frame in milliseconds, whose centre is in its middle; None takes the frame extractor's,
            25 for MFCC.
        hop_ms: step between the starts of two frames in milliseconds; None takes the frame extractor's, 15 for MFCC.
        mfcc_backend: "native" (NumPy) or "opensmile" (the package of that name), which both give the same MFCC; or a
            frame extractor of one's own as "module:attribute" (`FrameExtractor` in frames_wise.py).
        frames: "mfcc" (what `mfcc_backend` makes), "encoder" (those of the model's speech encoder) or "encoder+mfcc"
            (both side by side).
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

    def __init__(
        self,
        sampling_rate: int = SAMPLING_RATE,
        feature_size: int | None = None,
        frame_ms: float | None = None,
        hop_ms: float | None = None,
        mfcc_backend: str = "native",
        frames: str = "mfcc",
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
        usual = frame_extractor(mfcc_backend)
        self.feature_size = usual.feature_size if feature_size is None else feature_size
        self.frame_ms = usual.frame_ms if frame_ms is None else frame_ms
        self.hop_ms = usual.hop_ms if hop_ms is None else hop_ms
        self.mfcc_backend = mfcc_backend
        self.frames = frames
        self.level = level
        self.normalization = normalization
        self.max_frames_per_phoneme = max_frames_per_phoneme
        self.max_phonemes_per_word = max_phonemes_per_word
        self.max_words = max_words
        self.padding_value = padding_value
        self.mean, self.std = statistics_as_lists(mean, std, self.feature_size)
        self._validate()

    @classmethod
    def from_dict(cls, feature_extractor_dict: dict[str, Any], **kwargs) -> Any:
        """As saved, which `from_pretrained` calls; see `FeatureExtractionMixin.from_dict`.

        Raises:
            ValueError: it names a frame extractor that the user has not allowed, see `check_allowed`.
        """
        if "mfcc_backend" not in kwargs:
            check_allowed(feature_extractor_dict.get("mfcc_backend", "native"))
        return super().from_dict(feature_extractor_dict, **kwargs)

    @property
    def also_runs(self) -> tuple[Callable, ...]:
        """Code that no import leads to, for caches of what it makes."""
        return (frame_extractor(self.mfcc_backend).extract,)

    @property
    def is_encoded(self) -> bool:
        """The frames, or a part of their values, are made by the model's encoder."""
        return self.frames != "mfcc"

    @property
    def is_mfcc(self) -> bool:
        """The values of a frame are MFCC and nothing else."""
        return not self.is_encoded and frame_extractor(self.mfcc_backend).is_mfcc

    @property
    def size_beside(self) -> int:
        """Values of a frame that stand beside those of the encoder."""
        return frame_extractor(self.mfcc_backend).feature_size if self.frames == "encoder+mfcc" else 0

    @property
    def model_input_names(self) -> list[str]:
        """What the model is given."""
        lengths = ["phoneme_lengths", "word_lengths"]
        if not self.is_encoded:
            return ["input_features", *lengths]
        return [*["input_features"] * bool(self.size_beside), *WAVEFORM_INPUTS, "input_lengths", *lengths]

    def _validate(self) -> None:
        for name, choices in (("level", LEVELS), ("normalization", NORMALIZATIONS), ("frames", FRAMES)):
            if getattr(self, name) not in choices:
                expected = ", ".join(map(repr, choices))
                raise ValueError(f"{name} is {getattr(self, name)!r:.80}, expected one of {expected}.")
        if not RATES_HZ[0] <= self.sampling_rate <= RATES_HZ[1]:
            raise ValueError(f"sampling_rate is {self.sampling_rate} Hz, expected {RATES_HZ[0]} to {RATES_HZ[1]}.")
        self._sizes()
        expected = frame_extractor(self.mfcc_backend).feature_size
        if not self.is_encoded and self.feature_size != expected:
            raise ValueError(
                f"feature_size is {self.feature_size!s:.80}, expected {expected}, the values of a frame of "
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
            int64; a length of 0 is padding. Where the frames are an encoder's: `input_values` (B, S) float32,
            `input_lengths` (B,) int64, `frame_index` (B, T) int64, `feature_mean` and `feature_std` (B, D) float32,
            and of `input_features` only the values beside the encoder's, if any.

        Raises:
            ValueError: words are missing or do not fit the audio, the audio or its rate is not as expected, or an
                argument is unknown.
        """
        check_options(self.__call__, padding, kwargs)
        audio, words = utterance_lists(audio, words)
        selected = [
            self._encode(samples, its, sampling_rate, statistics) for samples, its in zip(audio, words, strict=True)
        ]
        encoded, selections = zip(*selected, strict=True)
        report_cuts(selections, self._limits)
        return self.pad(encoded, return_tensors=return_tensors)

    def _encode(
        self, samples: np.ndarray, words: Words, sampling_rate: int | None, statistics: Statistics | None
    ) -> tuple[dict[str, np.ndarray], FrameSelection]:
        if not self.is_encoded:
            features, selection = self.select_features(samples, words, sampling_rate)
            frames = {"input_features": self.normalize(features, statistics)}
        else:
            waveform = self.waveform(samples, sampling_rate)
            selection = self._select_inside(self.num_frames(len(waveform)), words, len(waveform))
            mean, std = self.normalized_by(statistics)
            frames = {"input_values": waveform, "frame_index": selection.frame_index}
            frames |= {"feature_mean": mean, "feature_std": std}
            if self.size_beside:
                frames["input_features"] = self._frames_without_encoder(waveform)[selection.frame_index]
        lengths = {"phoneme_lengths": selection.phoneme_lengths, "word_lengths": selection.word_lengths}
        return frames | lengths, selection

    def select_features(
        self,
        samples: np.ndarray,
        words: Words,
        sampling_rate: int | None,
        encode: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> tuple[np.ndarray, FrameSelection]:
        """The frames of the words' phonemes, not normalised.

        Args:
            samples, sampling_rate, encode: see `extract`.
            words: see `select_frames`.

        Returns:
            np.ndarray: float32 of shape (T, D), and which frames of the utterance they are.

        Raises:
            ValueError: the audio or the words cannot be used, or do not fit.
        """
        frames = self.extract(samples, sampling_rate, *[] if encode is None else [encode])
        selection = self._select_inside(len(frames), words, len(samples))
        return frames[selection.frame_index], selection

    def _select_inside(self, num_frames: int, words: Words, num_samples: int) -> FrameSelection:
        selection = self.select_frames(num_frames, words)
        check_inside(words, num_samples / self.sampling_rate)
        return selection

    def extract(
        self,
        samples: np.ndarray,
        sampling_rate: int | None,
        encode: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> np.ndarray:
        """The values of every frame of an utterance, not normalised.

        Args:
            samples: mono audio of shape (n,), floating point in [-1, 1].
            sampling_rate: samples a second of the audio; a warning is logged for None.
            encode: gives the encoder's frames of a waveform, see `FrameEncoder.encode`; for frames with an encoder.

        Returns:
            np.ndarray: float32 of shape (T, D).

        Raises:
            ValueError: the audio is not at the extractor's rate, or not one channel of finite floating point samples;
                the frames are an encoder's, and there is none.
            ImportError: the openSMILE backend is chosen and opensmile is not installed.
        """
        waveform = self.waveform(samples, sampling_rate)
        if not self.is_encoded:
            return self._frames_without_encoder(waveform)
        if encode is None:
            raise ValueError(f'The frames are "{self.frames}"; give the encoder that makes them.')
        frames = encode(waveform)
        if not self.size_beside:
            return frames
        return np.concatenate([frames, self._frames_without_encoder(waveform)], axis=1)

    def waveform(self, samples: np.ndarray, sampling_rate: int | None) -> np.ndarray:
        """The samples that frames are made of: checked, and at the level that the extractor's `level` asks for.

        Args:
            samples, sampling_rate: see `extract`.

        Returns:
            np.ndarray: float32 of shape (n,).

        Raises:
            ValueError: see `extract`.
        """
        if sampling_rate is None:
            _warn_rate_missing(self.sampling_rate)
        elif sampling_rate != self.sampling_rate:
            raise ValueError(
                f"Audio has {sampling_rate} samples a second, this feature extractor expects {self.sampling_rate}; "
                f"resample it first, for instance with soxr.resample(samples, {sampling_rate}, {self.sampling_rate})."
            )
        samples = validate_samples(samples)
        return bring_to_level(samples, self.sampling_rate) if self.level == "speech" else samples

    def num_frames(self, num_samples: int) -> int:
        """Frames of a recording of so many samples."""
        if not self.is_encoded:
            return num_frames(num_samples, self.sampling_rate, self.frame_ms, self.hop_ms)
        return num_encoded_frames(num_samples, self._sizes()[1])

    def _sizes(self) -> tuple[int, int]:
        """Samples in a frame, and between the starts of two."""
        if not self.is_encoded:
            return frame_sizes(self.sampling_rate, self.frame_ms, self.hop_ms)
        frame, hop = (round(self.sampling_rate * size_ms / 1000) for size_ms in (self.frame_ms, self.hop_ms))
        if frame < 0 or hop < 1:
            raise ValueError(f"Frames of {self.frame_ms} ms every {self.hop_ms} ms are none; take the encoder's.")
        return frame, hop

    @one_thread()
    def _frames_without_encoder(self, waveform: np.ndarray) -> np.ndarray:
        """(T, D) of the frame extractor; beside an encoder's frames one around the centre of each of them."""
        if self.is_encoded:
            count = self.num_frames(len(waveform))
            return frames_around(self.mfcc_backend, waveform, self.sampling_rate, count, *self._sizes())
        return extract_frames(
            self.mfcc_backend, waveform, self.sampling_rate, self.feature_size, self.frame_ms, self.hop_ms
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
        return select_frames(num_frames, words, self._limits, self.sampling_rate, *self._sizes())

    @property
    def _limits(self) -> Limits:
        return Limits(self.max_frames_per_phoneme, self.max_phonemes_per_word, self.max_words)

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
        mean, std = self.normalized_by(statistics)
        return (features - mean) / std

    def normalized_by(self, statistics: Statistics | None) -> tuple[np.ndarray, np.ndarray]:
        """(D,) float32 mean and std for frames whose speaker has these statistics, or none."""
        if self.normalization == "none":
            statistics = np.zeros(self.feature_size), np.ones(self.feature_size)
        elif self.normalization == "global" or statistics is None:
            if self.mean is None:
                raise ValueError(
                    f'normalization="{self.normalization}" has no mean and std yet; call set_statistics with the '
                    'training features or choose normalization="none".'
                )
            statistics = self.mean, self.std
        mean, std = (np.asarray(values, dtype=np.float32) for values in statistics)
        return mean, std

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
                of the three for all utterances, as a batch has them; anything else in it is left out. Where there are
                `input_values` (S,), these and what `__call__` gives beside them instead.
            padding: True or "longest"; this and the following are what transformers' collators pass.
            max_length, truncation, pad_to_multiple_of, return_attention_mask: not done; leave them out.
            return_tensors: "np" or "pt"; NumPy arrays by default.

        Returns:
            BatchFeature: as `__call__` gives it; lengths are padded with 0.

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
        is_waveform = any("input_values" in one for one in ([encoded] if isinstance(encoded, Mapping) else encoded))
        names = ["phoneme_lengths", "word_lengths"] + (["frame_index"] if is_waveform else [])
        sizes = {"input_features": [self.feature_size]}
        if is_waveform:
            sizes = {"input_values": [], "feature_mean": [], "feature_std": []}
            sizes |= {"input_features": [self.size_beside]} if self.size_beside else {}
        parts = parts_of(encoded, [*sizes, *names])
        batch = {name: stack_padded(name, parts[name], np.float32, self.padding_value, *sizes[name]) for name in sizes}
        batch |= {name: stack_padded(name, parts[name], np.int64, 0) for name in names}
        if is_waveform:
            batch["input_lengths"] = np.array([len(samples) for samples in parts["input_values"]], dtype=np.int64)
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
        if "input_values" in batch:
            raise ValueError(
                "The batch holds waveforms, of which the model makes the frames; the paper's tensor is made of frames "
                "that are ready, as `prepare` makes them."
            )
        return dense_features(batch, self.max_phonemes_per_word, self.max_frames_per_phoneme, self.padding_value)


@lru_cache(maxsize=8)
def _warn_rate_missing(sampling_rate: int) -> None:
    # Cached, so that a loop over a corpus says it once.
    logger.warning(
        "No sampling_rate given, the audio is taken to have %d samples a second; pass it to be safe.", sampling_rate
    )
