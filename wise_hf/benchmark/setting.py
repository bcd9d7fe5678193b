"""What every row is measured with."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from wise_hf.benchmark.measurement import Clock, Measurement, Run, of_growth, of_repeats, time_in_turn
from wise_hf.benchmark.spoken import Spoken


GROWTH_REPEATS = 3  # at most: an hour's recording is among what grows


@dataclass(frozen=True)
class Setting:
    """What every row is measured with.

    Args:
        spoken: a sentence.
        folder: an empty one, for what is written on the way.
        repeats: runs of each thing.
        threads: of PyTorch, in a process.
        data_dir: a folder of recordings with a `metadata.csv`; `None` = synthetic speech.
        whisper: the folder of a Whisper with its weights.
    """

    spoken: Spoken
    folder: Path
    repeats: int = 5
    threads: int = 1
    data_dir: Path | None = None
    whisper: Path | None = None

    @property
    def clock(self) -> Clock:
        """CPU time on one thread, which other programs change little; the time that passes on several, or on a GPU."""
        on_one = self.threads == 1 and not torch.cuda.is_available()
        return time.process_time if on_one else time.perf_counter

    def times_s(self, runs: Sequence[Run], seconds: float = 0.0) -> list[list[float]]:
        """The times of things in this process, after a run of each that does not count; see `time_in_turn`."""
        for run in runs:
            run()
        return time_in_turn(runs, self.repeats, seconds, self.clock)

    def compare(self, name: str, ours: Run, theirs: Run, seconds: float = 0.0) -> Measurement:
        """Two things in this process, see `times_s`."""
        return of_repeats(name, *self.times_s([ours, theirs], seconds))

    def growth(self, name: str, sizes: Sequence[float], runs: Sequence[Run]) -> Measurement:
        """How the time of something in this process grows.

        Args:
            name: what it is.
            sizes: the smallest first.
            runs: the same at each size.
        """
        runs[0]()  # loads what is loaded once
        return of_growth(name, sizes, time_in_turn(runs, min(self.repeats, GROWTH_REPEATS), clock=self.clock))
