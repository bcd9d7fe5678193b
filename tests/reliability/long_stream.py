"""A stream of hours, fed many times faster than it would come, and what the process holds meanwhile."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np

from reliability.ways import sample_recordings
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.decoder_wise import SAMPLING_RATE
from wise_hf.model.streaming_wise import WISEStreamer


PAUSE_S = 1.0  # between two recordings
PART_S = 0.1  # that a microphone gives at a time
STATUS, FILES = Path("/proc/self/status"), Path("/proc/self/fd")


@dataclass(frozen=True)
class Held:
    """What the process holds.

    Args:
        fed_s: of the stream, so far.
        computed_s: CPU time that it took.
        memory_mb: of its own (RssAnon).
        files: that are open.
        updates: that came.
    """

    fed_s: float
    computed_s: float
    memory_mb: float
    files: int
    updates: int


def feed_for_long(streamer: WISEStreamer, duration_s: float, looks: int) -> Iterator[Held]:
    """Feed the sample recordings again and again, with pauses between them.

    Args:
        streamer: at 16 kHz.
        duration_s: how much is fed.
        looks: how often is looked at what the process holds.

    Yields:
        What it holds, after each share of the stream.
    """
    began_s, fed, updates, told = time.process_time(), 0, 0, 0
    for part in _parts():
        if fed >= duration_s * SAMPLING_RATE:
            break
        updates += len(streamer.feed(part))
        fed += len(part)
        if fed >= (told + 1) * duration_s / looks * SAMPLING_RATE:
            told += 1
            yield _held(fed, began_s, updates)


def _parts() -> Iterator[np.ndarray]:
    pause = np.zeros(round(PAUSE_S * SAMPLING_RATE), np.float32)
    recordings = [read_audio(each["audio"], SAMPLING_RATE) for each in sample_recordings() if each["text"]]
    step = round(PART_S * SAMPLING_RATE)
    for samples in cycle(np.concatenate([each, pause]) for each in recordings):
        yield from np.split(samples, range(step, len(samples), step))


def _held(fed: int, began_s: float, updates: int) -> Held:
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith("RssAnon"))
    open_files = len(list(FILES.iterdir())) - 1  # without that of the folder itself
    computed_s = time.process_time() - began_s
    return Held(fed / SAMPLING_RATE, computed_s, int(line.split()[1]) / 1024, open_files, updates)


def held_table(seen: list[Held]) -> str:
    """A table of what was held."""
    rows = [
        f"| {each.fed_s / 60:.1f} | {each.fed_s / each.computed_s:.1f} | {each.memory_mb:.1f} | {each.files} "
        f"| {each.updates} |"
        for each in seen
    ]
    head = ["| minutes fed | times real time | memory, MB | open files | updates |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows])
