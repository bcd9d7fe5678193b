"""IEMOCAP's text files -> records: evaluations, transcriptions, segments; each right, or an error with file and line.

Samples of the three formats are in tests/data/test_iemocap_formats.py.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from wise_hf.data.corpora.iemocap.labels import LABEL_NAMES


_NAME = re.compile(
    r"(?P<dialog>(?P<session>Ses0[1-5])[FM]_(?P<scenario>impro|script)\d\d[ab]?(?:_\d[ab]?)?)_(?P<speaker>[FM])\d{3}",
    re.ASCII,
)
_UNNUMBERED = re.compile(r"Ses0[1-5][FM]_\w+_[FM]XX\d*\b", re.ASCII)
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_SUMMARY = re.compile(  # times, id, label, [V, A, D]
    rf"\[{_NUMBER} - {_NUMBER}\]\s+(\w+)\s+(\w+)\s+\[{_NUMBER}, {_NUMBER}, {_NUMBER}\]", re.ASCII
)
_COMMENT = r"(?:\((.*?)\)?)?"
_CATEGORIES = re.compile(rf"C-([EFM]\d+):([^(]*){_COMMENT}", re.ASCII)
_RATING = r"(?:\s*(\d+(?:\.\d+)?))?\s*"  # may be left empty: `dom  ;`
_ATTRIBUTES = re.compile(rf"A-([EFM]\d+):\s*val{_RATING};\s*act{_RATING};\s*dom{_RATING}(?:;\s*)?{_COMMENT}", re.ASCII)
_TURN = re.compile(rf"(Ses\w+)\s*\[\s*{_NUMBER}\s*-\s*{_NUMBER}\s*\]\s*:(.*)", re.ASCII)
_TAG = re.compile(r"\[\w+\]")
_SEGMENT = re.compile(r"([0-9]{1,9})\s+([0-9]{1,9})\s+-?[0-9]+\s+(\S+)((?:\s+\S+)*)")
_SEGMENT_FRAME = re.compile(r"SFrm\s.*|Total score:.*")


@dataclass(frozen=True)
class UtteranceName:
    """What an utterance's id says, e.g. `Ses01F_script01_1_M012`.

    Args:
        dialog: `Ses01F_script01_1`; its F or M wears the motion capture markers, and need not be who speaks.
        session: `Ses01`.
        speaker: `Ses01M`: the session and the letter of the last field.
        scenario: `improvised` or `scripted`.
    """

    dialog: str
    session: str
    speaker: str
    scenario: str


@dataclass
class Evaluation:
    """How an utterance was judged: a summary line and the evaluators' lines below it.

    Args:
        dialog_start_s, dialog_end_s: on the dialog's time line.
        majority_label: as in `LABEL_NAMES`; `undecided` where there is none.
        valence, activation, dominance: means of the evaluators, 1 to 5.
        categorical_ratings: `{"evaluator", "labels", "comment"}` of each C line, labels as written.
        dimensional_ratings: `{"evaluator", "valence", "activation", "dominance", "comment"}` of each A line; `None`
            where the evaluator left a value out.
    """

    dialog_start_s: float
    dialog_end_s: float
    majority_label: str
    valence: float
    activation: float
    dominance: float
    categorical_ratings: list[dict] = field(default_factory=list)
    dimensional_ratings: list[dict] = field(default_factory=list)


@dataclass(frozen=True)
class Segment:
    """A row of a `.wdseg` or `.phseg` file.

    Args:
        first_frame, last_frame: 10 ms frames of the utterance's recording, the last one included.
        token: the word, or the phoneme without its neighbours.
    """

    first_frame: int
    last_frame: int
    token: str


class TextFile:
    """The lines of a file, and what to do about one that makes no sense.

    Args:
        path: the file; UTF-8, or what old Windows programs write.
        broken: takes the sentence about a broken line, which is then passed over; `None` raises it.

    Raises:
        ValueError: for a file that cannot be read.
    """

    def __init__(self, path: Path, broken: list[str] | None = None):
        self.path, self.broken = path, broken
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ValueError(f"{path} cannot be read ({error.strerror}); check the copy of the corpus.") from error
        try:
            self.text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.text = content.decode("cp1252", errors="replace")

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Number and text of every line that is not blank."""
        for number, line in enumerate(self.text.split("\n"), 1):
            if line.strip():
                yield number, line.strip()

    def refuse(self, number: int, expected: str) -> None:
        """Say that a line is not what it should be, without what it says."""
        told = f"{self.path}, line {number}: it is not {expected}; mend the line or get a whole copy."
        if self.broken is None:
            raise ValueError(told)
        self.broken.append(told)


def read_name(utterance_id: str) -> UtteranceName | None:
    """What an id says, or `None` where it is no utterance's id."""
    match = _NAME.fullmatch(utterance_id)
    if match is None:
        return None
    scenario = "improvised" if match["scenario"] == "impro" else "scripted"
    return UtteranceName(match["dialog"], match["session"], match["session"] + match["speaker"], scenario)


