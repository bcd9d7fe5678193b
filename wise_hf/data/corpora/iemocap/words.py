"""The words of an IEMOCAP utterance on its time line, from the corpus's own segment files; and what has none there."""

import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from datasets import Dataset

from wise_hf.data.corpora.iemocap.counts import WITHOUT_SEGMENTS
from wise_hf.data.corpora.iemocap.formats import Segment, read_segments
from wise_hf.data.corpora.recordings import duration_of
from wise_hf.data.unusable import listed
from wise_hf.model.spoken_text_wise import split_words


logger = logging.getLogger(__name__)

GO_ON = "go on with what is there by --allow_incomplete (allow_incomplete=True)"
DURATION_TOLERANCE_S = 0.1
FRAMES_PER_S = 100
END_RULES = ("inclusive", "plain")

# What became of an utterance's segment files.
READ = "read"
MISSING = "missing"
CONTRADICTING = "contradicting"
WORDLESS = "wordless"
UNREADABLE = "unreadable"
NO_AUDIO = "no audio"
SEGMENT_STATES = {
    READ: "words from the segment files",
    MISSING: "no segment files, left to the aligner",
    CONTRADICTING: "segment files that contradict each other, their text or the recording, left to the aligner",
    WORDLESS: "no spoken word, laughter and the like or silence are the words",
    UNREADABLE: "a broken segment file, left to the aligner",
    NO_AUDIO: "a recording that cannot be read, left out",
}

_SILENCES = {"<s>", "</s>", "<sil>", "SIL"}
_ALTERNATIVE = re.compile(r"\(\d+\)$")


@dataclass(frozen=True)
class SegmentTimes:
    """From a segment's frames to seconds.

    Public parsers use three rules: (0, `plain`), (0, `inclusive`) and (2, `plain`). Sphinx's last frame is included,
    so by `inclusive` a segment ends where the next begins (docs/decisions.md).

    Args:
        frame_offset: added to both frame numbers, at least 0; a frame is 10 ms.
        end_rule: `inclusive`: a segment ends after its last frame; `plain`: where its last frame begins.
    """

    frame_offset: float = 0.0
    end_rule: str = "inclusive"

    def __post_init__(self):
        if self.end_rule not in END_RULES:
            raise ValueError(f"The end rule is {self.end_rule!r}; choose one of {', '.join(END_RULES)}.")
        if not 0 <= self.frame_offset <= 100:
            raise ValueError(f"The frame offset is {self.frame_offset}; give 0 to 100 frames of 10 ms.")

    def span(self, first_frame: int, last_frame: int, duration_s: float) -> dict[str, float]:
        """`start_s` and `end_s` of a segment, clipped to a recording of `duration_s`."""
        end_frame = last_frame + (self.end_rule == "inclusive")
        start_s, end_s = ((frame + self.frame_offset) / FRAMES_PER_S for frame in (first_frame, end_frame))
        return {"start_s": min(start_s, duration_s), "end_s": min(end_s, duration_s)}


def segment_files(audio: str | Path) -> tuple[Path, Path]:
    """The `.wdseg` and `.phseg` that belong to `sentences/wav/<dialog>/<id>.wav`."""
    path = Path(audio)
    folder = path.parents[2] / "ForcedAlignment" / path.parent.name
    return folder / f"{path.stem}.wdseg", folder / f"{path.stem}.phseg"


