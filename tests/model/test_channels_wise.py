"""Channels to one: no speech is lost that the channels have."""

import numpy as np
import pytest
from speech import clips, rms

from wise_hf.model.channels_wise import mix_channels


RATE = 16_000
RNG = np.random.default_rng(0)
VOICE, OTHER = (0.1 * RNG.standard_normal((2, 2 * RATE))).astype(np.float32)
LATER = np.arange(len(VOICE)) >= len(VOICE) // 2


def stacked(*channels: np.ndarray) -> np.ndarray:
    return np.stack(channels, axis=1).astype(np.float32)


CANCELLING = {
    "inverted": stacked(VOICE, -VOICE),
    "inverted and softer": stacked(VOICE, -0.6 * VOICE),
    "inverted, a little noise in each": stacked(VOICE, -0.9 * VOICE + 0.1 * OTHER),
    "inverted from the middle on": stacked(VOICE, 0.9 * np.where(LATER, -VOICE, VOICE)),
    "inverted, on the same constant": stacked(VOICE, -VOICE) + 0.3,
    "two of four inverted": stacked(VOICE, -VOICE, VOICE, -VOICE),
    "shorter than a piece": stacked(VOICE, -VOICE)[:1000],
}


@pytest.mark.parametrize("name", CANCELLING)
def test_of_channels_that_cancel_one_is_used_and_named(name, caplog):
    samples = CANCELLING[name]
    np.testing.assert_array_equal(mix_channels(samples, RATE, "x.wav"), samples[:, 0])
    assert caplog.messages == [
        f"x.wav has channels that cancel each other; channel 0 (of 0 to {samples.shape[1] - 1}) is used alone."
    ]


def test_the_loudest_is_used():
    samples = stacked(0.5 * VOICE, -VOICE)
    np.testing.assert_array_equal(mix_channels(samples, RATE), samples[:, 1])


MIXED = {
    "one": stacked(VOICE),
    "the same twice": stacked(VOICE, VOICE),
    "one silent": stacked(VOICE, 0 * VOICE),
    "all silent": stacked(0 * VOICE, 0 * VOICE),
    "two people at once": stacked(VOICE, OTHER),
    "two people in turn": stacked(np.where(LATER, 0, VOICE), np.where(LATER, OTHER, 0)),
    "opposed constants": stacked(VOICE + 0.3, VOICE - 0.3),
    "far softer and inverted": stacked(VOICE, -0.1 * VOICE),
    "one of four inverted": stacked(VOICE, VOICE, VOICE, -VOICE),
}


@pytest.mark.parametrize("name", MIXED)
def test_other_channels_are_mixed(name, caplog):
    samples = MIXED[name]
    np.testing.assert_allclose(mix_channels(samples, RATE), samples.mean(axis=1), atol=1e-7)
    assert not caplog.messages


def test_real_speech_is_kept_and_two_people_are_mixed(ravdess_root, caplog):
    voices = [samples.astype(np.float32) for samples, _ in clips(ravdess_root, {"angry", "sad"}, "Actor_01")]
    for voice in voices:
        noisy = stacked(voice, -voice / 2) + 0.1 * rms(voice) * RNG.standard_normal((len(voice), 2))
        assert rms(mix_channels(noisy.astype(np.float32), RATE) - voice) < 0.2 * rms(voice)
    assert len(voices) == len(caplog.messages) == 2
    shorter = min(map(len, voices))
    both = stacked(*(voice[:shorter] for voice in voices))
    np.testing.assert_allclose(mix_channels(both, RATE), both.mean(axis=1), atol=1e-7)
    assert len(caplog.messages) == 2
