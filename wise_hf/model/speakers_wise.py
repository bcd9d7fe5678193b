"""Known speakers: the recordings of one are normalised together, by the mean and deviation of all their frames."""

import logging
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from .feature_statistics_wise import RunningStatistics, Statistics


logger = logging.getLogger(__name__)

# Frames of a speaker's phonemes. Those of a single recording of a few seconds would hide its emotion.
MIN_SPEAKER_S = 15.0


def is_enough_speech(num_frames: int, hop_ms: float) -> bool:
    """Whether a speaker has frames enough to be normalised by them.

    Args:
        num_frames: frames of phonemes in all recordings of the speaker.
        hop_ms: step between the starts of two frames in milliseconds.
    """
    return num_frames * hop_ms >= 1000 * MIN_SPEAKER_S


@dataclass(frozen=True)
class Normalization:
    """What the frames of a recording are normalised by.

    Attributes:
        speaker: who speaks, or `None`.
        normalized_by: "speaker", "training" (the statistics of the training part) or "none".
        speaker_unused: where a speaker is given and not normalised by: why, in a sentence.
        statistics: mean and deviation of the speaker's frames, (D,) each; `None` where they are not used.
    """

    speaker: str | None
    normalized_by: str
    speaker_unused: str | None = None
    statistics: Statistics | None = None

    def told(self) -> dict[str, str | None]:
        """The part that goes into a result."""
        return {name: getattr(self, name) for name in ("speaker", "normalized_by", "speaker_unused")}


@dataclass(frozen=True)
class Heard:
    """A recording of a known speaker, as the first pass found it.

    Attributes:
        utterance: its words and what is known of them, or what is wrong with it as `{"error": sentence}`.
        normalization: what it is normalised by.
    """

    utterance: dict
    normalization: Normalization


class SpeakerFrames:
    """The frames of each speaker, as sums: they need no memory of their own."""

    def __init__(self, hop_ms: float):
        """Without frames.

        Args:
            hop_ms: step between the starts of two frames in milliseconds.
        """
        self._hop_ms = hop_ms
        self._frames: defaultdict[str, RunningStatistics] = defaultdict(RunningStatistics)

    def add(self, speaker: str, frames: np.ndarray) -> None:
        """Count the frames of a recording.

        Args:
            speaker: who speaks in it.
            frames: (T, D), those of its phonemes, not normalised.
        """
        self._frames[speaker].add(frames)

    def normalizations(self) -> dict[str, Normalization]:
        """What each speaker is normalised by; a speaker who has not enough speech is told in the log."""
        found = {speaker: self._normalization(speaker) for speaker in self._frames}
        for normalization in found.values():
            if normalization.speaker_unused is not None:
                logger.warning("%s", normalization.speaker_unused)
        return found

    def _normalization(self, speaker: str) -> Normalization:
        frames = self._frames[speaker]
        if is_enough_speech(frames.num_frames, self._hop_ms):
            return Normalization(speaker, "speaker", statistics=frames.mean_and_std())
        spoken_s = frames.num_frames * self._hop_ms / 1000
        return Normalization(
            speaker,
            "training",
            f"{speaker} speaks for {spoken_s:.1f} s in these recordings, and {MIN_SPEAKER_S:g} s are needed to "
            "normalise by a speaker; they are normalised as those of an unknown one.",
        )


def without_speakers(normalization: str, speaker: str | None) -> Normalization:
    """What a recording is normalised by where its speaker's other recordings were not looked at.

    Args:
        normalization: the feature extractor's.
        speaker: who speaks, or `None`.

    Raises:
        ValueError: a speaker is given, and the model normalises by speaker.
    """
    if normalization == "speaker" and speaker is not None:
        raise ValueError(
            f"The speaker {speaker} is given, but a data set or generator of recordings is not looked at twice; give "
            "recordings with speakers as a list."
        )
    usual = "none" if normalization == "none" else "training"
    unused = f'This model does not normalise by speaker (normalization="{normalization}").'
    return Normalization(speaker, usual, None if speaker is None else unused)


def check_speaker(speaker: Any) -> None:
    """Refuses what is no name.

    Raises:
        ValueError: it is neither `None` nor a string with something in it.
    """
    if speaker is not None and (not isinstance(speaker, str) or not speaker.strip()):
        raise ValueError(f"The speaker is {speaker!r:.40}; give a name such as 'anna', or leave it out.")