def read_words(utterance: dict, times: SegmentTimes, keep_nonverbal: bool = False) -> dict:
    """The map function for words: an utterance's duration, and its words where its segment files have them.

    Args:
        utterance: one of the reader, with `audio`, and `text` and `tags` of its transcription.
        times: from frames to seconds.
        keep_nonverbal: laughter, breathing, ... are words too; else only where there is no other.

    Returns:
        `end_s`, `words`, `alignment`, `segments` (one of `SEGMENT_STATES`) and `text_differs` (the words are not those
        of the transcription). `alignment` is `None` where the aligner is to find the words of the text.
    """
    try:
        duration_s = duration_of(utterance["audio"])
    except ValueError:  # told by the reader, which has all utterances before it
        return {"end_s": None, "words": [], "alignment": None, "segments": NO_AUDIO, "text_differs": False}
    state, words = _words_of_files(utterance["audio"], times, duration_s)
    lexical = [word for word, nonverbal in words if not nonverbal]
    said = split_words(utterance["text"] or "")
    if state == READ and not lexical:
        state = CONTRADICTING if said else WORDLESS
    if state in (READ, WORDLESS):
        kept = [word for word, _ in words] if keep_nonverbal or not lexical else lexical
        alignment = "corpus" if kept else "uniform"
    else:
        kept, alignment = [], None if said else "uniform"
    if alignment == "uniform":
        kept = [_word_for_all(utterance["tags"], duration_s)]
    return {
        "end_s": duration_s,
        "words": kept,
        "alignment": alignment,
        "segments": state,
        "text_differs": state == READ and _spelling(lexical) != [word.lower() for word in said],
    }


def _words_of_files(audio: str, times: SegmentTimes, duration_s: float) -> tuple[str, list[tuple[dict, bool]]]:
    word_file, phoneme_file = segment_files(audio)
    if not (word_file.is_file() and phoneme_file.is_file()):
        return MISSING, []
    try:
        words, phonemes = read_segments(word_file), read_segments(phoneme_file)
    except ValueError:  # told by the reader, which has all utterances before it
        return UNREADABLE, []
    timed = words_of_segments(words, phonemes, times, duration_s)
    return (CONTRADICTING, []) if timed is None else (READ, timed)


def words_of_segments(
    words: Sequence[Segment], phonemes: Sequence[Segment], times: SegmentTimes, duration_s: float
) -> list[tuple[dict, bool]] | None:
    """Words with their phonemes.

    Args:
        words: rows of the `.wdseg`; silences are left out, `READ(2)` is `read`, `++LAUGHTER++` is `laughter`.
        phonemes: rows of the `.phseg`; each belongs to the word that its middle lies in.
        times: from frames to seconds.
        duration_s: length of the recording.

    Returns:
        Aligned words, each with whether it is nonverbal; `None` where the files contradict each other or the
        recording: rows out of order, a phoneme without a word, a spoken word after the end or of which phonemes cover
        less than half.
    """
    if not (_in_order(words) and _in_order(phonemes)):
        return None
    spoken = [phoneme for phoneme in phonemes if not _is_filler(phoneme.token)]
    timed, used = [], 0
    for word in words:
        if word.token in _SILENCES:
            continue
        nonverbal, is_late = _is_filler(word.token), word.first_frame / FRAMES_PER_S >= duration_s
        if nonverbal and is_late:
            continue
        sounds = [_clipped(phoneme, word) for phoneme in spoken if not nonverbal and _holds(word, phoneme)]
        used += len(sounds)
        if nonverbal:
            sounds = [Segment(word.first_frame, word.last_frame, word.token.strip("+"))]
        if is_late or 2 * sum(map(_length, sounds)) < _length(word):
            return None
        span = times.span(word.first_frame, word.last_frame, duration_s)
        parts = [
            {"phoneme": each.token, **times.span(each.first_frame, each.last_frame, duration_s)} for each in sounds
        ]
        timed.append(({"word": _word_of_token(word.token), **span, "phonemes": parts}, nonverbal))
    return timed if used == len(spoken) else None


def _in_order(segments: Sequence[Segment]) -> bool:
    return all(after.first_frame > before.last_frame for before, after in zip(segments, segments[1:], strict=False))


def _is_filler(token: str) -> bool:
    """Silence, or a noise such as `++LAUGHTER++` (a word) and `+LAUGHTER+` (its phoneme)."""
    return token in _SILENCES or token.startswith("+")


