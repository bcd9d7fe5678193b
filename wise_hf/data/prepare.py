"""Utterances -> words with times -> raw features: `datasets` map functions, made once and cached."""

import importlib.util
import logging
from collections import Counter
from dataclasses import dataclass

import numpy as np
from datasets import Array2D, Dataset, Features, List, Value

from wise_hf import (
    acoustics_wise,
    alignment_wise,
    audio_wise,
    decoder_wise,
    feature_extraction_wise,
    mfcc_wise,
    opensmile_wise,
    pronunciation_wise,
    spoken_text_wise,
    transcription_wise,
    word_times_wise,
)
from wise_hf.audio_wise import read_audio
from wise_hf.data.cache import cached_map
from wise_hf.data.schema import ALIGNMENTS
from wise_hf.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.opensmile_wise import load_opensmile
from wise_hf.transcription_wise import find_words


logger = logging.getLogger(__name__)


@dataclass
class PreparationReport:
    """
    What a preparation did.

    Args:
        num_utterances, num_words: how many there are.
        alignments: utterances by where their words came from (`wise_hf.data.schema.ALIGNMENTS`).
        duration_s: length of the recordings.
        cut_frames, cut_phonemes, cut_words: what the limits of the feature extractor left out.
    """

    num_utterances: int
    num_words: int
    alignments: dict[str, int]
    duration_s: float
    cut_frames: int
    cut_phonemes: int
    cut_words: int

    def to_text(self, elapsed_s: float) -> str:
        """As a person reads it, with the speed of a preparation that took `elapsed_s`."""
        hours = self.duration_s / 3600
        lines = [f"{self.num_utterances} utterances, {self.num_words} words, {hours:.2f} hours of audio"]
        lines += [f"aligned by {source}: {count}" for source, count in self.alignments.items()]
        lines.append(
            f"beyond the limits: {self.cut_frames} frames, {self.cut_phonemes} phonemes, {self.cut_words} words"
        )
        speed = self.duration_s / max(elapsed_s, 1e-3)
        lines.append(
            f"{elapsed_s:.1f} s, {speed / 60:.2f} hours of audio a minute, {speed:.0f} times as fast as it plays (the "
            "cache included)"
        )
        return "\n".join(lines)


def align_utterance(row: dict, sampling_rate: int = 16_000) -> dict:
    """
    Find the words of an utterance that has none yet: its text is aligned; without text it is transcribed first.

    Args:
        row: one utterance (`wise_hf.data.schema.UTTERANCE_FEATURES`).
        sampling_rate: rate that the aligner works at, in Hz.

    Returns:
        The columns `text`, `words` and `alignment`.

    Raises:
        ValueError: naming the recording, where it has no words or its audio cannot be used.
    """
    if row["alignment"] is not None:
        return {}
    try:
        samples = read_audio(row["audio"], sampling_rate, row["start_s"], row["end_s"])
        return find_words(samples, row["text"], sampling_rate)
    except ValueError as error:
        raise _naming(row["audio"], error) from error


def _naming(path: str, error: ValueError) -> ValueError:
    """The error with the recording's name, where it does not have it yet."""
    return error if path in str(error) else ValueError(f"{path}: {error}")


def extract_utterance(row: dict, feature_extractor: WISEFeatureExtractor) -> dict:
    """
    The raw (not yet normalised) features of an aligned utterance.

    Args:
        row: an utterance with words.
        feature_extractor: makes the MFCC and says which frames a phoneme has.

    Returns:
        `input_features` (T, 39) float32, `phoneme_lengths` (P,), `word_lengths` (N,), and what the limits cut.
    """
    samples = read_audio(row["audio"], feature_extractor.sampling_rate, row["start_s"], row["end_s"])
    try:
        mfcc = feature_extractor.extract(samples, feature_extractor.sampling_rate)
    except ValueError as error:
        raise _naming(row["audio"], error) from error
    selection = feature_extractor.select_frames(len(mfcc), row["words"])
    return {
        "input_features": mfcc[selection.frame_index],
        "phoneme_lengths": selection.phoneme_lengths,
        "word_lengths": selection.word_lengths,
        "cut_frames": selection.cut_frames,
        "cut_phonemes": selection.cut_phonemes,
        "cut_words": selection.cut_words,
    }


