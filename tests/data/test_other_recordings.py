"""Copies of a recording as another voice, room, microphone and line would give it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wise_hf.data.other_recordings import SPEEDS, in_noise, in_room, mu_law, other_recording


RATE = 16_000


def generator(*seeds: int) -> np.random.Generator:
    return np.random.default_rng(seeds)


def voice(seconds: float = 1.0) -> np.ndarray:
    times_s = np.arange(int(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * 220 * times_s) * (np.sin(2 * np.pi * 3 * times_s) > 0)).astype(np.float32)


SOUNDS = {
    "noise": lambda count: generator(0).uniform(-1, 1, count),
    "silence": np.zeros,
    "a constant": lambda count: np.full(count, 0.7),
    "full scale": lambda count: np.sign(np.sin(np.arange(count) / 9) + 1e-9),
    "a click": lambda count: np.eye(1, count, count // 2)[0],
    "hardly anything": lambda count: np.full(count, 1e-30) * generator(1).standard_normal(count),
}


@settings(max_examples=150)
@given(st.sampled_from(sorted(SOUNDS)), st.integers(1, 9000), st.integers(0, 1000))
def test_a_copy_of_anything_is_finite_and_as_long_as_its_speed_says(kind, count, seed):
    samples = SOUNDS[kind](count).astype(np.float32)
    copy = other_recording(samples, RATE, generator(seed))
    assert copy.samples.dtype == np.float32 and copy.samples.ndim == 1
    assert np.isfinite(copy.samples).all()
    assert SPEEDS[0] <= copy.speed <= SPEEDS[1]
    assert len(copy.samples) >= 1 and abs(len(copy.samples) - count / copy.speed) <= 1
    assert np.abs(copy.samples).max() < 20, "what a room and a microphone add is no other scale"


def test_a_copy_is_decided_by_the_generator_alone():
    samples = voice()
    first, again, other = (other_recording(samples, RATE, generator(seed)) for seed in (3, 3, 4))
    assert first.speed == again.speed and np.array_equal(first.samples, again.samples)
    assert first.speed != other.speed
    assert np.array_equal(samples, voice()), "the recording itself stays"


def test_what_is_said_lies_where_the_speed_says():
    samples = np.zeros(2 * RATE, np.float32)
    samples[RATE : RATE + 1600] = voice(0.1)
    for seed in range(20):
        copy = other_recording(samples, RATE, generator(seed))
        loud = np.square(copy.samples - copy.samples.mean())
        start = int(RATE / copy.speed)
        assert loud[start : start + 1600].mean() > 3 * loud[: start - 1600].mean(), seed


def test_noise_is_at_its_level_against_the_speech():
    samples = voice().astype(np.float64)
    for seed in range(10):
        noise = in_noise(samples, RATE, generator(seed)) - samples
        spoken = samples[samples != 0]
        ratio_db = 10 * np.log10(np.square(spoken).mean() / np.square(noise).mean())
        assert 4 < ratio_db < 31


def test_a_room_adds_echoes_and_nothing_before_the_sound():
    samples = np.zeros(RATE)
    samples[2000] = 1.0
    heard = in_room(samples, RATE, generator(0))
    assert len(heard) == len(samples) and heard[2000] == pytest.approx(1)
    assert np.abs(heard[:2000]).max() < 1e-9 and np.abs(heard[2001 : 2000 + 48]).max() < 1e-9
    assert 0 < np.square(heard[2048:]).sum() <= 1 + 1e-9, "not louder than the sound itself"


def test_mu_law_keeps_what_is_loud_and_rounds_it():
    samples = np.linspace(-0.8, 0.8, 5001)
    coded = mu_law(samples)
    assert len(np.unique(coded)) <= 255
    np.testing.assert_allclose(coded, samples, atol=0.03)
    assert np.array_equal(mu_law(np.zeros(5)), np.zeros(5))