def _holds(word: Segment, phoneme: Segment) -> bool:
    middle = (phoneme.first_frame + phoneme.last_frame) / 2
    return word.first_frame <= middle <= word.last_frame


def _clipped(phoneme: Segment, word: Segment) -> Segment:
    first_frame = max(phoneme.first_frame, word.first_frame)
    return Segment(first_frame, min(phoneme.last_frame, word.last_frame), phoneme.token)


def _length(segment: Segment) -> int:
    return segment.last_frame - segment.first_frame + 1


def _word_of_token(token: str) -> str:
    return _ALTERNATIVE.sub("", token).strip("+").lower()


def _word_for_all(tags: Sequence[str], duration_s: float) -> dict:
    """One word for a whole utterance in which nothing is spoken: what its transcription tells of, else silence."""
    word = tags[0] if tags else "silence"
    span = {"start_s": 0.0, "end_s": duration_s}
    return {"word": word, **span, "phonemes": [{"phoneme": word.upper(), **span}]}


def _spelling(words: Sequence[dict]) -> list[str]:
    return [part.lower() for word in words for part in split_words(word["word"])]


# --- of a whole reading: what it could not use, stopped for or told ---


def describe_segments(dataset: Dataset) -> str:
    """How many utterances of a reading have their words from where; a line for each case that occurs."""
    states = Counter(dataset["segments"])
    lines = [f"{states[state]} utterances: {told}" for state, told in SEGMENT_STATES.items() if states[state]]
    differing = sum(bool(differs) for differs in dataset["text_differs"])
    if differing:
        lines.append(f"{differing} utterances: the segment files have other words than the transcription")
    return "\n".join(lines)


def check_words(dataset: Dataset, allow_incomplete: bool) -> Dataset:
    """Stop for recordings and segment files that this copy lacks or that are broken; tell all that cannot be used.

    Args:
        dataset: utterances after `read_words`.
        allow_incomplete: tell of what else would stop the reading, and leave out what has no recording.

    Returns:
        The utterances that have a recording.

    Raises:
        ValueError: naming the first file, for one that is missing or broken.
    """
    logger.info("%s", describe_segments(dataset))
    ids: dict[str, list[str]] = {state: [] for state in SEGMENT_STATES}
    for name, audio, state in zip(dataset["id"], dataset["audio"], dataset["segments"], strict=True):
        if not allow_incomplete:
            _read_again(audio, state)
        ids[state].append(name)
    ids[MISSING] = lost = [name for name in ids[MISSING] if name not in WITHOUT_SEGMENTS]
    if lost and not allow_incomplete:
        raise ValueError(
            f"There are no segment files (sentences/ForcedAlignment) of {listed(lost)}; get a whole copy, or {GO_ON}."
        )
    for state in (MISSING, CONTRADICTING, UNREADABLE, NO_AUDIO):
        _warn(SEGMENT_STATES[state], ids[state])
    heard = dataset.select([number for number, state in enumerate(dataset["segments"]) if state != NO_AUDIO])
    _warn("the recording is not as long as its evaluation says", _of_another_length(heard))
    return heard


def _read_again(audio: str, state: str) -> None:
    """Raise for what `read_words` found broken, naming file and line."""
    if state == NO_AUDIO:
        duration_of(audio)
    elif state == UNREADABLE:
        for path in segment_files(audio):
            read_segments(path)


def _warn(told: str, names: Sequence[str]) -> None:
    if names:
        logger.warning("%d utterances: %s (%s).", len(names), told, listed(names))


def _of_another_length(dataset: Dataset) -> list[str]:
    length_s = np.subtract(dataset["dialog_end_s"][:], dataset["dialog_start_s"][:])
    differs = np.abs(length_s - dataset["end_s"][:]) > DURATION_TOLERANCE_S
    return dataset.select(np.flatnonzero(differs))["id"][:]
