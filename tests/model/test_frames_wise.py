"""Frames of a frame extractor around the centres of another's."""

import numpy as np
import pytest
from signals import RATE, noise

from wise_hf.model.frames_wise import frames_around
from wise_hf.model.mfcc_wise import NUM_CEPSTRA, mfcc_native


HOP = 320


@pytest.mark.parametrize("centre", [0, 200, 280])
@pytest.mark.parametrize("num_samples", [100, HOP, 1000, 16_000])
def test_there_is_one_for_each_however_short_the_recording(centre, num_samples):
    count = -(-num_samples // HOP)
    frames = frames_around("native", noise(num_samples), RATE, count, 2 * centre, HOP)
    assert frames.shape == (count, 3 * NUM_CEPSTRA) and frames.dtype == np.float32
    assert np.isfinite(frames).all()


@pytest.mark.parametrize(("centre", "padding"), [(200, 0), (280, -80), (0, 200)])
def test_each_is_the_frame_around_that_place(centre, padding):
    samples = noise(16_000)
    moved = np.pad(samples, (padding, 400)) if padding >= 0 else np.pad(samples[-padding:], (0, 400))
    expected = mfcc_native(moved, RATE, frame_ms=25, hop_ms=20)
    frames = frames_around("native", samples, RATE, 50, 2 * centre, HOP)
    np.testing.assert_allclose(frames[:45, :NUM_CEPSTRA], expected[:45, :NUM_CEPSTRA], atol=1e-3)


@pytest.mark.parametrize("centre", [0, 200, 280])
def test_a_click_is_heard_in_the_frame_whose_centre_is_nearest(centre):
    for number in (0, 3, 9):
        samples = np.zeros(10 * HOP, np.float32)
        samples[max(0, centre + number * HOP - 1)] = 0.9
        frames = frames_around("native", samples, RATE, 10, 2 * centre, HOP)
        change = np.abs(frames[:, 0] - np.median(frames[:, 0]))
        assert change.argmax() == number
