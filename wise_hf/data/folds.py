"""Who is in training, in validation and in the test: the folds of a cross-validation."""

import logging
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from datasets import Dataset


logger = logging.getLogger(__name__)

VALIDATION_SHARE = 0.2
# [2]'s folds: each utterance falls at random into one of five, and 30 % of that part becomes validation (80/6/14 %).
RANDOM_VALIDATION_SHARE = 0.3


@dataclass
class Fold:
    """
    Rows of a dataset by their part; no row is in two parts.

    Args:
        name: what is held out, e.g. `speakers 1-4`.
        train: rows to learn from.
        validation: rows that choose the epoch.
        test: rows that are scored once; empty without cross-validation.
    """

    name: str
    train: list[int]
    validation: list[int]
    test: list[int]


def make_folds(dataset: Dataset, protocol: str, num_folds: int | None = None, seed: int = 0) -> list[Fold]:
    """
    Split a corpus.

    Args:
        dataset: utterances with the columns `speaker` and `session`.
        protocol: `none` (train and validation only), `session` (leave one session out), `speaker` (leave a group of
            speakers out; the groups are consecutive in sorted order) or `random` (utterances of any speaker).
        num_folds: how many folds; `None` = one for each session or speaker, five for `random`.
        seed: of `random`, and of the validation part where it cannot be made of whole speakers.

    Returns:
        The folds, the same for the same arguments. Validation speakers never train, nor are they tested: they are the
        speakers that follow the test speakers.

    Raises:
        ValueError: for fewer speakers or sessions than folds, or unknown ones.
    """
    if protocol == "none":
        train, validation = _split_off_validation(dataset, list(range(len(dataset))), [], seed)
        return [Fold("all", train, validation, [])]
    if protocol == "random":
        return _random_folds(dataset, num_folds or 5, seed)
    if protocol not in ("session", "speaker"):
        raise ValueError(f"There is no protocol '{protocol}'; choose none, session, speaker or random.")
    return _grouped_folds(dataset, protocol, num_folds, seed)


def _grouped_folds(dataset: Dataset, column: str, num_folds: int | None, seed: int) -> list[Fold]:
    values = dataset[column][:]
    unknown = sum(value is None for value in values)
    if unknown:
        raise ValueError(f"{unknown} of {len(values)} recordings have no {column}; fill in the column '{column}'.")
    names = sorted(set(values), key=_natural_order)
    num_folds = num_folds or len(names)
    if num_folds < 2 or len(names) < num_folds:
        raise ValueError(
            f"Speakers or sessions are too few for a cross-validation by {column}: the corpus has {len(names)}, and "
            f"{max(num_folds, 2)} folds need as many; give fewer --folds (at least 2) or --cross_validation random."
        )
    folds = []
    for group in _consecutive_groups(names, num_folds):
        test = [row for row, value in enumerate(values) if value in group]
        rest = [row for row, value in enumerate(values) if value not in group]
        _tell_shared_speakers(dataset, rest, test)
        train, validation = _split_off_validation(dataset, rest, test, seed)
        folds.append(Fold(f"{column}: {', '.join(group)}", train, validation, test))
    return folds


def _tell_shared_speakers(dataset: Dataset, rest: list[int], test: list[int]) -> None:
    speaker_of = dataset["speaker"][:]
    shared = {speaker_of[row] for row in rest} & {speaker_of[row] for row in test} - {None}
    if shared:
        logger.warning(
            "%d speakers are in training and test, in different sessions: %s.", len(shared), sorted(shared)[:5]
        )


def _natural_order(name: str) -> list[str | int]:
    """`Actor_2` before `Actor_10`."""
    return [int(part) if part.isdigit() else part for part in re.split(r"([0-9]+)", name)]


def _consecutive_groups(names: list[str], num_groups: int) -> list[list[str]]:
    bounds = [round(index * len(names) / num_groups) for index in range(num_groups + 1)]
    return [names[start:end] for start, end in zip(bounds, bounds[1:], strict=False)]


def _split_off_validation(
    dataset: Dataset, rows: list[int], test: list[int], seed: int
) -> tuple[list[int], list[int]]:
    """A fifth of the speakers, those that follow the test speakers; utterances where there are too few speakers."""
    speaker_of = dataset["speaker"][:]
    speakers = sorted({speaker_of[row] for row in rows if speaker_of[row] is not None}, key=_natural_order)
    if len(speakers) < 4 or any(speaker_of[row] is None for row in rows):
        return _split_off_utterances(dataset, rows, VALIDATION_SHARE, seed)
    last_tested = max((_natural_order(speaker_of[row]) for row in test), default=_natural_order(speakers[0]))
    following = [name for name in speakers if _natural_order(name) > last_tested]
    order = following + [name for name in speakers if name not in following]
    chosen = set(order[: max(1, round(VALIDATION_SHARE * len(speakers)))])
    train = [row for row in rows if speaker_of[row] not in chosen]
    return train, [row for row in rows if speaker_of[row] in chosen]


def _split_off_utterances(
    dataset: Dataset, rows: Sequence[int], share: float, seed: int
) -> tuple[list[int], list[int]]:
    """A share of the utterances, of every emotion alike."""
    emotion_of = dataset["emotion"][:]
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    shuffled.sort(key=lambda row: emotion_of[row])
    count = max(1, round(share * len(rows)))
    chosen = {shuffled[(2 * index + 1) * len(rows) // (2 * count)] for index in range(count)}  # evenly spaced
    return [row for row in rows if row not in chosen], [row for row in rows if row in chosen]


def _random_folds(dataset: Dataset, num_folds: int, seed: int) -> list[Fold]:
    num_rows = len(dataset)
    if num_folds < 2 or num_rows < 2 * num_folds:
        raise ValueError(
            f"{num_rows} recordings cannot make {num_folds} random folds; give at least 2 folds, 2 rows each."
        )
    shuffled = list(range(num_rows))
    random.Random(seed).shuffle(shuffled)
    folds = []
    for index in range(num_folds):
        held_out = shuffled[index::num_folds]
        test, validation = _split_off_utterances(dataset, sorted(held_out), RANDOM_VALIDATION_SHARE, seed)
        train = sorted(set(shuffled).difference(held_out))
        folds.append(Fold(f"random {index + 1}", train, validation, test))
    return folds
