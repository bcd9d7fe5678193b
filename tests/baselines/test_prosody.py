import numpy as np
import pytest

from wise_hf.baselines.prosody import CONTOURS, FUNCTIONALS, PROSODY_SIZE, contours_of, functionals, prosody


RATE = 16_000
TIME_S = np.arange(RATE) / RATE


def harmonic(f0_hz, amplitude=0.05, num_harmonics=20):
    parts = [
        np.sin(2 * np.pi * f0_hz * n * TIME_S + n) / n for n in range(1, num_harmonics + 1) if f0_hz * n < RATE / 2
    ]
    return (amplitude * np.sum(parts, axis=0)).astype(np.float32)


def noise(num_samples=RATE, amplitude=0.05):
    return (amplitude * np.random.default_rng(0).standard_normal(num_samples)).astype(np.float32)


@pytest.mark.parametrize("f0_hz", [70, 110, 201, 333, 500])
def test_f0_of_harmonic_signals_and_tones_is_found(f0_hz):
    for samples in (harmonic(f0_hz), harmonic(f0_hz, num_harmonics=1)):
        contours = contours_of(samples)
        np.testing.assert_allclose(contours["f0_hz"], f0_hz, rtol=0.03)
        np.testing.assert_allclose(contours["f0_semitones"], 12 * np.log2(f0_hz / 27.5), atol=0.5)


def test_f0_is_found_without_its_fundamental_and_at_another_rate():
    missing = harmonic(150) - harmonic(150, num_harmonics=1)
    np.testing.assert_allclose(contours_of(missing)["f0_hz"], 150, rtol=0.03)
    np.testing.assert_allclose(contours_of(harmonic(150)[::2], RATE // 2)["f0_hz"], 150, rtol=0.03)


def test_f0_follows_a_glide():
    f0_hz = np.linspace(100, 200, RATE)
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE
    contours = contours_of((0.05 * sum(np.sin(n * phase) / n for n in range(1, 10))).astype(np.float32))
    middles = np.arange(len(contours["f0_hz"])) * 160 + 440
    np.testing.assert_allclose(contours["f0_hz"][3:-3], f0_hz[middles][3:-3], rtol=0.03)


def test_noise_is_unvoiced_and_has_a_loudness():
    contours = contours_of(noise())
    assert (contours["f0_hz"] == 0).all() and (contours["hnr_db"] == 0).all()
    assert contours["voicing"].max() < 0.6 < contours_of(harmonic(120))["voicing"].min()
    assert contours["loudness"].min() > 0


def test_hnr_falls_with_noise():
    clean, noisy, noisier = (
        contours_of(harmonic(150) + noise(amplitude=level))["hnr_db"].mean() for level in (0.0, 0.01, 0.02)
    )
    assert clean > noisy + 1 > noisier + 2


def test_quiet_voices_count_as_silence_but_louder_ones_do_not():
    assert (contours_of(harmonic(150, amplitude=5e-4))["f0_hz"] == 0).all()
    assert (contours_of(harmonic(150, amplitude=1e-2))["f0_hz"] > 0).all()


def test_loudness_grows_with_the_power_of_0_33():
    soft, loud = (contours_of(noise(amplitude=level))["loudness"].mean() for level in (0.01, 0.1))
    assert loud / soft == pytest.approx(100**0.33, rel=1e-3)


@pytest.mark.parametrize("samples", [np.zeros(RATE), noise(), noise(RATE // 10), noise(1), np.full(RATE, 0.5)])
def test_values_are_finite(samples):
    values = prosody(samples.astype(np.float32))
    assert values.shape == (PROSODY_SIZE,) == (35,) and values.dtype == np.float32
    assert np.isfinite(values).all()


def test_silence_is_zero():
    assert not prosody(np.zeros(RATE, dtype=np.float32)).any()


def test_bad_audio_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        prosody(np.full(RATE, np.nan, dtype=np.float32))


def expected_functionals(values):
    """By the formulas, one number after the other."""
    n = len(values)
    times = range(n)
    mean = sum(values) / n
    deviation = (sum((value - mean) ** 2 for value in values) / n) ** 0.5
    slope = np.polyfit(times, values, 1)[0]
    centroid = sum(time * value for time, value in zip(times, values, strict=True)) / sum(values) / (n - 1)

    def percentile(share):
        position = share * (n - 1)
        below = int(position)
        low, high = sorted(values)[below : below + 2]
        return low + (position - below) * (high - low)

    return [mean, deviation, slope, centroid, percentile(0.1), percentile(0.9), percentile(0.9) - percentile(0.1)]


def test_functionals_are_those_of_the_formulas():
    values = np.random.default_rng(1).uniform(1, 5, 34)
    np.testing.assert_allclose(functionals(values, without_zeros=False), expected_functionals(values), rtol=1e-12)
    with_gaps = np.insert(values, [0, 5, 5, 20, 34], 0.0)
    np.testing.assert_allclose(functionals(with_gaps, without_zeros=True), expected_functionals(values), rtol=1e-12)
    assert functionals(with_gaps, without_zeros=False)[0] < functionals(with_gaps, without_zeros=True)[0]


@pytest.mark.parametrize("contour", [[], [0.0, 0.0], [3.0], [-1.0, 1.0], [-1.0, 1.0001]])
def test_functionals_of_little_are_finite(contour):
    values = functionals(np.array(contour), without_zeros=True)
    assert np.isfinite(values).all() and 0 <= values[FUNCTIONALS.index("centroid")] <= 1


def test_values_are_the_functionals_of_the_contours():
    samples = np.concatenate([harmonic(150), noise(RATE // 4)])
    contours = contours_of(samples)
    for number, name in enumerate(CONTOURS):
        expected = functionals(contours[name], without_zeros=name != "loudness")
        np.testing.assert_allclose(prosody(samples)[7 * number : 7 * number + 7], expected, rtol=1e-5)
