"""How loud a recording is, taken out: the level tells the microphone and how far away it stood, and no emotion."""

import numpy as np


LEVEL_DB = -26.0  # of full scale: the usual level of telephone speech, with room for its peaks
MASK_DB = -30.0  # against the speech
WINDOW_S, HOP_S = 0.025, 0.010
LOUD_DB = 20.0
LEAST_LEVEL = 1e-5  # digital silence is not made loud


def bring_to_level(samples: np.ndarray, sampling_rate: int) -> np.ndarray:
    """A recording with its speech at LEVEL_DB, and a faint, ever the same noise beneath it.

    What speech differs by within the recording stays. The noise is 30 dB below the speech: it covers what codecs,
    narrow bands and rooms change there, which nobody listens to and features take for a difference.

    Args:
        samples: (n,) float, mono.
        sampling_rate: in Hz.

    Returns:
        (n,) float32.
    """
    centred = samples - samples.mean(dtype=np.float64)
    level = max(speech_level(centred, sampling_rate), LEAST_LEVEL)
    return (centred * (_amplitude(LEVEL_DB) / level) + masking_noise(len(samples))).astype(np.float32)


def speech_level(samples: np.ndarray, sampling_rate: int) -> float:
    """The root mean square of a recording's loud frames: those at most 20 dB below the loudest.

    Args:
        samples: (n,) float, mono, around 0, n above 0.
        sampling_rate: in Hz.
    """
    window, hop = int(WINDOW_S * sampling_rate), int(HOP_S * sampling_rate)
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    starts = np.arange(0, max(len(samples) - window, 0) + 1, hop)
    ends = np.minimum(starts + window, len(samples))
    powers = (energy[ends] - energy[starts]) / (ends - starts)
    return float(np.sqrt(powers[powers >= powers.max() * 10 ** (-LOUD_DB / 10)].mean()))


def masking_noise(num_samples: int) -> np.ndarray:
    """(num_samples,) float32: white noise, the same for every recording."""
    noise = np.random.default_rng(0).standard_normal(num_samples, dtype=np.float32)
    return noise * np.float32(_amplitude(LEVEL_DB + MASK_DB))


def _amplitude(level_db: float) -> float:
    return 10 ** (level_db / 20)
