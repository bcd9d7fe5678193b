"""Speech as LSTM+Attn hears it: 34 low-level descriptors of short frames.

Letters in the shapes: T frames, K bins of a spectrum.
"""

from functools import lru_cache

import numpy as np

from wise_hf.baselines.framing import frames_of
from wise_hf.model.mfcc_wise import NUM_CEPSTRA, SAMPLING_RATE, mfcc_native


FRAME_MS, HOP_MS = 50.0, 25.0
FRAME, HOP, FFT = 800, 400, 1024
BLOCKS = 10  # of a frame or a spectrum, for its entropy
ROLL_OFF_SHARE = 0.9
LOWEST_PITCH_HZ, CONCERT_PITCH_HZ = 27.5, 440.0
NUM_DESCRIPTORS = 8 + NUM_CEPSTRA + 12 + 1

_TINY = 1e-12  # keeps silence finite


def low_level_descriptors(samples: np.ndarray) -> np.ndarray:
    """The 34 descriptors that pyAudioAnalysis made usual.

    Args:
        samples: (n,) float in [-1, 1] at 16 kHz.

    Returns:
        (T, 34) float32, a frame every 25 ms: zero crossing rate, energy, entropy of energy; spectral centroid, spread,
        entropy, flux and roll-off (frequencies as shares of 8 kHz); 13 MFCC; the shares of the 12 pitch classes in the
        power, A first, and their deviation.
    """
    frames = frames_of(samples.astype(np.float64), FRAME, HOP)
    spectra = np.abs(np.fft.rfft(frames * np.hamming(FRAME), FFT))
    centroid, spread = centroid_and_spread(spectra)
    of_time = [zero_crossing_rate(frames), (frames**2).mean(1), entropy(frames**2)]
    of_spectrum = [centroid, spread, entropy(spectra**2), flux(spectra), roll_off(spectra**2)]
    cepstra = mfcc_native(samples, SAMPLING_RATE, frame_ms=FRAME_MS, hop_ms=HOP_MS)[:, :NUM_CEPSTRA]
    chroma = pitch_classes(spectra**2)
    columns = [np.stack(of_time + of_spectrum, axis=1), cepstra, chroma, chroma.std(1, keepdims=True)]
    return np.concatenate(columns, axis=1).astype(np.float32)


def zero_crossing_rate(frames: np.ndarray) -> np.ndarray:
    """(T, frame) -> (T,): the share of neighbouring samples of different sign."""
    negative = np.signbit(frames)
    return (negative[:, 1:] != negative[:, :-1]).mean(1)


def entropy(power: np.ndarray) -> np.ndarray:
    """(T, K) power over time or frequency -> (T,) in bits: how evenly it is spread over ten blocks."""
    starts = np.linspace(0, power.shape[1], BLOCKS, endpoint=False).astype(int)
    blocks = np.add.reduceat(power, starts, axis=1)
    shares = blocks / (blocks.sum(1, keepdims=True) + _TINY)
    return -(shares * np.log2(shares + _TINY)).sum(1)


def centroid_and_spread(spectra: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T, K) magnitudes -> (T,) mean and (T,) deviation of the frequency, 1 = half the sampling rate."""
    frequencies = np.linspace(0, 1, spectra.shape[1])
    shares = spectra / (spectra.sum(1, keepdims=True) + _TINY)
    centroid = shares @ frequencies
    squares = (frequencies - centroid[:, None]) ** 2
    return centroid, np.sqrt((shares * squares).sum(1))


def flux(spectra: np.ndarray) -> np.ndarray:
    """(T, K) magnitudes -> (T,): the squared distance to the frame before, both summing to 1; 0 at the first."""
    shares = spectra / (spectra.sum(1, keepdims=True) + _TINY)
    return (np.diff(shares, axis=0, prepend=shares[:1]) ** 2).sum(1)


def roll_off(power: np.ndarray) -> np.ndarray:
    """(T, K) power -> (T,): the frequency that 90 % of it lie at or below, 1 = half the sampling rate."""
    up_to = power.cumsum(1)
    return (up_to >= ROLL_OFF_SHARE * up_to[:, -1:]).argmax(1) / (power.shape[1] - 1)


def pitch_classes(power: np.ndarray) -> np.ndarray:
    """(T, K) power -> (T, 12): the share of each pitch class in it, over all octaves from A0 (27.5 Hz) on."""
    folded = power @ _pitch_class_matrix(power.shape[1])
    return folded / (folded.sum(1, keepdims=True) + _TINY)


@lru_cache(maxsize=1)
def _pitch_class_matrix(num_bins: int) -> np.ndarray:
    """(K, 12): 1 where a bin is of a pitch class."""
    frequencies_hz = np.linspace(0, SAMPLING_RATE / 2, num_bins)
    semitones = 12 * np.log2(np.maximum(frequencies_hz, LOWEST_PITCH_HZ) / CONCERT_PITCH_HZ)
    classes = np.round(semitones).astype(int) % 12
    is_pitch = frequencies_hz >= LOWEST_PITCH_HZ
    return np.eye(12)[classes] * is_pitch[:, None]
