"""Copies of a recording as another voice, room, microphone and line would give it, for training.

Encoders hear more of a recording than of how something is said; what varies in training is not taken for an emotion.
"""

from dataclasses import dataclass

import numpy as np
import soxr
from scipy.signal import fftconvolve

from wise_hf.model.level_wise import LEAST_LEVEL, speech_level


SPEEDS = (0.9, 1.1)  # voice and pace together, as a tape has them
OCTAVES_HZ = 125.0 * 2.0 ** np.arange(7)  # 125 Hz to 8 kHz
MICROPHONE_SHARE, TILT_DB, BUMP_DB = 0.7, 8.0, 3.0
ROOM_SHARE, REVERBERATION_S, DIRECT_DB = 0.4, (0.15, 0.6), (0.0, 12.0)
NOISE_SHARE, SNR_DB, NOISE_SLOPE = 0.7, (5.0, 30.0), (0.0, 2.0)  # white to brown
TELEPHONE_SHARE, TELEPHONE_LOW_HZ, TELEPHONE_HIGH_HZ = 0.2, (150.0, 400.0), (3000.0, 3900.0)
BAND_SHARE, BAND_LOW_HZ, BAND_HIGH_HZ = 0.2, (20.0, 200.0), (2500.0, 7500.0)
MU_LAW_SHARE = 0.6  # of the telephones
BELOW_DB_PER_OCTAVE, ABOVE_DB, ABOVE_WIDTH_HZ = 24.0, 60.0, 300.0
FIRST_ECHO_S = 0.003


@dataclass(frozen=True)
class Copy:
    """A copy of a recording.

    Args:
        samples: (n,) float32.
        speed: how much faster it is than the recording; times in it are those of the recording divided by this.
    """

    samples: np.ndarray
    speed: float


def other_recording(samples: np.ndarray, sampling_rate: int, rng: np.random.Generator) -> Copy:
    """A recording as others would have made it, each of what follows with a share of its own.

    Args:
        samples: (n,) float, mono.
        sampling_rate: in Hz, at least 16,000.
        rng: draws the voice, the room, the noise, the microphone and the line.
    """
    speed = float(rng.uniform(*SPEEDS))
    samples = np.asarray(samples, dtype=np.float64)
    changed = soxr.resample(samples - samples.mean(), sampling_rate * speed, sampling_rate)
    if not len(changed):
        changed = samples
    if rng.random() < ROOM_SHARE:
        changed = in_room(changed, sampling_rate, rng)
    if rng.random() < NOISE_SHARE:
        changed = in_noise(changed, sampling_rate, rng)
    response_db = np.zeros(len(changed) // 2 + 1)
    frequencies_hz = np.fft.rfftfreq(len(changed), 1 / sampling_rate)
    if rng.random() < MICROPHONE_SHARE:
        response_db += _microphone_db(frequencies_hz, rng)
    line = rng.random()
    if line < TELEPHONE_SHARE:
        response_db += _band_db(frequencies_hz, rng.uniform(*TELEPHONE_LOW_HZ), rng.uniform(*TELEPHONE_HIGH_HZ))
    elif line < TELEPHONE_SHARE + BAND_SHARE:
        response_db += _band_db(frequencies_hz, rng.uniform(*BAND_LOW_HZ), rng.uniform(*BAND_HIGH_HZ))
    changed = np.fft.irfft(np.fft.rfft(changed) * 10 ** (response_db / 20), len(changed))
    if line < MU_LAW_SHARE * TELEPHONE_SHARE:
        changed = mu_law(changed)
    return Copy(changed.astype(np.float32), speed)


def in_room(samples: np.ndarray, sampling_rate: int, rng: np.random.Generator) -> np.ndarray:
    """(n,) the samples with the echoes of a room, as noise that dies away by 60 dB in its reverberation time."""
    count = int(rng.uniform(*REVERBERATION_S) * sampling_rate)
    echoes = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    echoes[: int(FIRST_ECHO_S * sampling_rate)] = 0.0
    echoes *= 10 ** (-rng.uniform(*DIRECT_DB) / 20) / np.sqrt(np.square(echoes).sum())
    echoes[0] = 1.0
    return fftconvolve(samples, echoes)[: len(samples)]


def in_noise(samples: np.ndarray, sampling_rate: int, rng: np.random.Generator) -> np.ndarray:
    """(n,) the samples with noise between white and brown, at a level against the speech."""
    level = max(speech_level(samples, sampling_rate), LEAST_LEVEL)
    spectrum = np.fft.rfft(rng.standard_normal(len(samples)))
    frequencies_hz = np.maximum(np.fft.rfftfreq(len(samples), 1 / sampling_rate), 50.0)
    noise = np.fft.irfft(spectrum * frequencies_hz ** (-rng.uniform(*NOISE_SLOPE) / 2), len(samples))
    noise *= level / max(np.sqrt(np.square(noise).mean()), LEAST_LEVEL * 1e-6)
    return samples + noise * 10 ** (-rng.uniform(*SNR_DB) / 20)


def _microphone_db(frequencies_hz: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A tilt over all octaves, and some more or less of each."""
    octaves = np.log2(np.clip(frequencies_hz, OCTAVES_HZ[0], OCTAVES_HZ[-1]) / OCTAVES_HZ[0])
    tilt_db = rng.uniform(-TILT_DB, TILT_DB) * (octaves / (len(OCTAVES_HZ) - 1) - 0.5)
    return tilt_db + np.interp(octaves, np.arange(len(OCTAVES_HZ)), rng.normal(0.0, BUMP_DB, len(OCTAVES_HZ)))


def _band_db(frequencies_hz: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    octaves_below = np.maximum(np.log2(low_hz / np.maximum(frequencies_hz, 1.0)), 0.0)
    return -BELOW_DB_PER_OCTAVE * octaves_below - ABOVE_DB * np.clip(
        (frequencies_hz - high_hz) / ABOVE_WIDTH_HZ, 0.0, 1.0
    )


def mu_law(samples: np.ndarray) -> np.ndarray:
    """(n,) the samples as 8 bits of a telephone's mu-law (ITU-T G.711) hold them, at their own peak."""
    peak = max(float(np.abs(samples).max()), LEAST_LEVEL)
    compressed = np.sign(samples) * np.log1p(255 * np.abs(samples) / peak) / np.log(256)
    coded = np.round(compressed * 127) / 127
    return np.sign(coded) * np.expm1(np.abs(coded) * np.log(256)) / 255 * peak
