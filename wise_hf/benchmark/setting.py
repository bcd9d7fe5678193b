"""What every row is measured with."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wise_hf.benchmark.measurement import Clock, Measurement, Run, of_growth, of_repeats, time_in_turn
from wise_hf.benchmark.spoken import Spoken


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
        """CPU time on one thread, which other programs on the machine change little; else the time that passes."""
        return time.process_time if self.threads == 1 else time.perf_counter

    def compare(self, name: str, ours: Run, theirs: Run, seconds: float = 0.0) -> Measurement:
        """Two things in this process, see `time_in_turn`."""
        return of_repeats(name, *time_in_turn([ours, theirs], self.repeats, seconds, self.clock))

    def growth(self, name: str, sizes: Sequence[float], run_of: Callable[[float], Run]) -> Measurement:
        """How the time of something in this process grows.

        Args:
            name: what it is.
            sizes: the smallest first.
            run_of: what to run at a size.
        """
        times_s = time_in_turn([run_of(size) for size in sizes], self.repeats, clock=self.clock)
        return of_growth(name, sizes, times_s)
