"""What samples must be, whatever hears them."""

import math

import numpy as np


def check_mono(samples: np.ndarray) -> tuple[np.ndarray, float]:
    """The audio as an array and its peak, or one clear sentence on what is wrong with it.

    Args:
        samples: mono audio of shape (n,), floating point.

    Returns:
        tuple: the same samples, of shape (n,), and the largest absolute value of them.

    Raises:
        ValueError: not one channel, empty, not floating point, NaN or infinite.
    """
    audio = np.asarray(samples)
    if audio.ndim != 1:
        raise ValueError(f"Audio has shape {audio.shape}, expected one channel (n,); average or pick a channel first.")
    if audio.size == 0:
        raise ValueError("Audio is empty, expected one sample or more; check the file or the segment's start and end.")
    if not np.issubdtype(audio.dtype, np.floating):
        raise ValueError(
            f"Audio has dtype {audio.dtype}, expected floating point in [-1, 1]; divide 16-bit samples by 32768."
        )
    peak = float(max(audio.max(), -audio.min()))
    if not math.isfinite(peak):
        not_finite = np.count_nonzero(~np.isfinite(audio))
        raise ValueError(f"Audio holds {not_finite} NaN or infinite samples, expected finite ones; repair the file.")
    return audio, peak
