"""What is in IEMOCAP, as published splits and parsers count it, and a reading of the corpus held against it."""

from collections import Counter
from collections.abc import Mapping, Sequence


SESSIONS = ("Ses01", "Ses02", "Ses03", "Ses04", "Ses05")

DIALOGS = dict(zip(SESSIONS, (28, 30, 32, 30, 31), strict=True))
UTTERANCES = dict(zip(SESSIONS, (1819, 1811, 2136, 2103, 2170), strict=True))

LABELS = {
    "undecided": 2507,
    "frustrated": 1849,
    "neutral": 1708,
    "angry": 1103,
    "sad": 1084,
    "excited": 1041,
    "happy": 595,
    "surprised": 107,
    "fearful": 40,
    "other": 3,
    "disgusted": 2,
}

# The labels that the paper's four classes are made of: 5,531 utterances.
FOUR_CLASS_LABELS = ("angry", "happy", "excited", "neutral", "sad")
_BY_SPEAKER = {
    "Ses01F": (147, 69, 63, 171, 78),
    "Ses01M": (82, 66, 80, 213, 116),
    "Ses02F": (67, 70, 96, 135, 113),
    "Ses02M": (70, 47, 114, 227, 84),
    "Ses03F": (92, 80, 48, 130, 172),
    "Ses03M": (148, 55, 103, 190, 133),
    "Ses04F": (205, 31, 154, 76, 62),
    "Ses04M": (122, 34, 84, 182, 81),
    "Ses05F": (78, 77, 82, 221, 132),
    "Ses05M": (92, 66, 217, 163, 113),
}
SPEAKERS = {speaker: dict(zip(FOUR_CLASS_LABELS, counts, strict=True)) for speaker, counts in _BY_SPEAKER.items()}
IMPROVISED = dict(zip(SESSIONS, (521, 530, 627, 534, 731), strict=True))  # of the four classes' utterances
SCRIPTED = dict(zip(SESSIONS, (564, 493, 524, 497, 510), strict=True))

# The only utterances that have no segment files.
WITHOUT_SEGMENTS = ("Ses03M_impro03_M001", "Ses03F_impro07_M030")

Counts = dict[tuple[str, str], int]  # by row and column of a table
_PER_SESSION = {"dialogs": DIALOGS, "utterances": UTTERANCES, "improvised": IMPROVISED, "scripted": SCRIPTED}
_TABLES = {
    "Sessions (improvised and scripted: of the four classes)": (SESSIONS, tuple(_PER_SESSION)),
    "Speakers and the labels of the four classes": (tuple(SPEAKERS), FOUR_CLASS_LABELS),
    "Labels": (("all",), tuple(LABELS)),
}


def expected_counts() -> Counts:
    """What the corpus has."""
    counts = {(session, column): its[session] for column, its in _PER_SESSION.items() for session in SESSIONS}
    counts |= {(speaker, label): count for speaker, its in SPEAKERS.items() for label, count in its.items()}
    return counts | {("all", label): count for label, count in LABELS.items()}


def count_rows(rows: Sequence[Mapping]) -> Counts:
    """Count a whole reading.

    Args:
        rows: all utterances, with `dialog`, `session`, `speaker`, `scenario` and `majority_label`.
    """
    four = [row for row in rows if row["majority_label"] in FOUR_CLASS_LABELS]
    found = Counter((session, "dialogs") for session, _ in {(row["session"], row["dialog"]) for row in rows})
    found.update((row["session"], "utterances") for row in rows)
    found.update((row["session"], row["scenario"]) for row in four)
    found.update((row["speaker"], row["majority_label"]) for row in four)
    found.update(("all", row["majority_label"]) for row in rows)
    return dict(found)


def find_differences(rows: Sequence[Mapping]) -> Counts:
    """The counts found (see `count_rows`) that are not as expected."""
    expected, found = expected_counts(), count_rows(rows)
    return {key: found.get(key, 0) for key in {**expected, **found} if found.get(key, 0) != expected.get(key, 0)}


def to_table(differences: Counts) -> str:
    """Differences as a person reads them: the lines that differ, `found of expected` where they do."""
    expected = expected_counts()
    blocks = []
    for title, (names, columns) in _TABLES.items():
        lines = [
            [name, *(_cell(differences.get((name, column)), expected[name, column]) for column in columns)]
            for name in names
            if any((name, column) in differences for column in columns)
        ]
        if lines:
            blocks.append("\n".join([title, *_aligned([["", *columns], *lines])]))
    return "\n\n".join(blocks)


def _cell(found: int | None, expected: int) -> str:
    return str(expected) if found is None else f"{found} of {expected}"


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
