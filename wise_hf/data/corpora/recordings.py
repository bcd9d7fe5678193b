"""Labelled recordings, one utterance each -> utterances: what most readers of a corpus have in common."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from datasets import Dataset

from wise_hf.data.corpora.corpus import LabelSets, labels_of_set
from wise_hf.data.schema import UTTERANCE_FEATURES, Utterance, Word
from wise_hf.data.unusable import UnusableUtterances, reason_of, tell_unusable
from wise_hf.data.word_files import read_word_file
from wise_hf.model.audio_wise import audio_duration_s
from wise_hf.model.spoken_text_wise import split_words
from wise_hf.model.word_times_wise import repair_times


logger = logging.getLogger(__name__)

NO_SETS: LabelSets = MappingProxyType({})


@dataclass(frozen=True)
class Recording:
    """What a corpus tells of a recording.

    Args:
        id: its name within the corpus.
        path: the file.
        emotion: its label.
        text: what is said; `None` = unknown, the recording is transcribed.
        speaker, session: who and when; `None` = unknown.
        words: a file with the times of its words (`wise_hf.data.word_files`), which need not be there.
        told: where it is listed, for messages, e.g. `line 3 of metadata.csv`.
    """

    id: str
    path: Path
    emotion: str
    text: str | None = None
    speaker: str | None = None
    session: str | None = None
    words: Path | None = None
    told: str = ""


def reader(list_recordings: Callable[[Path], Sequence[Recording]], label_sets: LabelSets = NO_SETS) -> Callable:
    """The `read` of a corpus (`wise_hf.data.corpora.Corpus`) from a function that lists its recordings.

    Args:
        list_recordings: of the corpus's folder; raises ValueError where that is none of this corpus.
        label_sets: see `read_recordings`.
    """

    def read(
        data_dir: str | Path,
        emotions: str | Sequence[str] | None = None,
        label_map: Mapping[str, str] | None = None,
        num_proc: int | None = None,
    ) -> tuple[Dataset, UnusableUtterances | None]:
        """See `read_recordings`; `num_proc` is not used, for reading is quick."""
        root = Path(data_dir)
        return read_recordings(root, list_recordings(root), emotions, label_map, label_sets)

    return read


def read_recordings(
    root: Path,
    recordings: Sequence[Recording],
    emotions: str | Sequence[str] | None = None,
    label_map: Mapping[str, str] | None = None,
    label_sets: LabelSets = NO_SETS,
) -> tuple[Dataset, UnusableUtterances | None]:
    """The utterances of the emotions that are wanted.

    Args:
        root: the corpus, for messages.
        recordings: all that it has.
        emotions: the emotions to keep, after `label_map`, or one of `label_sets`; `None` keeps every one.
        label_map: emotions to read as others, e.g. `{"calm": "neutral"}`.
        label_sets: named choices of labels, each with the emotion that it is read as.

    Returns:
        The utterances that can be used (`wise_hf.data.schema.UTTERANCE_FEATURES`), and the error that tells of the
        others, where there are others.

    Raises:
        UnusableUtterances: no recording can be used.
        ValueError: for an emotion that the corpus does not have.
    """
    if isinstance(emotions, str):
        read_as = labels_of_set(emotions, label_map, label_sets)
        chosen = [(each, read_as[each.emotion]) for each in recordings if each.emotion in read_as]
        logger.info("%s: %s.", root, _listed(Counter(emotion for _, emotion in chosen)))
    else:
        chosen = _choose(recordings, emotions, label_map or {}, root)
    utterances, names, reasons = [], [], {}
    for number, (recording, emotion) in enumerate(chosen):
        names.append(f"{recording.path} ({recording.told})" if recording.told else str(recording.path))
        try:
            utterances.append(_utterance(recording, emotion))
        except (ValueError, OSError) as error:
            reasons[number] = reason_of(error, str(recording.path))
    _tell_other_words(utterances)
    unusable = tell_unusable(names, reasons, "pass over them by --skip_unusable")
    if unusable is not None and not utterances:
        raise unusable
    return Dataset.from_list(utterances, features=UTTERANCE_FEATURES), unusable


def _choose(
    recordings: Sequence[Recording], emotions: Sequence[str] | None, label_map: Mapping[str, str], root: Path
) -> list[tuple[Recording, str]]:
    labels = Counter(recording.emotion for recording in recordings)
    for old in label_map:
        if old not in labels:
            raise ValueError(f"{root} has no emotion '{old}' to map; it has {_listed(labels)}.")
    labelled = [(each, label_map.get(each.emotion, each.emotion)) for each in recordings]
    counts = Counter(emotion for _, emotion in labelled)
    wanted = set(emotions or counts)
    for emotion in wanted:
        if emotion not in counts:
            raise ValueError(f"{root} has no recording of '{emotion}'; it has {_listed(counts)}. Choose among these.")
    logger.info("%s: %s.", root, _listed(counts))
    for emotion in counts:
        if emotion != emotion.lower() and emotion.lower() in counts:
            logger.warning(
                "'%s' and '%s' are different emotions here; map one with --label_map.", emotion, emotion.lower()
            )
    left_out = {emotion: count for emotion, count in counts.items() if emotion not in wanted}
    if left_out:
        logger.warning("Left out, since not among the emotions asked for: %s.", _listed(left_out))
    return [(recording, emotion) for recording, emotion in labelled if emotion in wanted]


def _utterance(recording: Recording, emotion: str) -> Utterance:
    if not os.path.isfile(recording.path):
        raise ValueError(f"{recording.path} is not there.")
    duration_s = duration_of(recording.path)
    words = _words(recording, duration_s)
    return dict.fromkeys(UTTERANCE_FEATURES) | {
        "id": recording.id,
        "audio": str(recording.path),
        "start_s": 0.0,
        "end_s": duration_s,
        "speaker": recording.speaker,
        "session": recording.session,
        "emotion": emotion,
        "text": recording.text,
        "words": words,
        "alignment": "corpus" if words else None,
    }


def duration_of(audio: str | Path) -> float:
    """Length of a recording in seconds.

    Raises:
        ValueError: for what is no audio, or has no samples.
    """
    duration_s = audio_duration_s(audio)
    if duration_s <= 0:
        raise ValueError(f"{audio} has no samples.")
    return duration_s


def _words(recording: Recording, duration_s: float) -> list[Word]:
    path = recording.words
    if path is None or not os.path.isfile(path):
        return []
    written = read_word_file(path, recording.path.stem, speaker=recording.speaker)
    try:
        words, told = repair_times(written, duration_s)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
    if told is not None:
        logger.warning("%s: %s", path, told)
    return words


def _tell_other_words(utterances: Sequence[Utterance]) -> None:
    """Log the recordings whose text was changed and the file of their words was not, or the other way round."""
    both = [each for each in utterances if each["text"] and each["words"]]
    other = [
        each["id"]
        for each in both
        # Spelt as words are, where the text is one that can be aligned.
        if _letters(split_words(each["text"]) or each["text"]) != _letters(word["word"] for word in each["words"])
    ]
    if other:
        told = "%d of %d recordings with a file of words have another text, such as %s; the file is what is read."
        logger.warning(told, len(other), len(both), other[0])


def _letters(words: Iterable[str]) -> str:
    """Their letters and digits, in lower case."""
    return "".join(filter(str.isalnum, "".join(words).casefold()))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{emotion} ({count})" for emotion, count in sorted(counts.items()))
