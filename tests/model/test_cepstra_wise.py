import math

import numpy as np
import pytest

from wise_hf.model.cepstra_wise import cepstra_with_slopes


RNG = np.random.default_rng(0)


def speech_like(num_samples: int) -> np.ndarray:
    """Bursts of sound over noise, as 16 bit samples."""
    time_s = np.arange(num_samples) / 16000
    sound = np.sin(2 * np.pi * (150 + 40 * np.sin(9 * time_s)) * time_s) * (np.sin(7 * time_s) > 0)
    return np.round(9000 * sound + RNG.normal(0, 300, num_samples)).astype(np.int16)


def reference(pcm: np.ndarray) -> np.ndarray:
    """Sample by sample, band by band, in float64."""
    samples = [float(value) for value in pcm] + [0.0] * 1000
    num_frames = 1 + max(0, math.ceil((len(pcm) - 410) / 160))
    bands = [_bands(samples, 160 * frame, len(pcm)) for frame in range(num_frames)]
    gains = _gains(bands)
    cepstra = []
    for energies, its_gains in zip(bands, gains, strict=True):
        near = [[its_gains[b] for b in range(max(0, band - 4), min(25, band + 5))] for band in range(25)]
        logs = [math.log(energy * sum(its) / len(its) + 1e-4) for energy, its in zip(energies, near, strict=True)]
        cepstra.append([_cepstrum(logs, order) for order in range(13)])
    cepstra = np.array(cepstra)
    cepstra -= cepstra[cepstra[:, 0] >= 0].mean(0)
    at = lambda frame: cepstra[min(max(frame, 0), num_frames - 1)]  # noqa: E731
    slope = lambda frame: at(frame + 2) - at(frame - 2)  # noqa: E731
    frames = range(num_frames)
    bends = [slope(frame + 1) - slope(frame - 1) for frame in frames]
    return np.array([cepstra, [slope(frame) for frame in frames], bends])


def _bands(samples: list[float], start: int, end: int) -> list[float]:
    before = lambda at: samples[at - 1] if at else 0.0  # noqa: E731
    frame = [samples[at] - 0.97 * before(at) if at < end else 0.0 for at in range(start, start + 410)]
    window = [0.54 - 0.46 * math.cos(2 * math.pi * at / 409) for at in range(410)]
    power = np.abs(np.fft.fft(np.multiply(frame, window), 512)) ** 2
    mel = lambda hz: 2595 * math.log10(1 + hz / 700)  # noqa: E731
    step = (mel(6800) - mel(130)) / 26
    corners = [700 * (10 ** ((mel(130) + step * n) / 2595) - 1) for n in range(27)]
    corners = [math.floor(hz / 31.25 + 0.5) * 31.25 for hz in corners]
    bands = []
    for low, middle, high in zip(corners, corners[1:], corners[2:], strict=False):
        total = 0.0
        for number in range(257):
            hz = number * 31.25
            side = (hz - low) / (middle - low) if hz < middle else (high - hz) / (high - middle)
            total += max(0.0, side) * 2 / (high - low) * power[number]
        bands.append(total)
    return bands


def _gains(bands: list[list[float]]) -> list[list[float]]:
    gains = [[0.0] * 25 for _ in bands]
    for band in range(25):
        power, noise, floor, peak = bands[0][band], bands[0][band] / 20, bands[0][band] / 20, 0.0
        for frame, energies in enumerate(bands):
            power = 0.7 * power + 0.3 * energies[band]
            noise = 0.995 * noise + 0.005 * power if power >= noise else 0.5 * noise + 0.5 * power
            signal = max(1.0, power - noise)
            floor = 0.995 * floor + 0.005 * signal if signal >= floor else 0.5 * floor + 0.5 * signal
            peak *= 0.85
            heard = 0.2 * peak if signal < 0.85 * peak else signal
            peak = max(peak, signal)
            gains[frame][band] = min(20.0, max(1 / 20, max(heard, floor) / power))
    return gains


def _cepstrum(logs: list[float], order: int) -> float:
    cosines = [math.cos(math.pi / 25 * (band + 0.5) * order) for band in range(25)]
    total = sum(log * cosine for log, cosine in zip(logs, cosines, strict=True))
    total *= math.sqrt((1 if order == 0 else 2) / 25)
    return total * (1 + 11 * math.sin(math.pi * order / 22))


@pytest.mark.parametrize("num_samples", [1, 200, 410, 411, 570, 571, 5000, 12345])
def test_features_are_those_of_the_definition(num_samples):
    pcm = speech_like(num_samples) + np.int16(300)
    np.testing.assert_allclose(cepstra_with_slopes(pcm), reference(pcm), atol=2e-3)


def test_digital_silence_has_finite_features():
    features = cepstra_with_slopes(np.zeros(4000, np.int16))
    assert features.shape == (3, 24, 13) and np.isfinite(features).all()
