"""The mel scale, on which equal steps sound equally large."""

import numpy as np


def hz_to_mel(frequency_hz: np.ndarray | float) -> np.ndarray | float:
    """Frequency in Hz on the mel scale (HTK Book 3.4, equation 5.13).

    Args:
        frequency_hz: frequencies in Hz, 0 or above, any shape.

    Returns:
        np.ndarray | float: mel, float64, same shape.
    """
    return 1127.0 * np.log1p(np.asarray(frequency_hz) / 700.0)


def mel_to_hz(mel: np.ndarray | float) -> np.ndarray | float:
    """Mel back to frequency in Hz, the inverse of `hz_to_mel`.

    Args:
        mel: mel, 0 or above, any shape.

    Returns:
        np.ndarray | float: frequencies in Hz, float64, same shape.
    """
    return 700.0 * np.expm1(np.asarray(mel) / 1127.0)
