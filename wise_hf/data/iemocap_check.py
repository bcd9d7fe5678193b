"""A reading of IEMOCAP held against the counts that the corpus has."""

from collections import Counter
from collections.abc import Mapping, Sequence

from wise_hf.data import iemocap_counts as expected


Difference = tuple[str, int, int]


def find_differences(rows: Sequence[Mapping]) -> list[Difference]:
    """
    Count a whole reading.

    Args:
        rows: all utterances, with `dialog`, `session`, `speaker`, `scenario` and the `majority_label`.

    Returns:
        What is not as expected: what is counted, the count expected, the count found.
    """
    counted = _dialogs(rows) + _utterances(rows) + _labels(rows) + _speakers(rows) + _scenarios(rows)
    return [each for each in counted if each[1] != each[2]]


def to_table(differences: Sequence[Difference]) -> str:
    """Differences as a person reads them."""
    width = max(len("count of"), *(len(what) for what, _, _ in differences))
    lines = [f"{'count of':<{width}}  expected  found"]
    lines += [f"{what:<{width}}  {wanted:>8}  {found:>5}" for what, wanted, found in differences]
    return "\n".join(lines)


def _compared(what: str, wanted: Mapping[str, int], found: Mapping[str, int]) -> list[Difference]:
    return [(what.format(name), wanted.get(name, 0), found.get(name, 0)) for name in {**wanted, **found}]


def _dialogs(rows: Sequence[Mapping]) -> list[Difference]:
    dialogs = {(row["session"], row["dialog"]) for row in rows}
    return _compared("{} dialogs", expected.DIALOGS, Counter(session for session, _ in dialogs))


def _utterances(rows: Sequence[Mapping]) -> list[Difference]:
    return _compared("{} utterances", expected.UTTERANCES, Counter(row["session"] for row in rows))


def _labels(rows: Sequence[Mapping]) -> list[Difference]:
    return _compared("all sessions, {}", expected.LABELS, Counter(row["majority_label"] for row in rows))


def _speakers(rows: Sequence[Mapping]) -> list[Difference]:
    found = Counter((row["speaker"], row["majority_label"]) for row in rows)
    return [
        (f"{speaker} {label}", count, found[speaker, label])
        for speaker, counts in expected.SPEAKERS.items()
        for label, count in counts.items()
    ]


def _scenarios(rows: Sequence[Mapping]) -> list[Difference]:
    four = [row for row in rows if row["majority_label"] in expected.FOUR_CLASS_LABELS]
    found = Counter((row["session"], row["scenario"]) for row in four)
    return [
        (f"{session} {scenario}, four classes", count, found[session, scenario])
        for scenario, counts in (("improvised", expected.IMPROVISED), ("scripted", expected.SCRIPTED))
        for session, count in counts.items()
    ]