def read_evaluations(path: Path, broken: list[str] | None = None) -> dict[str, Evaluation]:
    """Read `dialog/EmoEvaluation/<dialog>.txt`.

    Args:
        path: the file.
        broken: see `TextFile`.

    Returns:
        The utterances' evaluations by their ids, in the order of the file.

    Raises:
        ValueError: naming file and line.
    """
    file = TextFile(path, broken)
    evaluations: dict[str, Evaluation] = {}
    current, is_below_summary = None, False
    for number, line in file:
        if line.startswith("%"):
            continue
        is_rating = line[:2] in ("C-", "A-")
        if line.startswith("["):
            current, is_below_summary = _read_summary(file, number, line, evaluations), True
        elif is_rating and not is_below_summary:
            file.refuse(number, "below the summary line of an utterance")
        elif is_rating and current is None:
            continue  # of a summary that was refused
        elif not (current and _add_rating(current, line)):
            file.refuse(number, "a summary or an evaluator's line (C-E1: ..., A-E1: val 1; act 2; dom 3;)")
    return evaluations


def _read_summary(file: TextFile, number: int, line: str, evaluations: dict[str, Evaluation]) -> Evaluation | None:
    """Keep the evaluation that a summary line begins; `None` where the line is broken."""
    match = _SUMMARY.fullmatch(line)
    name = read_name(match[3]) if match else None
    if not match or not name or name.dialog != file.path.stem or match[4] not in LABEL_NAMES:
        file.refuse(number, f"[START - END] an utterance of {file.path.stem}, its label and [V, A, D]")
        return None
    start_s, end_s, *attributes = (float(match[group]) for group in (1, 2, 5, 6, 7))
    if not 0 <= start_s < end_s or match[3] in evaluations:
        file.refuse(number, "an utterance named once, which ends after it starts")
        return None
    evaluations[match[3]] = Evaluation(start_s, end_s, LABEL_NAMES[match[4]], *attributes)
    return evaluations[match[3]]


def _add_rating(evaluation: Evaluation, line: str) -> bool:
    """Keep an evaluator's line; `False` where it is none."""
    if match := _CATEGORIES.fullmatch(line):
        evaluator, labels, comment = match.groups(default="")
        labels = [label.strip() for label in labels.split(";") if label.strip()]  # spurious semicolons
        rating = {"evaluator": evaluator, "labels": labels, "comment": comment.strip()}
        evaluation.categorical_ratings.append(rating)
    elif match := _ATTRIBUTES.fullmatch(line):
        evaluator, *values, comment = match.groups(default="")
        names = ("valence", "activation", "dominance")
        rating = {name: float(value) if value else None for name, value in zip(names, values, strict=True)}
        evaluation.dimensional_ratings.append({"evaluator": evaluator, **rating, "comment": comment.strip()})
    return match is not None


def read_transcriptions(path: Path, broken: list[str] | None = None) -> tuple[dict[str, str], int]:
    """Read `dialog/transcriptions/<dialog>.txt`.

    Lines without a name (`M: okay`) and unnumbered turns (`..._MXX0`), which nobody evaluated, are passed over; an
    utterance in several lines has their texts one after the other.

    Args:
        path: the file.
        broken: see `TextFile`.

    Returns:
        The utterances' texts by their ids, as written, with tags such as `[LAUGHTER]`; and how many lines were passed
        over.

    Raises:
        ValueError: naming file and line, for a line that names an utterance and makes no sense.
    """
    file = TextFile(path, broken)
    texts: dict[str, str] = {}
    passed_over = 0
    for number, line in file:
        match = _TURN.fullmatch(line)
        if match and (name := read_name(match[1])) and name.dialog == path.stem:
            texts[match[1]] = f"{texts.get(match[1], '')} {match[4].strip()}".strip()
        elif not line.startswith("Ses") or _UNNUMBERED.match(line):
            passed_over += 1
        else:
            file.refuse(number, f"a turn of {path.stem} (ID [START-END]: TEXT)")
    return texts, passed_over


def spoken_text(text: str) -> str:
    """A transcription without its tags: `Oh [LAUGHTER] no.` -> `Oh no.`"""
    return " ".join(_TAG.sub(" ", text).split())


def text_tags(text: str) -> list[str]:
    """The tags of a transcription in lower case: `Oh [LAUGHTER] no.` -> `["laughter"]`"""
    return [tag.strip("[]").lower() for tag in _TAG.findall(text)]


def read_segments(path: Path) -> list[Segment]:
    """Read a `.wdseg` or `.phseg` file, as CMU Sphinx's `align` writes them.

    A row of a `.wdseg` has first frame, last frame, score and word; a row of a `.phseg` the phoneme instead, and
    behind it, where it was scored in context, its left and right neighbour and its place in the word.

    Args:
        path: the file.

    Returns:
        Its rows, in the order of the file.

    Raises:
        ValueError: naming file and line.
    """
    file = TextFile(path)
    segments = []
    most_tokens_behind = 3 if path.suffix == ".phseg" else 0
    for number, line in file:
        match = _SEGMENT.fullmatch(line)
        if match and len(match[4].split()) <= most_tokens_behind and int(match[1]) <= int(match[2]):
            segments.append(Segment(int(match[1]), int(match[2]), match[3]))
        elif not _SEGMENT_FRAME.fullmatch(line):
            file.refuse(number, "a row with first frame, last frame, score and what was said")
    if not segments:
        raise ValueError(f"{path} has no row; get a whole copy of the corpus.")
    return segments
