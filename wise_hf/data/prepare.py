"""Utterances -> words with times -> raw features: `datasets` map functions, made once and cached."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from datasets import Array2D, Dataset, List, Value

from wise_hf.data.cache import cached_map
from wise_hf.data.schema import ALIGNMENTS, UTTERANCE_FEATURES
from wise_hf.data.unusable import check_usable, listed
from wise_hf.data.utterance_features import extract_utterance, extract_utterances, extract_waveform
from wise_hf.data.utterance_words import align_utterance
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.frames_wise import frame_extractor
from wise_hf.model.pretrained_encoder import FrameEncoderSource
from wise_hf.model.pretrained_word_encoder import WordEncoderSource


logger = logging.getLogger(__name__)


@dataclass
class PreparationReport:
    """What a preparation did.

    Args:
        num_utterances, num_words: how many there are.
        alignments: utterances by where their words came from (`wise_hf.data.schema.ALIGNMENTS`).
        duration_s: length of the recordings.
        cut_frames, cut_phonemes, cut_words: what the limits of the feature extractor left out.
        num_skipped: recordings that could not be used and were passed over.
    """

    num_utterances: int
    num_words: int
    alignments: dict[str, int]
    duration_s: float
    cut_frames: int
    cut_phonemes: int
    cut_words: int
    num_skipped: int = 0

    def to_text(self, elapsed_s: float) -> str:
        """As a person reads it, with the speed of a preparation that took `elapsed_s`."""
        hours, speed = self.duration_s / 3600, self.duration_s / max(elapsed_s, 1e-3)
        lines = [
            f"{self.num_utterances} utterances, {self.num_words} words, {hours:.2f} hours of audio",
            *(f"aligned by {source}: {count}" for source, count in self.alignments.items()),
            f"beyond the limits: {self.cut_frames} frames, {self.cut_phonemes} phonemes, {self.cut_words} words",
            f"passed over: {self.num_skipped} recordings that cannot be used",
            f"{elapsed_s:.1f} s, {speed / 60:.2f} hours of audio a minute, {speed:.0f} times as fast as it plays (the "
            "cache included)",
        ]
        return "\n".join(lines)


# What an utterance is called or labelled decides on none of its words and features.
_NAMING = ("id", "speaker", "session", "scenario", "emotion")
_RECORDING = ("audio", "start_s", "end_s")
SPOKEN = tuple(name for name in UTTERANCE_FEATURES if name not in _NAMING)
_FOUND = {name: UTTERANCE_FEATURES[name] for name in SPOKEN if name not in _RECORDING}
# Of a feature extractor: what comes after the features that are kept, and what saving leaves in it.
_LATER = ("normalization", "mean", "std", "padding_value", "feature_extractor_type", "processor_class", "auto_map")
_CUT = ("cut_frames", "cut_phonemes", "cut_words")
_UNSURE = {
    "uniform": "the text could not be aligned (it is far longer than what is said, or the search failed), and its "
    "words are shared out evenly",
    "doubtful": "the text was aligned, but is hardly what is said, or not all of it",
}


def align_corpus(
    dataset: Dataset, num_proc: int | None = None, align: Callable[..., dict] = align_utterance
) -> Dataset:
    """Find the words of every utterance that has none yet; cached.

    Args:
        dataset: utterances of a corpus reader.
        num_proc: processes; `None` = this one.
        align: finds the words of one: a map function of `wise_hf.data.utterance_words`, or a partial of it.

    Raises:
        UnusableUtterances: naming all utterances that have no words or whose audio cannot be used.
    """
    aligned, reasons = _align(dataset, align, num_proc)
    check_usable(dataset["audio"], reasons)
    _tell_unsure(dataset, aligned)
    return aligned


def prepare(
    dataset: Dataset,
    feature_extractor: WISEFeatureExtractor,
    num_proc: int | None = None,
    encoder: FrameEncoderSource | None = None,
    word_encoder: WordEncoderSource | None = None,
    align: Callable[..., dict] = align_utterance,
) -> Dataset:
    """Align every utterance that has no words yet and extract the features of all.

    Both maps are cached: the same utterance is never prepared twice, and an interrupted preparation goes on where it
    was.

    Args:
        dataset: utterances of a corpus reader.
        feature_extractor: makes the features; what it normalises by is left for training.
        num_proc: processes; `None` = this one.
        encoder: of which the frames are, where the feature extractor's are an encoder's. It runs once: its frames are
            kept in half precision, on the disk.
        word_encoder: of which the words' vectors are, for a model that reads those; kept in the same way.
        align: see `align_corpus`.

    Returns:
        The utterances with `input_features`, `phoneme_lengths` and `word_lengths`, ready for the collator; with a word
        encoder also with `word_vectors`.

    Raises:
        UnusableUtterances: naming all utterances that cannot be prepared.
        ImportError: something is not installed that makes the features.
    """
    frame_extractor(feature_extractor.mfcc_backend).check()  # missed before the alignment, not after
    extract, columns = wise_features(feature_extractor, encoder, word_encoder=word_encoder)
    aligned, reasons = _align(dataset, align, num_proc)
    kept = [number for number in range(len(dataset)) if number not in reasons]
    prepared, more = _extract(aligned, extract, columns, num_proc)
    check_usable(dataset["audio"], reasons | {kept[number]: reason for number, reason in more.items()})
    _tell_unsure(dataset, aligned)
    return prepared


def prepare_copies(
    prepared: Dataset,
    feature_extractor: WISEFeatureExtractor,
    count: int,
    num_proc: int | None = None,
    encoder: FrameEncoderSource | None = None,
) -> list[Dataset]:
    """The features of copies of every recording (`other_recording`), for training; cached.

    Args:
        prepared: what `prepare` made.
        feature_extractor, num_proc, encoder: see `prepare`.
        count: copies of each recording.

    Returns:
        For each copy the utterances of `prepared`, in the same order, with its features.
    """
    spoken = prepared.select_columns(["id", *SPOKEN])
    features = [wise_features(feature_extractor, encoder, copy) for copy in range(1, count + 1)]
    return [extract_features(spoken, extract, columns, num_proc) for extract, columns in features]


def prepare_waveforms(
    prepared: Dataset, feature_extractor: WISEFeatureExtractor, num_copies: int = 0, num_proc: int | None = None
) -> list[Dataset]:
    """The waveforms of every recording and of its copies, for a model that trains its encoder; cached.

    Args:
        prepared, feature_extractor, num_proc: see `prepare_copies`.
        num_copies: copies of each recording.

    Returns:
        For the recordings, and for each copy, the utterances of `prepared`, in the same order, with `waveform` in half
        precision and `frame_index`.
    """
    spoken = prepared.select_columns(["id", *SPOKEN])
    columns = {"waveform": Array2D((None, 1), "float16"), "frame_index": List(Value("int64"))}
    settings = partial(extract_waveform, feature_extractor=_before_training(feature_extractor))
    extracts = [partial(settings, copy=copy) for copy in range(num_copies + 1)]
    return [extract_features(spoken, extract, columns, num_proc) for extract in extracts]


def extract_features(
    aligned: Dataset, extract: Callable[..., dict], columns: Mapping[str, object], num_proc: int | None = None
) -> Dataset:
    """The features of any system, of utterances with words; cached.

    Args:
        aligned: what `align` made.
        extract, columns: see `wise_hf.training.system.System`.
        num_proc: processes; `None` = this one.

    Raises:
        UnusableUtterances: naming all utterances that have none.
    """
    prepared, reasons = _extract(aligned, extract, columns, num_proc)
    check_usable(aligned["audio"], reasons)
    return prepared


def wise_features(
    feature_extractor: WISEFeatureExtractor,
    encoder: FrameEncoderSource | None = None,
    copy: int = 0,
    word_encoder: WordEncoderSource | None = None,
) -> tuple[partial, dict[str, object]]:
    """The map function for WISE's features, and the `datasets` features of the columns that it gives.

    Args:
        feature_extractor, encoder, word_encoder: see `prepare`.
        copy: see `extract_utterance`.
    """
    on_gpu = any(each is not None and each.is_on_gpu for each in (encoder, word_encoder))
    function = extract_utterances if on_gpu else extract_utterance
    given = {"encoder": encoder, "copy": copy, "word_encoder": word_encoder}
    given = {name: value for name, value in given.items() if value}  # what is not used is no part of a cache's key
    extract = partial(function, feature_extractor=_before_training(feature_extractor), **given)
    dtype = "float32" if encoder is None else "float16"
    frames = {"input_features": Array2D((None, feature_extractor.feature_size), dtype)}
    lengths = {name: List(Value("int64")) for name in ("phoneme_lengths", "word_lengths")}
    vectors = {}
    if word_encoder is not None:
        vectors["word_vectors"] = Array2D((None, word_encoder.read().config.encoder.hidden_size), "float16")
    return extract, frames | lengths | vectors | dict.fromkeys(_CUT, Value("int64"))


def _before_training(feature_extractor: WISEFeatureExtractor) -> WISEFeatureExtractor:
    """A feature extractor without what it learns in training, so that caches know it again."""
    settings = {name: value for name, value in feature_extractor.to_dict().items() if name not in _LATER}
    return type(feature_extractor).from_dict(settings)


def _align(dataset: Dataset, align: Callable[..., dict], num_proc: int | None) -> tuple[Dataset, dict[int, str]]:
    return _mapped(dataset, align, _FOUND, num_proc, "Aligning words")


def _extract(
    aligned: Dataset, extract: Callable[..., dict], columns: Mapping[str, object], num_proc: int | None
) -> tuple[Dataset, dict[int, str]]:
    return _mapped(aligned, extract, columns, num_proc, "Extracting features")


def _mapped(
    dataset: Dataset, function: Callable[..., dict], columns: Mapping[str, object], num_proc: int | None, desc: str
) -> tuple[Dataset, dict[int, str]]:
    """`cached_map`, in this process where something cannot be used by forked ones."""
    arguments = getattr(function, "keywords", {}).values()  # of a partial
    if any(getattr(each, "cannot_fork", False) for each in arguments):
        num_proc = None
    return cached_map(dataset, function, SPOKEN, columns, num_proc, desc)


def _tell_unsure(dataset: Dataset, aligned: Dataset) -> None:
    """Warn about unreliable alignments among those made here."""
    utterances = list(zip(dataset["alignment"], aligned["alignment"], aligned["audio"], strict=True))
    for source, told in _UNSURE.items():
        paths = [path for before, after, path in utterances if before != after == source]
        if paths:
            logger.warning("%d of %d recordings: %s (%s).", len(paths), len(aligned), told, listed(paths))


def report(prepared: Dataset, num_skipped: int = 0) -> PreparationReport:
    """Count what `prepare` made, of a corpus without `num_skipped` recordings."""
    counts = Counter(prepared["alignment"])
    return PreparationReport(
        num_utterances=len(prepared),
        num_words=sum(len(words) for words in prepared["word_lengths"]),
        alignments={source: counts[source] for source in ALIGNMENTS},
        duration_s=float(np.subtract(prepared["end_s"][:], prepared["start_s"][:]).sum()),
        **{name: sum(prepared[name]) for name in _CUT},
        num_skipped=num_skipped,
    )
