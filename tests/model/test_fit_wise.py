import numpy as np
import pytest

from wise_hf.model.fit_wise import (
    LEAST_FIT,
    MEAN_WEIGHT,
    MIDDLE,
    MOST_LEFT_OUT,
    SURE_FIT,
    left_out,
    misfits,
    text_fit,
    word_fit,
)


def test_a_phoneme_that_fits_best_has_no_misfit_and_another_the_difference():
    costs = np.array([[0, 40]] * 4 + [[70, 0]] * 2, np.float32)
    path_costs = np.array([0, 0, 40, 40, 70, 80], np.float32)
    # A on its own two frames, B on the next two, A's, and A on the two of B.
    np.testing.assert_allclose(misfits(costs, path_costs, [(0, 2), (2, 4), (4, 6)]), [0, 40, 75])


def test_frames_between_phonemes_count_for_none():
    costs = np.zeros((5, 2), np.float32)
    path_costs = np.array([10, 999, 999, 20, 30], np.float32)
    np.testing.assert_allclose(misfits(costs, path_costs, [(0, 1), (3, 5)]), [10, 25])


def test_one_bad_phoneme_is_borne_but_a_bad_word_is_not():
    good = np.zeros(40)
    slip, other_word = good.copy(), good.copy()
    slip[20] = 300.0
    other_word[20:26] = 100.0
    assert text_fit(slip) > LEAST_FIT > text_fit(other_word)
    assert text_fit(good) > SURE_FIT


def test_a_text_that_fits_a_little_badly_everywhere_is_doubtful():
    assert text_fit(np.full(40, MIDDLE / MEAN_WEIGHT)) == pytest.approx(0.5)


def test_fits_lie_between_0_and_1_and_fall_with_the_misfit():
    fits = [word_fit(np.full(3, misfit)) for misfit in (-50.0, 0.0, MIDDLE, 100.0, 2000.0)]
    assert fits == sorted(fits, reverse=True) and fits[2] == 0.5
    assert all(0 <= fit <= 1 for fit in fits)


def test_a_text_of_a_single_phoneme_has_a_fit():
    assert text_fit(np.array([0.0])) > 0.9 and text_fit(np.array([90.0])) < 0.1


def said(*spans_s: tuple[float, float]) -> list[dict]:
    """Words of phonemes of 0.1 s."""
    starts_s = [np.arange(start_s, end_s - 0.05, 0.1) for start_s, end_s in spans_s]
    return [{"phonemes": [{"start_s": at, "end_s": at + 0.1} for at in starts]} for starts in starts_s]


def heard(*spans_s: tuple[float, float], duration_s: float = 40.0) -> np.ndarray:
    """A detector's probabilities, of 32 ms each, that is sure of these seconds."""
    middles = np.arange(0.016, duration_s, 0.032)
    return np.where(np.any([(middles > start) & (middles < end) for start, end in spans_s], axis=0), 0.9, 0.1)


@pytest.mark.parametrize(
    ("words", "speech", "share"),
    [
        (said((1, 2), (2, 3)), heard((1, 3)), 0.0),
        (said((1, 2), (2.5, 3)), heard((0.92, 2.08), (2.42, 3.08)), 0.0),  # sounds beside the words are theirs
        (said((10, 20)), heard((0, 5), (10, 20), (30, 35)), 0.5),
        (said((0, 5), (15, 20)), heard((0, 20)), 9.8 / 20),
        (said((1, 2)), heard((1, 2), (3, 3.5)), 0.5 / 2.5),  # of little speech
        (said((1, 2)), heard((9, 9)), 0.0),
        (said((0.1, 0.2)), heard((0.1, 0.2), duration_s=0.25), 0.0),
    ],
)
def test_left_out_is_the_share_of_speech_outside_the_words(words, speech, share):
    assert left_out(words, speech) == pytest.approx(share, abs=0.01)


def test_a_phoneme_stretched_over_a_sentence_does_not_stand_for_it():
    stretched = [{"phonemes": [{"start_s": 1.0, "end_s": 6.0}, {"start_s": 6.0, "end_s": 6.1}]}]
    assert left_out(stretched, heard((1, 6.1))) == pytest.approx(4.5 / 5.1, abs=0.02)


def test_a_text_that_leaves_out_much_speech_is_doubtful_though_its_words_fit():
    good = np.zeros(40)
    assert text_fit(good, MOST_LEFT_OUT) == pytest.approx(LEAST_FIT)
    assert text_fit(good, 0.9) < 0.01 and text_fit(good, 0.02) > SURE_FIT
    assert text_fit(np.full(40, 100.0), 0.2) == text_fit(np.full(40, 100.0))
