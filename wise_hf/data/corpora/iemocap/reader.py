"""IEMOCAP as it lies on the disk of someone who has it -> aligned utterances."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypedDict

from datasets import Dataset

from wise_hf.data.cache import cached_map
from wise_hf.data.corpora.corpus import labels_of_set
from wise_hf.data.corpora.iemocap import formats
from wise_hf.data.corpora.iemocap.counts import SESSIONS, find_differences, to_table
from wise_hf.data.corpora.iemocap.labels import LABEL_NAMES, LABEL_SETS
from wise_hf.data.corpora.iemocap.words import GO_ON, SegmentTimes, check_words, read_words, segment_files
from wise_hf.data.schema import Utterance, features_of
from wise_hf.data.unusable import listed, tell_unusable


logger = logging.getLogger(__name__)

SCENARIOS = ("improvised", "scripted")


class CategoricalRating(TypedDict):
    """The labels that an evaluator gave, as written."""

    evaluator: str
    labels: list[str]
    comment: str


class DimensionalRating(TypedDict):
    """The numbers that an evaluator gave, 1 to 5; `None` where one was left out."""

    evaluator: str
    valence: float | None
    activation: float | None
    dominance: float | None
    comment: str


class IemocapUtterance(Utterance):
    """An utterance, and what IEMOCAP tells of it besides."""

    dialog: str
    dialog_start_s: float  # on the dialog's time line
    dialog_end_s: float
    majority_label: str  # before labels were put together (`LABEL_NAMES`)
    valence: float  # means of the evaluators, 1 to 5
    activation: float
    dominance: float
    categorical_ratings: list[CategoricalRating]
    dimensional_ratings: list[DimensionalRating]
    tags: list[str]  # of the transcription: laughter, breathing, ...
    segments: str  # what became of its segment files (`wise_hf.data.corpora.iemocap.words.SEGMENT_STATES`)
    text_differs: bool  # the words of the segment files are not those of the transcription


IEMOCAP_FEATURES = features_of(IemocapUtterance)
READ_COLUMNS = ("end_s", "words", "alignment", "segments", "text_differs")  # what `read_words` gives


def load_iemocap(
    root: str | Path,
    emotions: str | Sequence[str] = "four",
    label_map: Mapping[str, str] | None = None,
    scenario: str | None = None,
    frame_offset: float = 0.0,
    end_rule: str = "inclusive",
    keep_nonverbal: bool = False,
    allow_incomplete: bool = False,
    num_proc: int | None = None,
) -> Dataset:
    """Read the corpus.

    Words and phonemes come from the corpus's segment files. An utterance without them, or with files that contradict
    each other, is left to the aligner (`wise_hf.data.prepare.prepare`); one without a spoken word has its laughter or
    silence as a word. Every such case is counted in the log, and by `describe_segments`.

    Args:
        root: `IEMOCAP_full_release`, or the folder that holds it.
        emotions: `four` (the paper's: excited counts as happy), `four_happy` (without excited), `six`, `all` (also
            where the evaluators did not agree), or emotions by name.
        label_map: with emotions by name: labels to read as others, e.g. `{"excited": "happy"}`.
        scenario: `improvised` or `scripted` utterances only.
        frame_offset, end_rule: see `wise_hf.data.corpora.iemocap.words.SegmentTimes`.
        keep_nonverbal: laughter, breathing and the like are words too.
        allow_incomplete: go on with what is there, and say what is not.
        num_proc: processes; `None` = this one.

    Returns:
        The utterances (`IEMOCAP_FEATURES`), in the order of sessions and dialogs.

    Raises:
        ValueError: for anything that is missing, broken, or not as often there as in the corpus, unless
            `allow_incomplete`; for options that make no sense.
    """
    times = SegmentTimes(frame_offset, end_rule)
    names = _label_map(emotions, label_map)
    if scenario is not None and scenario not in SCENARIOS:
        raise ValueError(f"There is no scenario '{scenario}'; choose {' or '.join(SCENARIOS)}.")
    utterances = read_utterances(root, allow_incomplete)
    _check_counts(utterances, root, allow_incomplete)
    chosen = [
        each | {"emotion": names[each["majority_label"]]}
        for each in utterances
        if each["majority_label"] in names and scenario in (None, each["scenario"])
    ]
    _tell_choice(utterances, chosen, set(names.values()), root)
    read_one = partial(read_words, times=times, keep_nonverbal=keep_nonverbal)
    read = _read_all_words(chosen, read_one, allow_incomplete, num_proc)
    dataset = check_words(read, allow_incomplete)
    logger.info("Frames became seconds by %s; the corpus's Documentation/timeinfo.txt may tell another rule.", times)
    return dataset


def _read_all_words(
    utterances: Sequence[IemocapUtterance], read_one: Callable[..., dict], allow_incomplete: bool, num_proc: int | None
) -> Dataset:
    corpus = Dataset.from_list(utterances, features=IEMOCAP_FEATURES)
    read, reasons = cached_map(
        corpus,
        read_one,
        reads=("audio", "text", "tags"),
        makes={name: IEMOCAP_FEATURES[name] for name in READ_COLUMNS},
        made_from=segment_files,
        num_proc=num_proc,
        desc="Reading words",
    )
    error = tell_unusable(corpus["audio"], reasons, GO_ON)
    if error is not None and not (allow_incomplete and len(read)):
        raise error
    return read


def _label_map(emotions: str | Sequence[str], label_map: Mapping[str, str] | None) -> dict[str, str]:
    """Label read -> emotion, for the labels that are wanted."""
    if isinstance(emotions, str):
        return dict(labels_of_set(emotions, label_map, LABEL_SETS))
    every = {label: label for label in LABEL_NAMES.values()}
    unknown = set(label_map or {}) - set(every)
    names = every | dict(label_map or {})
    unknown |= set(emotions) - set(names.values())
    if unknown:
        raise ValueError(f"IEMOCAP has no {', '.join(sorted(unknown))}; it has {', '.join(every)}.")
    return {label: emotion for label, emotion in names.items() if emotion in emotions}


def read_utterances(root: str | Path, allow_incomplete: bool = False) -> list[IemocapUtterance]:
    """Evaluations, transcriptions and recordings of the whole corpus, put together.

    Args:
        root, allow_incomplete: see `load_iemocap`.

    Returns:
        All utterances that were evaluated and have a recording (`IEMOCAP_FEATURES` without words and duration).

    Raises:
        ValueError: see `load_iemocap`.
    """
    release = _find_release(Path(root))
    reading = _Reading([] if allow_incomplete else None)
    for session in SESSIONS:
        folder = release / f"Session{session[-1]}"
        # macOS leaves `._x.txt` in copies.
        for path in sorted((folder / "dialog" / "EmoEvaluation").glob("[!.]*.txt")):
            _read_dialog(folder, path, reading)
    for told in reading.broken or []:
        logger.warning("Passed over: %s", told)
    if reading.passed_over:
        logger.info("%d transcribed turns that nobody evaluated are passed over.", reading.passed_over)
    if reading.missing:
        told = f"{release} lacks {listed(reading.missing, '; ')}"
        if not allow_incomplete:
            raise ValueError(f"{told}. Get a whole copy, or {GO_ON}.")
        logger.warning("%s.", told)
    return reading.utterances


@dataclass
class _Reading:
    """What was read so far.

    Args:
        broken: sentences about broken lines; `None` raises them.
        utterances: of `IEMOCAP_FEATURES`, without words and duration.
        missing: files, texts and evaluations that should be there.
        passed_over: lines of transcriptions that name no utterance.
    """

    broken: list[str] | None
    utterances: list[IemocapUtterance] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    passed_over: int = 0


def _find_release(root: Path) -> Path:
    for folder in (root, root / "IEMOCAP_full_release"):
        if (folder / "Session1").is_dir():
            return folder
    raise ValueError(
        f"{root} holds no Session1 (nor IEMOCAP_full_release/Session1); give the folder IEMOCAP_full_release itself."
    )


def _read_dialog(folder: Path, path: Path, reading: _Reading) -> None:
    """Read a dialog's evaluations and transcription."""
    transcription = folder / "dialog" / "transcriptions" / path.name
    texts: dict[str, str] = {}
    is_transcribed = transcription.is_file()
    if is_transcribed:
        texts, passed_over = formats.read_transcriptions(transcription, reading.broken)
        reading.passed_over += passed_over
    else:
        reading.missing.append(str(transcription))
    evaluations = formats.read_evaluations(path, reading.broken)
    reading.missing += [f"the evaluation of {name} in {path}" for name in texts if name not in evaluations]
    for name, evaluation in evaluations.items():
        audio = folder / "sentences" / "wav" / path.stem / f"{name}.wav"
        if not audio.is_file():
            reading.missing.append(str(audio))
            continue
        if is_transcribed and name not in texts:
            reading.missing.append(f"the text of {name} in {transcription}")
        told = vars(formats.read_name(name)) | vars(evaluation)
        reading.utterances.append(_utterance(name, audio, texts.get(name, "")) | told)


