"""Who says what in an imitation of IEMOCAP: dialogs, turns, speakers and labels, as many as the corpus has.

A plan is made without speaking. At full size it has every count of `wise_hf.data.corpora.iemocap.counts`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np

from wise_hf.data.corpora.iemocap.counts import (
    FOUR_CLASS_LABELS,
    IMPROVISED,
    LABELS,
    SESSIONS,
    SPEAKERS,
    UTTERANCES,
    WITHOUT_SEGMENTS,
)


IMPROVISATION, SCRIPT = "impro", "script"  # as dialogs are named
TURNS_PER_DIALOG = 6  # a small corpus has as many dialogs as have about so many turns each

_ALWAYS_LABELS = (*FOUR_CLASS_LABELS, "undecided")
_LABELS_WITHOUT_SEGMENTS = dict(zip(WITHOUT_SEGMENTS, ("excited", "undecided"), strict=True))
# Dialogs that were recorded in two parts.
_PARTS = {
    "Ses03M_impro05": ("Ses03M_impro05a", "Ses03M_impro05b"),
    "Ses03M_impro08": ("Ses03M_impro08a", "Ses03M_impro08b"),
    "Ses05M_script01_1": ("Ses05M_script01_1", "Ses05M_script01_1b"),
}
_ALWAYS_DIALOGS = {
    *(part for parts in _PARTS.values() for part in parts),
    *(utterance_id.rpartition("_")[0] for utterance_id in WITHOUT_SEGMENTS),
}
_SCRIPTS = ("01_1", "01_2", "01_3", "02_1", "02_2", "03_1", "03_2")

Cell = tuple[str, str, str, str]  # session, IMPROVISATION or SCRIPT, speaker's letter, label


@dataclass(frozen=True)
class Turn:
    """An utterance to be made.

    Args:
        utterance_id: e.g. `Ses01F_script01_1_M012`.
        label: as in `LABELS`.
        line: what decides its words: the id where they are improvised; where they are scripted the script, the label
            and the number among the dialog's turns of that label, so that every session has the same lines.
        index: its place in the corpus, from 0; decides which irregularities it has.
    """

    utterance_id: str
    label: str
    line: str
    index: int

    @property
    def speaker(self) -> str:
        """`Ses01M`: the session and the letter of the last field, whoever wears the markers."""
        return self.utterance_id[:5] + self.utterance_id[-4]

    @property
    def has_segments(self) -> bool:
        return self.utterance_id not in WITHOUT_SEGMENTS


@dataclass(frozen=True)
class Dialog:
    """A dialog to be made.

    Args:
        name: e.g. `Ses01F_script01_1`.
        turns: in the order of time.
        index: its place in the corpus, from 0.
    """

    name: str
    turns: tuple[Turn, ...]
    index: int


def plan_corpus(share: float = 1.0, seed: int = 0) -> list[Dialog]:
    """Plan the dialogs of an imitation.

    Args:
        share: part of IEMOCAP's size, above 0, at most 1 (its exact counts).
        seed: 0 or more; deals the utterances to the dialogs.

    Returns:
        The dialogs in the order of sessions and names.
    """
    rng = np.random.default_rng(seed)
    counts = count_cells(share)
    dealt: dict[str, list[tuple[str, str]]] = {}
    for session in SESSIONS:
        for kind in (IMPROVISATION, SCRIPT):
            dealt |= _deal(counts, session, kind, rng)
    dialogs: list[Dialog] = []
    first = 0
    for name in sorted(dealt):
        dialogs.append(Dialog(name, _turns(name, dealt[name], first), len(dialogs)))
        first += len(dealt[name])
    return dialogs


def count_cells(share: float) -> dict[Cell, int]:
    """How many utterances there are of each session, scenario, speaker and label.

    Args:
        share: see `plan_corpus`. Of the paper's labels and of undecided ones each cell keeps at least one.
    """
    return {cell: max(round(share * number), cell[3] in _ALWAYS_LABELS) for cell, number in _full_counts().items()}


def _full_counts() -> Counter[Cell]:
    """The cells of the whole corpus.

    Published are the labels of each speaker, of each session's scenarios, and in all. How they cross is invented: the
    scenarios divide each speaker's labels alike, and the labels outside the paper's classes are spread evenly over
    sessions, scenarios and speakers.
    """
    counts: Counter[Cell] = Counter()
    others = iter(_interleaved({label: LABELS[label] for label in LABELS if label not in FOUR_CLASS_LABELS}))
    for session in SESSIONS:
        four = [
            (letter, label) for letter in "FM" for label, n in SPEAKERS[session + letter].items() for _ in range(n)
        ]
        for index, (letter, label) in enumerate(four):
            is_improvised = (index + 1) * IMPROVISED[session] // len(four) > index * IMPROVISED[session] // len(four)
            counts[session, IMPROVISATION if is_improvised else SCRIPT, letter, label] += 1
        rest = sorted(next(others) for _ in range(UTTERANCES[session] - len(four)))
        for index, label in enumerate(rest):
            counts[session, (IMPROVISATION, SCRIPT)[index // 2 % 2], "MF"[index % 2], label] += 1
    return counts


def _interleaved(counts: Mapping[str, int]) -> list[str]:
    """Names, each as often as counted and evenly spread."""
    places = [((place + 0.5) / number, name) for name, number in counts.items() for place in range(number)]
    return [name for _, name in sorted(places)]


def _dialog_names(session: str, kind: str) -> list[str]:
    """All dialogs of a session's scenario; F or M in a name says who wears the markers."""
    improvisations = [f"{number:02d}" for number in range(1, 8 if session == "Ses01" else 9)]
    numbers = improvisations if kind == IMPROVISATION else _SCRIPTS
    wholes = [f"{session}{marked}_{kind}{number}" for number in numbers for marked in "FM"]
    return [part for whole in wholes for part in _PARTS.get(whole, (whole,))]


