"""A reading of IEMOCAP held against the counts that the corpus has."""

from collections import Counter
from collections.abc import Mapping, Sequence

from wise_hf.data import iemocap_counts
from wise_hf.data.iemocap_counts import FOUR_CLASS_LABELS, LABELS, SESSIONS, SPEAKERS


# (row, column) -> count; the scenarios are those of the four classes' utterances.
Counts = dict[tuple[str, str], int]
PER_SESSION = {
    "dialogs": iemocap_counts.DIALOGS,
    "utterances": iemocap_counts.UTTERANCES,
    "improvised": iemocap_counts.IMPROVISED,
    "scripted": iemocap_counts.SCRIPTED,
}
TABLES = {
    "Sessions (improvised and scripted: of the four classes)": (SESSIONS, tuple(PER_SESSION)),
    "Speakers and the labels of the four classes": (tuple(SPEAKERS), FOUR_CLASS_LABELS),
    "Labels": (("all",), tuple(LABELS)),
}


def expected_counts() -> Counts:
    """What the corpus has."""
    counts = {(session, column): its[session] for column, its in PER_SESSION.items() for session in SESSIONS}
    counts |= {(speaker, label): count for speaker, its in SPEAKERS.items() for label, count in its.items()}
    return counts | {("all", label): count for label, count in LABELS.items()}


def count_rows(rows: Sequence[Mapping]) -> Counts:
    """
    Count a whole reading.

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
    for title, (names, columns) in TABLES.items():
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
