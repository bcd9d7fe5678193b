"""Speech as CNN+Phoneme sees it: a mel spectrogram.

Letters in the shapes: T frames, K bins of a spectrum.
"""

from functools import lru_cache

import numpy as np

from wise_hf.baselines.framing import frames_of
from wise_hf.model.mel_wise import hz_to_mel
from wise_hf.model.mfcc_wise import SAMPLING_RATE


# 256 frames are 6 s; a frame is as long as four hops.
MEL_FRAME, MEL_HOP, MEL_FFT = 1500, 375, 2048
MEL_BANDS, MEL_FRAMES = 128, 256
FLOOR_DB = -100.0

_TINY = 1e-12  # keeps silence finite


def mel_spectrogram(samples: np.ndarray) -> np.ndarray:
    """The logarithmic mel spectrogram of the first 6 s.

    The level is kept, since loudness tells of emotion: a full-scale tone has about 0 dB.

    Args:
        samples: (n,) float in [-1, 1] at 16 kHz.

    Returns:
        (T, 128) float32, T = 256 at 6 s and at least 1: from 0 (FLOOR_DB and below, silence) to about 1 (0 dB).
    """
    longest = samples[: MEL_FRAMES * MEL_HOP]
    padded = np.pad(longest, (0, MEL_FRAME - MEL_HOP))  # a frame for each whole hop
    window = np.hanning(MEL_FRAME)
    spectra = np.abs(np.fft.rfft(frames_of(padded, MEL_FRAME, MEL_HOP) * window, MEL_FFT)) / (window.sum() / 2)
    level_db = 10 * np.log10(spectra**2 @ mel_filters() + _TINY)
    return (np.maximum(level_db / -FLOOR_DB, -1) + 1).astype(np.float32)


@lru_cache(maxsize=1)
def mel_filters() -> np.ndarray:
    """(K, 128) float64: triangles that stand evenly on the mel scale between 0 and 8 kHz."""
    centres = np.linspace(0, hz_to_mel(SAMPLING_RATE / 2), MEL_BANDS + 2)
    bins = hz_to_mel(np.linspace(0, SAMPLING_RATE / 2, MEL_FFT // 2 + 1))[:, None]
    rising = (bins - centres[:-2]) / (centres[1:-1] - centres[:-2])
    falling = (centres[2:] - bins) / (centres[2:] - centres[1:-1])
    return np.maximum(0, np.minimum(rising, falling))
