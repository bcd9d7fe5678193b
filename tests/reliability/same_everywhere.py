"""How far the scores of one model and recording lie apart, however and wherever they are made."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reliability.ways import OwnProcessFailed, Way


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Apart:
    """A way to score recordings, held against another one.

    Args:
        way: its name.
        difference: the largest between two probabilities; `None` where it could not be run.
        count: how many recordings, or utterances of a stream.
        reason: why it could not be run.
    """

    way: str
    difference: float | None = None
    count: int = 0
    reason: str = ""


def compare_ways(
    model_dir: Path, recordings: Sequence[dict], ways: Mapping[Way, Mapping[str, Way]]
) -> Iterator[Apart]:
    """Score recordings in all ways.

    Args:
        model_dir: of a saved model.
        recordings: see `reliability.ways`.
        ways: by their names, under the one that they should agree with.

    Yields:
        How far apart their scores are.
    """
    for expected_way, others in ways.items():
        expected = expected_way(model_dir, recordings) if others else None
        for name, way in others.items():
            yield _apart(name, way, model_dir, recordings, expected)


def _apart(name: str, way: Way, model_dir: Path, recordings: Sequence[dict], expected: np.ndarray) -> Apart:
    logger.info("%s", name)
    try:
        scores = way(model_dir, recordings)
    except OwnProcessFailed as error:
        return Apart(name, reason=str(error))
    if scores.shape != expected.shape:
        raise ValueError(f"{name}: {scores.shape} scores were made, and {expected.shape} are expected.")
    return Apart(name, float(np.abs(scores - expected).max()), len(scores))


def check_apart(apart: Sequence[Apart], at_most: float) -> None:
    """Hold what was compared against a limit.

    Args:
        apart: all that was compared.
        at_most: the largest difference between two probabilities that is allowed.

    Raises:
        ValueError: scores lie further apart, or could not be made in some way.
    """
    if failed := [each.way for each in apart if each.reason]:
        raise ValueError(f"These ways gave no scores: {', '.join(failed)}; see the table.")
    if far := [each for each in apart if not each.difference <= at_most]:  # also where a score is no number
        told = ", ".join(f"{each.way} ({each.difference:.1e})" for each in far)
        raise ValueError(f"These ways are more than {at_most:g} apart: {told}.")


def ways_table(model: str, apart: list[Apart]) -> str:
    """A table of what was compared.

    Args:
        model: what to call it.
        apart: its rows.
    """
    rows = [f"| {each.way} | {each.count} | {each.reason or f'{each.difference:.1e}'} |" for each in apart]
    return "\n".join([f"| {model} | scored | largest difference |", "|---|---|---|", *rows])