def _deal(
    counts: Mapping[Cell, int], session: str, kind: str, rng: np.random.Generator
) -> dict[str, list[tuple[str, str]]]:
    """Deal the utterances of a session's scenario to dialogs: names -> (id, label) in the order of time."""
    labels: dict[str, list[str]] = {"F": [], "M": []}
    for (*where, letter, label), number in counts.items():
        if where == [session, kind]:
            labels[letter] += [label] * number
    names = sorted(_dialog_names(session, kind), key=lambda name: name not in _ALWAYS_DIALOGS)
    num_always = len(_ALWAYS_DIALOGS.intersection(names))
    num_turns = len(labels["F"]) + len(labels["M"])
    names = names[: max(num_always, num_turns // TURNS_PER_DIALOG, 1)]
    hands = {letter: _deal_speaker(labels[letter], names, letter, rng) for letter in "FM"}
    return {name: _take_turns({letter: hands[letter][name] for letter in "FM"}) for name in names}


def _deal_speaker(
    labels: list[str], names: list[str], letter: str, rng: np.random.Generator
) -> dict[str, list[tuple[str, str]]]:
    """Deal one speaker's labels evenly: names of dialogs -> (id, label) in the order of numbers."""
    fixed = {name: _fixed(f"{name}_{letter}") for name in names}
    for label in (label for utterances in fixed.values() for label in utterances.values()):
        labels.remove(label)
    hands: dict[str, list[str]] = {name: [] for name in names}
    for label in rng.permutation(labels).tolist():
        hands[min(names, key=lambda name: len(hands[name]) + len(fixed[name]))].append(label)
    return {name: _numbered(f"{name}_{letter}", hands[name], fixed[name]) for name in names}


def _fixed(prefix: str) -> dict[str, str]:
    """Utterances of a speaker in a dialog that have their ids already, and their labels."""
    return {name: label for name, label in _LABELS_WITHOUT_SEGMENTS.items() if name.startswith(prefix)}


def _numbered(prefix: str, labels: list[str], fixed: Mapping[str, str]) -> list[tuple[str, str]]:
    """Ids for a speaker's labels in a dialog. In a small corpus the numbers leap to that of a fixed utterance."""
    free = (name for name in (f"{prefix}{number:03d}" for number in count()) if name not in fixed)
    return sorted([*zip(free, labels, strict=False), *fixed.items()])


def _take_turns(hands: Mapping[str, list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """The two speakers' utterances in the order of time."""
    remaining = {letter: iter(hand) for letter, hand in hands.items()}
    order = _interleaved({letter: len(hand) for letter, hand in hands.items()})
    return [next(remaining[letter]) for letter in order]


def _turns(name: str, utterances: list[tuple[str, str]], first: int) -> tuple[Turn, ...]:
    script = name.partition("_")[2].rstrip("b")  # a second part goes on with the same script
    seen: Counter[str] = Counter()
    turns = []
    for index, (utterance_id, label) in enumerate(utterances, first):
        line = f"{script} {label} {seen[label]}" if script.startswith(SCRIPT) else utterance_id
        seen[label] += 1
        turns.append(Turn(utterance_id, label, line, index))
    return tuple(turns)
