"""Channels to one: their mean, a single one where the mean loses what they have, or the one that is asked for."""

import logging

import numpy as np


logger = logging.getLogger(__name__)

# Channels that have nothing in common leave 1 / channels² of their power in the mean. Where it has less than half of
# that, they work against each other: two equally loud ones by a correlation below -0.5.
CANCELLED = 0.5
# It is judged piece by piece, since a recording may be put together of others; pieces that have this share of the
# power must lose it. Of two people who speak at once, one a channel, none does (117 pairs of RAVDESS clips).
PIECE_S = 0.25
LOST_SHARE = 0.1


def mix_channels(samples: np.ndarray, rate: int, name: str = "The audio") -> np.ndarray:
    """Make one channel of all.

    Args:
        samples: (samples, channels) float32.
        rate: rate of the samples, in Hz.
        name: what to call the audio in the log.

    Returns:
        (samples,) float32: the mean of the channels; the loudest of them, told in the log, where they cancel each
        other, as where the second is the first one inverted.
    """
    mean = samples.mean(axis=1, dtype=np.float32)
    if samples.shape[1] == 1 or not _cancel(samples, mean, rate):
        return mean
    loudest = int(samples.var(axis=0, dtype=np.float64).argmax())
    logger.warning(
        "%s has channels that cancel each other; channel %d (of 0 to %d) is used alone.",
        name,
        loudest,
        samples.shape[1] - 1,
    )
    return np.ascontiguousarray(samples[:, loudest])


def take_channel(samples: np.ndarray, channel: int, name: str = "The audio") -> np.ndarray:
    """One of the channels, as of a call that has each speaker in a channel.

    Args:
        samples: (samples, channels).
        channel: its number, from 0.
        name: what to call the audio in an error.

    Returns:
        (samples,)

    Raises:
        ValueError: there is no such channel.
    """
    last = samples.shape[1] - 1
    if not 0 <= channel <= last:
        told = f"channels 0 to {last}" if last else "one channel, number 0"
        raise ValueError(f"{name} has {told}; there is no channel {channel}.")
    return np.ascontiguousarray(samples[:, channel])


def _cancel(samples: np.ndarray, mean: np.ndarray, rate: int) -> bool:
    """Whether pieces that have more than `LOST_SHARE` of the power lose it in the mean."""
    starts = np.arange(0, len(samples), max(round(PIECE_S * rate), 1))
    power = np.add.reduceat(np.square(samples - samples.mean(axis=0)).sum(axis=1, dtype=np.float64), starts)
    left = np.add.reduceat(np.square(mean - mean.mean(), dtype=np.float64), starts)
    lost = left < CANCELLED * power / samples.shape[1] ** 2
    return bool(power[lost].sum() > LOST_SHARE * power.sum())
