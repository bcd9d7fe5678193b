"""Channels are speakers where a recording has one each; their voices heard in each other's channels do not count."""

import logging

import numpy as np

from wise_hf.model.channels_wise import CANCELLED
from wise_hf.model.speech_wise import PART, WINDOW
from wise_hf.timeline.decoded import Decoded
from wise_hf.timeline.pauses import smoothed


logger = logging.getLogger(__name__)

CHANNELS = ("speakers", "mix")
# Two microphones in a room get loud together, as two channels of one voice do. Who takes turns does not.
ALIKE = 0.5  # correlation of loudness over time
CROSS_TALK_DB = 10.0  # below another voice, each against how loud its own channel's speech usually is


def channel_powers(recording: Decoded) -> np.ndarray:
    """The power of a recording over time.

    Args:
        recording: of any length.

    Returns:
        (windows, channels + 1) float64, at least 0: the power of each channel, and last of their mean, in each 32 ms,
        without what is constant in it.
    """
    parts = (recording.read_channels(*part) for part in recording.parts(PART))
    return np.concatenate([_window_powers(part) for part in parts])


def chosen_channels(powers: np.ndarray, channels: str | None, name: str) -> list[int | None]:
    """Which channels are heard, each as one recording; what is chosen is told in the log.

    Args:
        powers: (windows, channels + 1) of `channel_powers`.
        channels: "speakers", "mix", or `None`: whichever fits.
        name: what to call the recording.

    Returns:
        All channels, from 0, where each has a speaker of its own; else `[None]`, their mean; the loudest alone where
        they cancel each other.
    """
    own, mean = powers[:, :-1], powers[:, -1]
    if own.shape[1] == 1:
        return [None]
    if channels == "speakers" or (channels is None and _differ(own)):
        told = "are heard one by one, each normalised by its own speaker"
        told += " (a speaker of one mood is stretched by that: --channels mix)" if channels is None else ""
        logger.info("%s: the %d channels %s.", name, own.shape[1], told)
        return list(range(own.shape[1]))
    if mean.sum() < CANCELLED * own.sum() / own.shape[1] ** 2:
        loudest = int(own.sum(axis=0).argmax())
        logger.warning("%s has channels that cancel each other; channel %d is used alone.", name, loudest)
        return [loudest]
    logger.info("%s: the %d channels are heard as one, their mean.", name, own.shape[1])
    return [None]


def cross_talk(powers: np.ndarray, is_speech: np.ndarray) -> np.ndarray:
    """Where the speech in a channel is the voice of another one's speaker.

    Args:
        powers: (windows, channels).
        is_speech: (windows, channels) bool.

    Returns:
        (windows, channels) bool.
    """
    relative = np.stack([_relative(*each) for each in zip(powers.T, is_speech.T, strict=True)], axis=1)
    others = [np.delete(relative, channel, axis=1).max(axis=1) for channel in range(powers.shape[1])]
    return is_speech & (relative * 10 ** (CROSS_TALK_DB / 10) < np.stack(others, axis=1))


def _window_powers(samples: np.ndarray) -> np.ndarray:
    """(samples, channels) -> (windows, channels + 1); the last window may be shorter."""
    mixed = np.concatenate([samples, samples.mean(axis=1, keepdims=True)], axis=1, dtype=np.float64)
    starts = np.arange(0, len(mixed), WINDOW)
    counts = np.diff(np.append(starts, len(mixed)))[:, None]
    means = np.add.reduceat(mixed, starts) / counts
    return np.maximum(np.add.reduceat(np.square(mixed), starts) / counts - np.square(means), 0)


def _differ(powers: np.ndarray) -> bool:
    """Whether no two channels get loud together."""
    loudness = np.sqrt(powers)
    centred = loudness - loudness.mean(axis=0)
    lengths = np.maximum(np.linalg.norm(centred, axis=0), 1e-9)
    alike = (centred.T @ centred) / np.outer(lengths, lengths)
    return bool((alike[np.triu_indices(len(alike), 1)] < ALIKE).all())


def _relative(powers: np.ndarray, is_speech: np.ndarray) -> np.ndarray:
    """A channel's power against that of its loud speech, smoothed; 0 where it has none."""
    level = max(np.quantile(powers[is_speech], 0.9), 1e-12) if is_speech.any() else np.inf
    return smoothed(powers) / level
