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


_EXPECTED: Counts = (
    {(session, column): its[session] for column, its in _PER_SESSION.items() for session in SESSIONS}
    | {(speaker, label): count for speaker, its in SPEAKERS.items() for label, count in its.items()}
    | {("all", label): count for label, count in LABELS.items()}
)


def find_differences(utterances: Sequence[Mapping]) -> Counts:
    """Count a whole reading.

    Args:
        utterances: all, with `dialog`, `session`, `speaker`, `scenario` and `majority_label`.

    Returns:
        The counts that are not IEMOCAP's.
    """
    four = [each for each in utterances if each["majority_label"] in FOUR_CLASS_LABELS]
    found = Counter((session, "dialogs") for session, _ in {(each["session"], each["dialog"]) for each in utterances})
    found.update((each["session"], "utterances") for each in utterances)
    found.update((each["session"], each["scenario"]) for each in four)
    found.update((each["speaker"], each["majority_label"]) for each in four)
    found.update(("all", each["majority_label"]) for each in utterances)
    return {key: found[key] for key in _EXPECTED | found if found[key] != _EXPECTED.get(key, 0)}


def to_table(differences: Counts) -> str:
    """Differences as a person reads them: the lines that differ, `found of expected` where they do."""
    blocks = []
    for title, (names, columns) in _TABLES.items():
        differing = [name for name in names if any((name, column) in differences for column in columns)]
        if differing:
            lines = [[name, *(_cell(differences, (name, column)) for column in columns)] for name in differing]
            blocks.append("\n".join([title, *_aligned([["", *columns], *lines])]))
    return "\n\n".join(blocks)


def _cell(differences: Counts, key: tuple[str, str]) -> str:
    return f"{differences[key]} of {_EXPECTED[key]}" if key in differences else str(_EXPECTED[key])


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