def align(dataset: Dataset, num_proc: int | None = None) -> Dataset:
    """
    Find the words of every utterance that has none yet; cached.

    Args:
        dataset: utterances of a corpus reader.
        num_proc: processes; `None` = this one.
    """
    aligned = cached_map(
        dataset,
        align_utterance,
        features=dataset.features,
        made_by=(audio_wise, *_ALIGNING, transcription_wise),
        settings={"espeak": importlib.util.find_spec("espeakng_loader") is not None},  # pronounces rare words
        num_proc=num_proc,
        desc="Aligning words",
    )
    _tell_uniform(aligned)
    return aligned


def prepare(dataset: Dataset, feature_extractor: WISEFeatureExtractor, num_proc: int | None = None) -> Dataset:
    """
    Align every utterance that has no words yet and extract the features of all.

    Both maps are cached: the same corpus is never prepared twice, and an interrupted preparation goes on where it was.

    Args:
        dataset: utterances of a corpus reader.
        feature_extractor: makes the features; what it normalises by is left for training.
        num_proc: processes; `None` = this one.

    Returns:
        The utterances with `input_features`, `phoneme_lengths` and `word_lengths`, ready for the collator.

    Raises:
        ImportError: openSMILE is to make the features and is not installed.
    """
    if feature_extractor.mfcc_backend == "opensmile":
        load_opensmile()  # missed before the alignment, not after
    aligned = align(dataset, num_proc)
    return cached_map(
        aligned,
        extract_utterance,
        features=prepared_features(aligned.features, feature_extractor.feature_size),
        made_by=(audio_wise, mfcc_wise, opensmile_wise, feature_extraction_wise),
        settings={name: getattr(feature_extractor, name) for name in _EXTRACTION_SETTINGS},
        num_proc=num_proc,
        desc="Extracting features",
        feature_extractor=feature_extractor,
    )


_ALIGNING = (spoken_text_wise, pronunciation_wise, decoder_wise, acoustics_wise, word_times_wise, alignment_wise)
_EXTRACTION_SETTINGS = (
    *("sampling_rate", "frame_ms", "hop_ms", "mfcc_backend"),
    *("max_frames_per_phoneme", "max_phonemes_per_word", "max_words"),
)


def _tell_uniform(aligned: Dataset) -> None:
    rows = zip(aligned["audio"], aligned["alignment"], strict=True)
    paths = [path for path, alignment in rows if alignment == "uniform"]
    if paths:
        logger.warning(
            "%d of %d recordings could not be aligned (silence, or a text that is not what is said?); their words are "
            "shared out evenly, e.g. %s.",
            *(len(paths), len(aligned), ", ".join(paths[:3])),
        )


def prepared_features(utterance_features: Features, feature_size: int) -> Features:
    """The columns of a prepared utterance."""
    lengths = {"phoneme_lengths": List(Value("int64")), "word_lengths": List(Value("int64"))}
    cuts = {name: Value("int64") for name in ("cut_frames", "cut_phonemes", "cut_words")}
    frames = {"input_features": Array2D((None, feature_size), "float32")}
    return Features(utterance_features | frames | lengths | cuts)


def report(prepared: Dataset) -> PreparationReport:
    """Count what `prepare` made."""
    counts = Counter(prepared["alignment"])
    starts, ends = np.asarray(prepared["start_s"][:]), np.asarray(prepared["end_s"][:])
    return PreparationReport(
        num_utterances=len(prepared),
        num_words=sum(len(words) for words in prepared["word_lengths"]),
        alignments={source: counts[source] for source in ALIGNMENTS},
        duration_s=float((ends - starts).sum()),
        cut_frames=sum(prepared["cut_frames"]),
        cut_phonemes=sum(prepared["cut_phonemes"]),
        cut_words=sum(prepared["cut_words"]),
    )
