"""The map functions for WISE's features: an utterance with words -> the frames of its phonemes."""

import zlib
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from wise_hf.data.cache import of_many_rows
from wise_hf.data.encoding import encode_by_length
from wise_hf.data.other_recordings import other_recording
from wise_hf.data.schema import Utterance, Word
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.pretrained_encoder import FrameEncoderSource
from wise_hf.model.pretrained_word_encoder import WordEncoderSource


Made = TypeVar("Made")


def extract_utterance(
    utterance: Utterance,
    feature_extractor: WISEFeatureExtractor,
    encoder: FrameEncoderSource | None = None,
    copy: int = 0,
    word_encoder: WordEncoderSource | None = None,
) -> dict:
    """The raw (not yet normalised) features of an aligned utterance.

    Args:
        utterance: one with words.
        feature_extractor: makes the frames and says which frames a phoneme has.
        encoder: of which the frames are, where the feature extractor's are an encoder's.
        copy: number of a copy of the recording as another microphone would have made it (`other_recording`); 0 is the
            recording itself.
        word_encoder: makes the words' vectors, where a model reads those.

    Returns:
        `input_features` (T, D) float32, `phoneme_lengths` (P,), `word_lengths` (N,), and what the limits cut; with a
        word encoder also `word_vectors` (N, size) float32.

    Raises:
        ValueError: where its audio or its words cannot be used.
    """
    samples, words = _recording(utterance, feature_extractor.sampling_rate, copy)
    encode = None if encoder is None else encoder.read().encode
    return _features(samples, words, feature_extractor, encode, word_encoder)


@of_many_rows
def extract_utterances(
    utterances: Sequence[Utterance],
    feature_extractor: WISEFeatureExtractor,
    encoder: FrameEncoderSource | None = None,
    copy: int = 0,
    word_encoder: WordEncoderSource | None = None,
) -> list[dict | ValueError]:
    """`extract_utterance` of several utterances, recordings of similar length encoded at once: for a GPU.

    Args:
        utterances: with words.
        feature_extractor, encoder, copy, word_encoder: see `extract_utterance`.

    Returns:
        For each its features, or why its audio or its words cannot be used.
    """
    if encoder is None:
        others = (feature_extractor, None, copy, word_encoder)
        return [_tried(extract_utterance, each, *others) for each in utterances]
    heard = [_tried(_hear, each, feature_extractor, copy) for each in utterances]
    usable = [its for its in heard if not isinstance(its, ValueError)]
    frames = encode_by_length(encoder.read(), [waveform for *_, waveform in usable])
    made = (
        _tried(_features, samples, words, feature_extractor, lambda _, its=its: its, word_encoder)
        for (samples, words, _), its in zip(usable, frames, strict=True)
    )
    return [its if isinstance(its, ValueError) else next(made) for its in heard]


def _tried(make: Callable[..., Made], *arguments: object) -> Made | ValueError:
    try:
        return make(*arguments)
    except ValueError as error:
        return error


def _hear(
    utterance: Utterance, feature_extractor: WISEFeatureExtractor, copy: int
) -> tuple[np.ndarray, Sequence[Word], np.ndarray]:
    """The samples of an utterance, its words, and the waveform that its encoder hears."""
    samples, words = _recording(utterance, feature_extractor.sampling_rate, copy)
    return samples, words, feature_extractor.waveform(samples, feature_extractor.sampling_rate)


def _features(
    samples: np.ndarray,
    words: Sequence[Word],
    feature_extractor: WISEFeatureExtractor,
    encode: Callable[[np.ndarray], np.ndarray] | None,
    word_encoder: WordEncoderSource | None,
) -> dict:
    frames, selection = feature_extractor.select_features(samples, words, feature_extractor.sampling_rate, encode)
    names = ("phoneme_lengths", "word_lengths", "cut_frames", "cut_phonemes", "cut_words")
    lengths = {name: getattr(selection, name) for name in names}
    vectors = {}
    if word_encoder is not None:
        vectors["word_vectors"] = word_encoder.encode([word["word"] for word in words[: len(selection.word_lengths)]])
    return {"input_features": frames} | lengths | vectors


def extract_waveform(
    utterance: Utterance, feature_extractor: WISEFeatureExtractor, copy: int = 0
) -> dict[str, np.ndarray]:
    """What a model that trains its encoder is given instead of frames.

    Args:
        utterance, copy: see `extract_utterance`.
        feature_extractor: of an encoder's frames.

    Returns:
        `waveform` (n, 1), and `frame_index` (T,): which of the encoder's frames the phonemes have.

    Raises:
        ValueError: where its audio or its words cannot be used.
    """
    _, words, waveform = _hear(utterance, feature_extractor, copy)
    selection = feature_extractor.select_frames(feature_extractor.num_frames(len(waveform)), words)
    return {"waveform": waveform[:, None], "frame_index": selection.frame_index}


def _recording(utterance: Utterance, sampling_rate: int, copy: int) -> tuple[np.ndarray, Sequence[Word]]:
    """The samples of an utterance or of a copy of it, and its words."""
    samples = read_audio(utterance["audio"], sampling_rate, utterance["start_s"], utterance["end_s"])
    if not copy:
        return samples, utterance["words"]
    made = other_recording(samples, sampling_rate, np.random.default_rng([copy, zlib.crc32(samples.tobytes())]))
    return made.samples, faster(utterance["words"], made.speed)


def faster(words: Sequence[Word], speed: float) -> list[dict]:
    """Words with the times that they have where they are said so much faster."""

    def times(one: dict) -> dict:
        return {"start_s": one["start_s"] / speed, "end_s": one["end_s"] / speed}

    return [
        {**word, **times(word), "phonemes": [{**each, **times(each)} for each in word["phonemes"]]} for word in words
    ]
