"""The features that pocketsphinx's acoustic model was trained on: 13 cepstra without noise, their slopes and bends.

Source: pocketsphinx 5, src/fe (Mel filters, noise removal) and src/feat (`1s_c_d_dd`), with the numbers that its model
en-us has in feat.params.
"""

from collections.abc import Callable

import numpy as np

from .mel_wise import hz_to_mel, mel_to_hz


FRAME, HOP, FFT_SIZE = 410, 160, 512  # samples at 16 kHz
HZ_A_BIN = 16000 / FFT_SIZE
BLOCK_FRAMES = 256  # spectra at a time: they are a hundred times as large as what is kept of them
PRE_EMPHASIS = 0.97
NUM_BANDS, NUM_CEPSTRA = 25, 13
LOW_HZ, HIGH_HZ = 130.0, 6800.0
LIFTER = 22.0
LOG_FLOOR = 1e-4
# Of the noise removal, in the order of its steps.
POWER_KEPT = 0.7
RISE_KEPT, FALL_KEPT = 0.995, 0.5  # of a lower envelope: it follows what falls below it, and hardly rises
PEAK_KEPT, MASKED = 0.85, 0.2  # what follows a louder moment is masked by it
MAX_GAIN = 20.0
SMOOTH_BANDS = 4  # to either side


def cepstra_with_slopes(pcm: np.ndarray) -> np.ndarray:
    """The model's three streams of features for every 10 ms of a recording.

    Args:
        pcm: (n,) int16 samples at 16 kHz, n above 0.

    Returns:
        (3, frames, 13) float32: the cepstra less their mean, their slopes and their bends.
    """
    cepstra = (np.log(_without_noise(_mel_bands(pcm)) + LOG_FLOOR) @ _cosines()).astype(np.float32)
    is_sound = cepstra[:, 0] >= 0
    cepstra -= cepstra[is_sound if is_sound.any() else slice(None)].mean(axis=0)
    last = len(cepstra) - 1
    around = cepstra[np.clip(np.arange(-3, last + 4), 0, last)]
    slopes = around[4:] - around[:-4]
    return np.stack([cepstra, slopes[1:-1], slopes[2:] - slopes[:-2]])


def _mel_bands(pcm: np.ndarray) -> np.ndarray:
    """(n,) samples -> (frames, 25) float64 energies; the last frame is filled up with zeros."""
    samples = pcm.astype(np.float32)
    emphasised = np.append(samples[:1], samples[1:] - np.float32(PRE_EMPHASIS) * samples[:-1])
    missing = -(len(samples) - FRAME) % HOP if len(samples) > FRAME else FRAME - len(samples)
    emphasised = np.pad(emphasised, (0, missing))
    frames = np.lib.stride_tricks.sliding_window_view(emphasised, FRAME)[::HOP]
    window, filters = np.hamming(FRAME).astype(np.float32), _mel_filters()
    bands = np.empty((len(frames), NUM_BANDS))
    for start in range(0, len(frames), BLOCK_FRAMES):
        block = slice(start, start + BLOCK_FRAMES)
        spectra = np.fft.rfft(frames[block] * window, FFT_SIZE)
        bands[block] = (np.square(spectra.real) + np.square(spectra.imag)) @ filters
    return bands


def _mel_filters() -> np.ndarray:
    """(257, 25) float32 triangles of equal area whose corners are on bins of the spectrum."""
    corners = mel_to_hz(np.linspace(hz_to_mel(LOW_HZ), hz_to_mel(HIGH_HZ), NUM_BANDS + 2))
    corners = np.floor(corners / HZ_A_BIN + 0.5) * HZ_A_BIN
    bins = np.arange(FFT_SIZE // 2 + 1)[:, None] * HZ_A_BIN
    low, middle, high = corners[:-2], corners[1:-1], corners[2:]
    sides = np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle))
    return (np.maximum(sides, 0.0) * 2 / (high - low)).astype(np.float32)


def _cosines() -> np.ndarray:
    """(25, 13) log energies to liftered cepstra, orthonormal before the lifter."""
    order = np.arange(NUM_CEPSTRA)
    cosines = np.cos(np.pi / NUM_BANDS * np.outer(np.arange(NUM_BANDS) + 0.5, order)) * np.sqrt(2 / NUM_BANDS)
    cosines[:, 0] *= np.sqrt(0.5)
    return cosines * (1 + LIFTER / 2 * np.sin(np.pi * order / LIFTER))


# --- what is steady is noise ---


def _without_noise(bands: np.ndarray) -> np.ndarray:
    """(frames, 25) -> (frames, 25) energies, each band turned down where it is no louder than its noise."""
    power = _follow(lambda before, now: POWER_KEPT * before + (1 - POWER_KEPT) * now, bands[0], bands)
    noise = _follow(_lower_envelope, bands[0] / MAX_GAIN, power)
    signal = np.maximum(power - noise, 1.0)
    floor = _follow(_lower_envelope, bands[0] / MAX_GAIN, signal)
    peaks = _follow(lambda before, now: np.maximum(PEAK_KEPT * before, now), np.zeros(NUM_BANDS), signal)
    faded = PEAK_KEPT * np.concatenate([np.zeros((1, NUM_BANDS)), peaks[:-1]])
    heard = np.maximum(np.where(signal < PEAK_KEPT * faded, MASKED * faded, signal), floor)
    return bands * _smooth_over_bands(np.clip(heard / np.maximum(power, LOG_FLOOR), 1 / MAX_GAIN, MAX_GAIN))


def _lower_envelope(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    difference = before - now
    return now + np.minimum(RISE_KEPT * difference, FALL_KEPT * difference)


def _follow(step: Callable, state: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The states that a recurrence goes through: each frame needs the one before it."""
    states = np.empty_like(values)
    for frame, now in enumerate(values):
        state = states[frame] = step(state, now)
    return states


def _smooth_over_bands(gains: np.ndarray) -> np.ndarray:
    """(frames, bands) -> (frames, bands) the mean of every band and its neighbours."""
    places = np.arange(NUM_BANDS)
    is_near = np.abs(places[:, None] - places) <= SMOOTH_BANDS
    return gains @ (is_near / is_near.sum(axis=0))
