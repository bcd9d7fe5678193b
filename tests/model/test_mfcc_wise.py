"""Native MFCC: the formulas of the HTK Book in float64, edges, lengths and bad input."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signals import RATE, SIGNALS, noise

from wise_hf.model import mfcc_wise
from wise_hf.model.mfcc_wise import (
    dct_matrix,
    hamming_window,
    mel_matrix,
    mfcc_native,
    num_frames,
    warp_frequencies,
    with_deltas,
)
from wise_hf.model.opensmile_wise import mfcc_opensmile


REFERENCE_TOLERANCE = 1e-3


def htk_reference(samples: np.ndarray) -> np.ndarray:
    """The formulas of the HTK Book one value at a time, in float64, at 16 kHz; (n,) samples to (T, 39)."""
    audio = [min(32767.0, max(-32768.0, float(np.rint(float(sample) * 32768.0)))) for sample in samples]
    audio += [0.0] * (400 - len(audio))
    cepstra = [reference_cepstra(audio[start : start + 400]) for start in range(0, len(audio) - 399, 240)]
    return np.array(reference_deltas(cepstra))


def reference_cepstra(frame: list[float]) -> list[float]:
    emphasised = [0.03 * frame[0]] + [frame[n] - 0.97 * frame[n - 1] for n in range(1, 400)]
    windowed = [(0.54 - 0.46 * math.cos(2 * math.pi * n / 399)) * emphasised[n] for n in range(400)]
    power = np.abs(np.fft.rfft(np.array(windowed), 512)) ** 2
    logs = [math.log(max(1.0, energy)) for energy in reference_bands(power)]
    cepstra = []
    for order in range(13):
        total = sum(logs[band] * math.cos(math.pi * order / 26 * (band + 0.5)) for band in range(26))
        lifter = 1 + 22 / 2 * math.sin(math.pi * order / 22)
        cepstra.append(math.sqrt(2 / 26) * total * lifter)
    return cepstra


def reference_bands(power: np.ndarray) -> list[float]:
    def mel(frequency_hz: float) -> float:
        return 1127.0 * math.log(1.0 + frequency_hz / 700.0)

    centres = [mel(8000.0) * band / 27 for band in range(28)]
    energies = [0.0] * 26
    for index in range(1, 256):
        position = mel(index * 16000 / 512)
        for band in range(1, 27):
            low, centre, high = centres[band - 1 : band + 2]
            if low < position <= centre:
                energies[band - 1] += power[index] * (position - low) / (centre - low)
            elif centre < position < high:
                energies[band - 1] += power[index] * (high - position) / (high - centre)
    return energies


def reference_deltas(cepstra: list[list[float]]) -> list[list[float]]:
    last = len(cepstra) - 1

    def cepstrum(frame: int, order: int) -> float:
        return cepstra[min(max(frame, 0), last)][order]

    def delta(frame: int, order: int) -> float:
        frame = max(frame, 0)
        return sum(k * (cepstrum(frame + k, order) - cepstrum(frame - k, order)) for k in (1, 2)) / 10

    def acceleration(frame: int, order: int) -> float:
        return sum(k * (delta(frame + k, order) - delta(frame - k, order)) for k in (1, 2)) / 10

    return [
        [function(frame, order) for function in (cepstrum, delta, acceleration) for order in range(13)]
        for frame in range(last + 1)
    ]


class TestAgainstTheFormulas:
    @pytest.mark.parametrize("name", SIGNALS)
    def test_native_gives_the_htk_formulas(self, name):
        samples = SIGNALS[name][:4000] if name != "click" else SIGNALS[name][6000:10000]
        np.testing.assert_allclose(mfcc_native(samples), htk_reference(samples), atol=REFERENCE_TOLERANCE, rtol=0)

    @pytest.mark.parametrize("num_samples", [1, 399, 400, 640, 880, 1120])
    def test_native_gives_the_formulas_on_audio_of_a_few_frames(self, num_samples):
        samples = noise(num_samples)
        np.testing.assert_allclose(mfcc_native(samples), htk_reference(samples), atol=REFERENCE_TOLERANCE, rtol=0)

    def test_native_gives_the_formulas_over_its_chunks(self):
        samples = noise(240 * 2 * mfcc_wise.CHUNK_FRAMES + 4000)
        tail = slice(mfcc_wise.CHUNK_FRAMES - 2, mfcc_wise.CHUNK_FRAMES + 3)
        expected = htk_reference(samples[240 * tail.start : 240 * tail.stop + 160])[:, :13]
        np.testing.assert_allclose(mfcc_native(samples)[tail, :13], expected, atol=REFERENCE_TOLERANCE, rtol=0)

    def test_slope_of_a_ramp_is_its_step_and_bends_only_at_the_edges(self):
        features = with_deltas(np.arange(10, dtype=np.float32)[:, None])
        np.testing.assert_allclose(features[2:-2, 1], 1.0, atol=1e-6)
        np.testing.assert_allclose(features[[0, 1, -2, -1], 1], [0.5, 0.8, 0.8, 0.5], atol=1e-6)
        np.testing.assert_allclose(features[4:-4, 2], 0.0, atol=1e-6)

    def test_every_frequency_inside_the_band_is_shared_between_two_filters(self):
        matrix = mel_matrix(RATE, 512)
        assert matrix.shape == (257, 26)
        assert not matrix[0].any() and not matrix[256].any()
        np.testing.assert_allclose(matrix[3:228].sum(axis=1), 1.0, atol=1e-6)
        assert ((matrix > 0).sum(axis=1) <= 2).all()

    def test_cached_tables_cannot_be_changed(self):
        for table in (hamming_window(400), mel_matrix(RATE, 512), dct_matrix()):
            with pytest.raises(ValueError, match="read-only"):
                table[0] = 1.0


class TestFramesAndScale:
    @given(num_samples=st.integers(1, 4000))
    @settings(max_examples=60)
    def test_one_frame_at_least_then_one_for_each_whole_step(self, num_samples):
        expected = 1 if num_samples < 400 else 1 + (num_samples - 400) // 240
        assert mfcc_native(noise(num_samples)).shape == (expected, 39)
        assert num_frames(num_samples) == expected

    def test_samples_after_the_last_whole_frame_change_nothing(self):
        samples = noise(4000)
        np.testing.assert_array_equal(mfcc_native(samples), mfcc_native(samples[: 400 + 240 * 15]))

    def test_short_audio_is_padded_with_zeros_to_a_frame(self):
        samples = noise(150)
        np.testing.assert_array_equal(mfcc_native(samples), mfcc_native(np.pad(samples, (0, 250))))

    def test_digital_silence_is_zero_and_finite(self):
        np.testing.assert_array_equal(mfcc_native(np.zeros(4000, dtype=np.float32)), np.zeros((16, 39)))

    def test_same_values_for_float32_float64_lists_and_strided_arrays(self):
        samples = np.rint(noise(4000) * 32768) / 32768
        expected = mfcc_native(samples.astype(np.float32))
        np.testing.assert_array_equal(mfcc_native(samples.astype(np.float64)), expected)
        np.testing.assert_array_equal(mfcc_native(samples.astype(np.float64).tolist()), expected)
        np.testing.assert_array_equal(mfcc_native(np.repeat(samples, 2)[::2]), expected)

    def test_input_is_left_as_it_was_and_may_be_read_only(self):
        samples = noise(4000)
        before = samples.copy()
        samples.flags.writeable = False
        mfcc_native(samples)
        np.testing.assert_array_equal(samples, before)

    def test_twice_the_amplitude_moves_the_first_cepstrum_only(self):
        samples = np.rint(noise(4000) * 32768) / 32768
        moved = mfcc_native(2 * samples)[:, :13] - mfcc_native(samples)[:, :13]
        np.testing.assert_allclose(moved[:, 0], math.sqrt(2 / 26) * 26 * math.log(4), atol=1e-3)
        np.testing.assert_allclose(moved[:, 1:], 0.0, atol=2e-3)


class TestMelWarp:
    def test_factor_one_leaves_every_frequency(self):
        frequencies_hz = np.linspace(0, 8000, 50)
        np.testing.assert_allclose(warp_frequencies(frequencies_hz, 1.0, 8000.0), frequencies_hz, rtol=1e-12)

    def test_hand_computed_points(self):
        np.testing.assert_allclose(warp_frequencies(np.array([1000.0, 8000.0]), 1.1, 8000.0), [1100.0, 8000.0])
        np.testing.assert_allclose(warp_frequencies(np.array([1000.0, 4800.0]), 0.9, 8000.0), [900.0, 4320.0])
        np.testing.assert_allclose(warp_frequencies(np.array([6400.0]), 0.9, 8000.0), [(4320.0 + 8000.0) / 2])

    @given(mel_warp=st.floats(0.5, 2.0))
    @settings(max_examples=40)
    def test_order_and_ends_of_the_band_stay(self, mel_warp):
        warped_hz = warp_frequencies(np.linspace(0, 8000, 100), mel_warp, 8000.0)
        assert (np.diff(warped_hz) > 0).all()
        np.testing.assert_allclose(warped_hz[[0, -1]], [0.0, 8000.0])

    def test_warped_filters_hear_a_raised_tone_where_plain_ones_hear_it(self):
        plain, raised = (
            np.argmax(mel_matrix(RATE, 512, warp)[round(hz / 31.25)]) for warp, hz in ((1.0, 2000), (1.1, 2200))
        )
        assert plain == raised

    def test_warp_changes_the_features_and_keeps_them_finite(self):
        plain, warped = mfcc_native(noise(4000)), mfcc_native(noise(4000), mel_warp=1.1)
        assert plain.shape == warped.shape and np.isfinite(warped).all()
        assert np.abs(plain - warped).max() > 0.1

    @pytest.mark.parametrize("mel_warp", [0.0, -1.0, 3.0, math.nan])
    def test_factor_out_of_range_is_refused(self, mel_warp):
        with pytest.raises(ValueError, match="expected 0.5 to 2.0"):
            mfcc_native(noise(4000), mel_warp=mel_warp)


BAD_AUDIO = {
    "stereo": (np.zeros((4000, 2), dtype=np.float32), r"shape \(4000, 2\), expected one channel"),
    "a number": (np.float32(0.5), "expected one channel"),
    "empty": (np.zeros(0, dtype=np.float32), "Audio is empty"),
    "16-bit": (np.ones(4000, dtype=np.int16), "dtype int16, expected floating point"),
    "NaN": (np.array([0.0, math.nan, 0.1]), "holds 1 NaN or infinite samples"),
    "infinite": (np.array([0.0, -math.inf, math.inf]), "holds 2 NaN or infinite samples"),
    "16-bit scale": (np.array([0.0, -12000.0]), "peaks at 12000"),
}


class TestBadInput:
    @pytest.mark.parametrize("function", [mfcc_native, mfcc_opensmile])
    @pytest.mark.parametrize("name", BAD_AUDIO)
    def test_bad_audio_is_refused_in_one_sentence(self, function, name):
        samples, message = BAD_AUDIO[name]
        with pytest.raises(ValueError, match=message) as caught:
            function(samples)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(("frame_ms", "hop_ms"), [(0.0, 15.0), (25.0, 0.0), (-25.0, 15.0), (25.0, -15.0)])
    def test_frames_without_samples_are_refused(self, frame_ms, hop_ms):
        with pytest.raises(ValueError, match="hold no samples"):
            mfcc_native(noise(4000), frame_ms=frame_ms, hop_ms=hop_ms)
