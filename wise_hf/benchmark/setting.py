"""What every row is measured with."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch

from wise_hf.benchmark.measurement import CPU_S, WALL_S, Clock, Measurement, Run, of_growth, of_repeats, time_in_turn
from wise_hf.benchmark.spoken import Spoken, spoken_sentence


GROWTH_REPEATS = 3  # at most: an hour's recording is among what grows


@dataclass(frozen=True)
class Setting:
    """What every row is measured with.

    Args:
        folder: an empty one, for what is written on the way.
        recording: a sentence; `None` = a synthetic one.
        repeats: runs of each thing.
        threads: of PyTorch, in a process.
        data_dir: a folder of recordings with a `metadata.csv`; `None` = synthetic speech.
        whisper: the folder of a Whisper with its weights.
    """

    folder: Path
    recording: Spoken | None = None
    repeats: int = 5
    threads: int = 1
    data_dir: Path | None = None
    whisper: Path | None = None

    @cached_property
    def spoken(self) -> Spoken:
        """A sentence, made when a row first asks for it."""
        return self.recording or spoken_sentence()

    @property
    def clock(self) -> Clock:
        """CPU time on one thread, which other programs change little; the time that passes on several, or on a GPU."""
        on_one = self.threads == 1 and not torch.cuda.is_available()
        return time.process_time if on_one else time.perf_counter

    @property
    def unit(self) -> str:
        """Of what the clock tells."""
        return CPU_S if self.clock is time.process_time else WALL_S

    def times_s(self, runs: Sequence[Run], seconds: float = 0.0) -> list[list[float]]:
        """The times of things in this process, after a run of each that does not count; see `time_in_turn`."""
        for run in runs:
            run()
        return time_in_turn(runs, self.repeats, seconds, self.clock)

    def compare(self, name: str, ours: Run, theirs: Run, seconds: float = 0.0) -> Measurement:
        """Two things in this process, see `times_s`."""
        return of_repeats(name, *self.times_s([ours, theirs], seconds), unit=self.unit)

    def growth(self, name: str, of: str, sizes: Sequence[float], runs: Sequence[Run]) -> list[Measurement]:
        """How the time of something in this process grows.

        Args:
            name: what it is.
            of: what the sizes are of.
            sizes: the smallest first.
            runs: the same at each size.

        Returns:
            The exponent over all sizes; and that between the two largest, where a square shows that small sizes hide.
        """
        runs[0]()  # loads what is loaded once
        times_s = time_in_turn(runs, min(self.repeats, GROWTH_REPEATS), clock=self.clock)
        return [
            of_growth(f"{name}, {sizes[first]:.0f} to {sizes[-1]:.0f} {of}", sizes[first:], times_s[first:], self.unit)
            for first in sorted({0, len(sizes) - 2})
        ]
