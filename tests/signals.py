"""Signals that the tests of the MFCC share, at 16 kHz."""

import numpy as np


RATE = 16000
TIME_S = np.arange(2 * RATE) / RATE


def noise(num_samples: int, amplitude: float = 0.1, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(num_samples) * amplitude).astype(np.float32)


def tone(frequency_hz: float, amplitude: float = 0.5) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * frequency_hz * TIME_S)).astype(np.float32)


def click() -> np.ndarray:
    samples = np.zeros(RATE, dtype=np.float32)
    samples[RATE // 2] = 1.0
    return samples


SIGNALS = {
    "noise": noise(2 * RATE),
    "faint noise": noise(2 * RATE, amplitude=3e-5),
    "tone 50 Hz": tone(50),
    "tone 440 Hz": tone(440),
    "tone 3999 Hz": tone(3999),
    "tone 7990 Hz": tone(7990),
    "chirp": (0.8 * np.sin(2 * np.pi * (20 * TIME_S + 1950 * TIME_S**2))).astype(np.float32),
    "full scale square": np.sign(tone(100)).astype(np.float32),
    "constant": np.full(RATE, 0.5, dtype=np.float32),
    "click": click(),
    "silence": np.zeros(RATE, dtype=np.float32),
}
