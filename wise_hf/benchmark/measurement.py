"""Things timed in turn, so that what else the machine does meets all of them alike, and what comes of it: a ratio."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from timeit import timeit

import numpy as np


Run = Callable[[], object]
Clock = Callable[[], float]

RATIO, EXPONENT = "ratio", "exponent"
CPU_S, WALL_S, BYTES = "CPU s", "wall s", "bytes"


class NotHere(Exception):
    """What a row needs is not on this machine; the message says what that is."""


@dataclass(frozen=True)
class Measurement:
    """Two things measured alike.

    Args:
        name: what was measured.
        ours: the median, in `unit`.
        theirs: the same of what ours is compared with.
        ratio: how many times more theirs takes; of an exponent, how time grows from theirs (small) to ours (large).
        low, high: the quartiles of the ratio over the repeats.
        unit: `CPU s`, which the process computed for; `wall s`, which passed; or `bytes`.
        kind: `ratio` (more is better) or `exponent` (less is better).
    """

    name: str
    ours: float
    theirs: float
    ratio: float
    low: float
    high: float
    unit: str = WALL_S
    kind: str = RATIO

    def to_dict(self) -> dict:
        """The fields, for JSON."""
        return asdict(self)


def of_repeats(name: str, ours: Sequence[float], theirs: Sequence[float], unit: str = WALL_S) -> Measurement:
    """A measurement of repeats that were taken in turn.

    Args:
        name, unit: see `Measurement`.
        ours, theirs: one value a repeat. The ratio is the median of those of the repeats, which a load that comes and
            goes changes less than that of the medians.
    """
    low, ratio, high = np.quantile(np.divide(theirs, ours), (0.25, 0.5, 0.75)).tolist()
    return Measurement(name, float(np.median(ours)), float(np.median(theirs)), ratio, low, high, unit)


def of_growth(name: str, sizes: Sequence[float], times_s: Sequence[Sequence[float]], unit: str) -> Measurement:
    """How time grows with size: the exponent of the power law that fits best.

    Args:
        name, unit: see `Measurement`.
        sizes: at least 2, the smallest first.
        times_s: for each size one time a repeat, in seconds.
    """
    slopes = np.polyfit(np.log(sizes), np.log(times_s), 1)[0]
    low, exponent, high = np.quantile(slopes, (0.25, 0.5, 0.75)).tolist()
    smallest, largest = (float(np.median(times_s[place])) for place in (0, -1))
    return Measurement(name, largest, smallest, exponent, low, high, unit, EXPONENT)


def time_in_turn(
    runs: Sequence[Run], repeats: int, seconds: float = 0.0, clock: Clock = time.perf_counter
) -> list[list[float]]:
    """Run some things in turn, A B C A B C ...

    Args:
        runs: called without arguments.
        repeats: runs of each.
        seconds: at least so long is spent on more of them, where each run is short.
        clock: tells the time, in seconds.

    Returns:
        The times of each, in seconds.
    """
    times: list[list[float]] = [[] for _ in runs]
    end = time.perf_counter() + seconds
    while len(times[0]) < repeats or time.perf_counter() < end:
        for taken, run in zip(times, runs, strict=True):
            taken.append(timeit(run, number=1, timer=clock))
    return times
