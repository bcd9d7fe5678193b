"""Labelled clips joined with pauses into recordings whose emotion is known at every sample.

No open corpus has long recordings with labelled emotions. Here one speaker says one clip after the other, or several
take turns; nobody speaks at once, and what is between the clips is silent unless noise is added.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from tqdm.auto import tqdm

from wise_hf.data.schema import Utterance
from wise_hf.model.audio_wise import read_audio
from wise_hf.timeline.spans import Span, write_spans
from wise_hf.training.channel_scores import CHANNELS


SAMPLING_RATE = 16_000
HOP = SAMPLING_RATE // 100
SILENCE_DB = -40.0  # against the loudest 10 ms of a clip; what is quieter at its ends is not its emotion


@dataclass(frozen=True)
class Joining:
    """How clips are joined.

    Args:
        duration_s: a recording ends with the first clip after this.
        pause_s: the shortest and the longest pause, in seconds; each is drawn evenly between them.
        num_speakers: how many take turns in a recording.
        split_channels: each speaker has a channel, as in a call; else all are in one.
        through: names of `wise_hf.training.channel_scores.CHANNELS`, through which a recording goes one by one.
    """

    duration_s: float = 120.0
    pause_s: tuple[float, float] = (0.5, 2.0)
    num_speakers: int = 1
    split_channels: bool = False
    through: tuple[str, ...] = ()


def join_clips(
    clips: Iterator[Utterance], joining: Joining, rng: np.random.Generator
) -> tuple[np.ndarray, list[Span]]:
    """Make one recording.

    Args:
        clips: who says what, without an end.
        joining: how.
        rng: draws the pauses.

    Returns:
        (samples, channels) float32 at 16 kHz, and the span of each clip, whose samples, from `round(16_000 * start_s)`
        on, are those of the clip without the silence at its ends, before they go through `joining.through`.
    """
    parts, at, channels = [], 0, {}
    while at < joining.duration_s * SAMPLING_RATE:
        clip = next(clips)
        at += round(rng.uniform(*joining.pause_s) * SAMPLING_RATE)
        samples = clip_samples(clip)
        channel = channels.setdefault(clip["speaker"], len(channels)) if joining.split_channels else None
        span = Span(at / SAMPLING_RATE, (at + len(samples)) / SAMPLING_RATE, clip["emotion"], channel, clip["speaker"])
        parts.append((at, samples, span))
        at += len(samples)
    at += round(rng.uniform(*joining.pause_s) * SAMPLING_RATE)
    joined = np.zeros((at, joining.num_speakers if joining.split_channels else 1), dtype=np.float32)
    for start, samples, span in parts:
        joined[start : start + len(samples), span.channel or 0] = samples
    for name in joining.through:
        changed = [CHANNELS[name](channel, SAMPLING_RATE) for channel in joined.T]
        joined = np.stack(changed, axis=1).astype(np.float32)
    return joined, [span for _, _, span in parts]


def clip_samples(clip: Utterance) -> np.ndarray:
    """(n,) float32 at 16 kHz: a clip without the silence at its ends."""
    samples = read_audio(clip["audio"], SAMPLING_RATE, clip["start_s"], clip["end_s"])
    powers = np.add.reduceat(np.square(samples), np.arange(0, len(samples), HOP))
    loud = np.flatnonzero(powers >= powers.max() * 10 ** (SILENCE_DB / 10))
    return samples[loud[0] * HOP : (loud[-1] + 1) * HOP]


def write_joined(
    clips: Sequence[Utterance], folder: Path, num_recordings: int, joining: Joining, seed: int = 0
) -> None:
    """Write recordings as 16-bit wav files, and their `spans.csv`.

    Args:
        clips: what there is to join; each is taken once before any is taken again.
        folder: where to.
        num_recordings: how many.
        joining: how.
        seed: of the speakers, the order of their clips, and the pauses.

    Raises:
        ValueError: for fewer speakers than a recording needs, or a clip that cannot be read.
    """
    by_speaker = defaultdict(list)
    for clip in clips:
        by_speaker[clip["speaker"]].append(clip)
    if len(by_speaker) < joining.num_speakers:
        raise ValueError(f"There are {len(by_speaker)} speakers; give at least {joining.num_speakers}.")
    rng, spans = np.random.default_rng(seed), {}
    said = {speaker: _endless(its, rng) for speaker, its in by_speaker.items()}
    for number in tqdm(range(num_recordings), unit="recording", disable=num_recordings == 1):
        joined, its = join_clips(_turns(said, number, joining.num_speakers, rng), joining, rng)
        name = f"joined_{number + 1:03}.wav"
        soundfile.write(folder / name, np.clip(joined, -1, 1), SAMPLING_RATE, subtype="PCM_16")
        spans[name] = its
    write_spans(folder, spans)


def _endless(clips: Sequence[Utterance], rng: np.random.Generator) -> Iterator[Utterance]:
    while True:
        for index in rng.permutation(len(clips)):
            yield clips[index]


def _turns(
    said: Mapping[str | None, Iterator[Utterance]], number: int, num_speakers: int, rng: np.random.Generator
) -> Iterator[Utterance]:
    """The clips of the speakers of a recording; they take turns at random, and change from recording to recording."""
    names = list(said)
    chosen = [names[(number * num_speakers + each) % len(names)] for each in range(num_speakers)]
    while True:
        yield next(said[chosen[rng.integers(num_speakers)]])