def _utterance(name: str, audio: Path, text: str) -> dict:
    spoken, tags = formats.spoken_text(text) or None, formats.text_tags(text)
    known = {"id": name, "audio": str(audio), "start_s": 0.0, "text": spoken, "words": [], "tags": tags}
    return dict.fromkeys(IEMOCAP_FEATURES) | known


def _check_counts(utterances: Sequence[IemocapUtterance], root: str | Path, allow_incomplete: bool) -> None:
    differences = find_differences(utterances)
    if not differences:
        logger.info(
            "%s: all %d utterances, as many of each label, speaker and session as IEMOCAP has.", root, len(utterances)
        )
        return
    table = to_table(differences)
    logger.warning("%s does not have the counts of IEMOCAP:\n%s", root, table)
    if not allow_incomplete:
        raise ValueError(
            f"{root} has {len(differences)} counts that differ from IEMOCAP's (the table above); get a whole copy, or "
            f"{GO_ON}."
        )


def _tell_choice(
    utterances: Sequence[IemocapUtterance], chosen: Sequence[IemocapUtterance], wanted: set[str], root: str | Path
) -> None:
    missing = sorted(wanted - {each["emotion"] for each in chosen})
    if not chosen:
        raise ValueError(f"{root} has no utterance of {', '.join(missing)} in the scenario asked for.")
    if missing:
        logger.warning("%s has no %s.", root, ", ".join(missing))
    counts = Counter(each["emotion"] for each in chosen)
    told = ", ".join(f"{emotion} ({count})" for emotion, count in sorted(counts.items()))
    logger.info("%d of %d utterances: %s.", len(chosen), len(utterances), told)
