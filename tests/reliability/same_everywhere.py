"""How far the scores of one model and recording lie apart, however and wherever they are made."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from reliability.ways import STREAMS, WAYS, OwnProcessFailed, Way, by_own_process, by_pipeline, of_utterances


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Apart:
    """A way to score recordings, held against the pipeline that takes them one by one.

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
    model_dir: Path,
    recordings: Sequence[dict],
    pythons: Mapping[str, str],
    ways: Mapping[str, Way] = WAYS,
    streams: Mapping[str, Way] = STREAMS,
) -> Iterator[Apart]:
    """Score recordings in all ways.

    Args:
        model_dir: of a saved model.
        recordings: see `reliability.ways`.
        pythons: other Pythons that have wise_hf, by what to call them.
        ways: those to hold against the pipeline, one by one.
        streams: those to hold against the pipeline on the utterances of a stream.

    Yields:
        How far apart their scores are.
    """
    others = {name: partial(by_own_process, python=path) for name, path in pythons.items()}
    expected = by_pipeline(model_dir, recordings)
    for name, way in {**ways, **others}.items():
        yield _apart(name, way, model_dir, recordings, expected)
    expected = of_utterances(model_dir, recordings) if streams else None
    for name, way in streams.items():
        yield _apart(name, way, model_dir, recordings, expected)


def _apart(name: str, way: Way, model_dir: Path, recordings: Sequence[dict], expected: np.ndarray) -> Apart:
    logger.info("%s", name)
    try:
        scores = way(model_dir, recordings)
    except OwnProcessFailed as error:
        return Apart(name, reason=str(error))
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
    if (largest := max(each.difference for each in apart)) > at_most:
        raise ValueError(f"The scores lie up to {largest:.1e} apart, more than {at_most:g}.")


def ways_table(model: str, apart: list[Apart]) -> str:
    """A table of what was compared.

    Args:
        model: what to call it.
        apart: its rows.
    """
    rows = [f"| {each.way} | {each.count} | {each.reason or f'{each.difference:.1e}'} |" for each in apart]
    return "\n".join([f"| {model} | scored | largest difference |", "|---|---|---|", *rows])
