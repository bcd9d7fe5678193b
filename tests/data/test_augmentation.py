"""Varied copies of training utterances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wise_hf.data.augmentation import (
    add_noise,
    band_matrix,
    change_channel,
    disturb,
    drop_words,
    mix_words,
    stretch,
    warp_matrix,
)
from wise_hf.data.encoded_batch import join_utterances, split_utterances, take_words
from wise_hf.model.level_wise import bring_to_level
from wise_hf.model.mfcc_wise import mfcc_native


def utterance(seed: int, label: int = 0, words: int = 4) -> dict:
    rng = np.random.default_rng(seed)
    word_lengths = rng.integers(1, 5, words)
    phoneme_lengths = rng.integers(1, 9, word_lengths.sum())
    features = rng.normal(seed, 1, (phoneme_lengths.sum(), 39)).astype(np.float32)
    lengths = {"word_lengths": word_lengths, "phoneme_lengths": phoneme_lengths}
    return {"input_features": features, "input_ids": rng.integers(2, 50, words), "label": label} | lengths


def check(made: dict) -> None:
    """The lengths of an utterance tell of the same words, phonemes and frames."""
    assert len(made["word_lengths"]) == len(made["input_ids"]) >= 1
    assert made["word_lengths"].sum() == len(made["phoneme_lengths"])
    assert made["phoneme_lengths"].sum() == len(made["input_features"])
    assert made["phoneme_lengths"].min() >= 1 and made["phoneme_lengths"].max() <= 64
    assert made["input_features"].dtype == np.float32


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), words=st.integers(1, 6))
def test_whatever_is_varied_stays_an_utterance(seed, words):
    rng = np.random.default_rng(seed)
    given = [utterance(seed + number, number % 2, words) for number in range(4)]
    for vary in (stretch, drop_words, mix_words, disturb, add_noise):
        for made in split_utterances(vary(join_utterances(given), rng)):
            check(made)


def test_nothing_given_is_changed_in_place():
    given = join_utterances([utterance(1), utterance(2)])
    before = {name: np.copy(value) for name, value in given.items()}
    for vary in (stretch, drop_words, mix_words, disturb, add_noise):
        vary(given, np.random.default_rng(0))
    for name, value in before.items():
        np.testing.assert_array_equal(given[name], value)


def test_what_is_joined_is_split_again():
    given = [utterance(number, number % 2, words=1 + number) for number in range(5)]
    for made, expected in zip(split_utterances(join_utterances(given)), given, strict=True):
        assert made.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_array_equal(made[name], value)


def test_a_slower_copy_has_more_frames_and_flatter_deltas():
    class Slow:
        """The second utterance takes twice its time."""

        def uniform(self, low: float, high: float, size: int) -> np.ndarray:
            return np.log([1.0, 2.0])

        def random(self, size: int) -> np.ndarray:
            return np.zeros(size)

    plain, given = utterance(2), utterance(3)
    same, made = split_utterances(stretch(join_utterances([plain, given]), Slow()))
    np.testing.assert_array_equal(same["input_features"], plain["input_features"])
    np.testing.assert_array_equal(made["phoneme_lengths"], 2 * given["phoneme_lengths"])
    np.testing.assert_allclose(made["input_features"][::2, :13], given["input_features"][:, :13])
    np.testing.assert_allclose(made["input_features"][1::2, 13:26], given["input_features"][:, 13:26] / 2)
    np.testing.assert_allclose(made["input_features"][1::2, 26:], given["input_features"][:, 26:] / 4)


def test_words_are_taken_with_their_phonemes_and_frames():
    first, second = utterance(1), utterance(2)
    # The second word of the second utterance, then the first of the first; the other utterance keeps one word.
    words, counts = np.array([5, 0, 4]), np.array([2, 1])
    made, other = split_utterances(take_words(join_utterances([first, second]), words, counts))
    check(other)
    frames = np.split(second["input_features"], np.cumsum(second["phoneme_lengths"]))
    start, count = second["word_lengths"][0], second["word_lengths"][1]
    expected = np.concatenate(frames[start : start + count])
    np.testing.assert_array_equal(made["input_features"][: len(expected)], expected)
    assert made["input_ids"].tolist() == [second["input_ids"][1], first["input_ids"][0]]
    check(made)


def test_a_disturbed_utterance_has_noise_and_its_own_constant_on_each_cepstrum():
    given = join_utterances([utterance(number, words=300) for number in range(50)])
    made = disturb(given, np.random.default_rng(0))
    added = [
        new["input_features"] - old["input_features"]
        for new, old in zip(split_utterances(made), split_utterances(given), strict=True)
    ]
    shifts = np.array([each.mean(0) for each in added])
    assert shifts[:, :13].std() == pytest.approx(0.3, rel=0.1) and np.abs(shifts[:, 13:]).max() < 0.02
    assert np.concatenate([each - each.mean(0) for each in added]).std() == pytest.approx(0.1, rel=0.01)


def test_words_are_mixed_within_an_emotion_only():
    given = [utterance(10 * number, number % 2, words=50) for number in range(4)]
    mixed = mix_words(join_utterances(given), np.random.default_rng(0))
    for number, made in enumerate(split_utterances(mixed)):
        assert made["label"] == number % 2
        # The frames of an utterance lie around ten times its number.
        sources = np.rint(made["input_features"].mean(1) / 10).astype(int)
        assert set(sources) == {number, (number + 2) % 4}
        assert 0.05 < (sources != number).mean() < 0.45


@pytest.mark.parametrize("warp", [0.9, 0.96, 1.06, 1.1])
def test_the_linear_map_is_close_to_the_warped_audio(warp, ravdess_root):
    from wise_hf.model.audio_wise import read_audio

    samples = read_audio(ravdess_root / "audio/Actor_01/03-01-05-01-01-01-01.flac")
    plain = mfcc_native(samples)
    loud = plain[:, 0] > np.median(plain[:, 0])
    exact = mfcc_native(samples, mel_warp=warp)[loud, 1:13]
    mapped = (plain @ warp_matrix(warp))[loud, 1:13]
    left = np.linalg.norm(mapped - exact) / np.linalg.norm(plain[loud, 1:13] - exact)
    assert left < 0.75, "the map takes the features most of the way to those of the warped audio"


def test_no_warp_is_the_identity():
    np.testing.assert_allclose(warp_matrix(1.0), np.eye(39), atol=1e-5)


def speech_like(seed: int = 0) -> np.ndarray:
    """The MFCC of noise in bursts, brought to the common level."""
    rng = np.random.default_rng(seed)
    bursts = 1 + np.sin(np.arange(32000) / 2000)
    return mfcc_native(bring_to_level((0.1 * bursts * rng.standard_normal(32000)).astype(np.float32), 16000))


@settings(max_examples=30)
@given(seed=st.integers(0, 1000))
def test_another_channel_keeps_the_length_and_the_loudness(seed):
    given = speech_like()
    made = change_channel(given, np.random.default_rng(seed))
    assert made.shape == given.shape and made.dtype == np.float32
    assert np.isfinite(made).all()
    before, after = (np.exp(each[:, :13] @ band_matrix()).sum() for each in (given, made))
    assert 0.5 < after / before < 2


def test_about_half_of_the_utterances_keep_their_channel():
    given, rng = speech_like(), np.random.default_rng(0)
    kept = [change_channel(given, rng) is given for _ in range(200)]
    assert 0.4 < np.mean(kept) < 0.6


def test_the_channel_of_a_telephone_is_close_to_that_of_the_filtered_audio(ravdess_root):
    import soxr

    from wise_hf.model.audio_wise import read_audio

    class Telephone:
        """Draws of an upper edge of 4 kHz, 50 dB down, no noise to speak of, no tilt."""

        def __init__(self):
            self.draws = iter([0.0, 4000.0, 50.0, 50.0, 6.0, -40.0, 0.0])

        def random(self) -> float:
            return 0.0

        def uniform(self, low: float, high: float) -> float:
            return next(self.draws)

    samples = read_audio(ravdess_root / "audio/Actor_01/03-01-05-01-01-01-01.flac")
    narrow = soxr.resample(soxr.resample(samples, 16000, 8000), 8000, 16000).astype(np.float32)
    plain, exact = (mfcc_native(bring_to_level(each, 16000)) for each in (samples, narrow))
    made = change_channel(plain, Telephone())
    loud = plain[:, 0] > np.median(plain[:, 0])
    left = np.linalg.norm((made - exact)[loud, :13]) / np.linalg.norm((plain - exact)[loud, :13])
    assert left < 0.5, "the augmentation takes the features most of the way to those of the narrow band"
