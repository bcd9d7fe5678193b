"""Where long recordings are cut."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wise_hf.model.speech_wise import WINDOW, WINDOW_S
from wise_hf.timeline.pauses import cut_at_pauses, smoothed, speech_windows


RATE = 16_000


@st.composite
def heard(draw) -> tuple[np.ndarray, int]:
    """Probabilities of speech in up to some minutes, in stretches of speech and silence, and a number of samples."""
    lengths = draw(st.lists(st.integers(1, 1500), min_size=1, max_size=8))
    generator = np.random.default_rng(draw(st.integers(0, 99)))
    levels = draw(st.lists(st.sampled_from([0.0, 0.2, 0.9, 1.0]), min_size=len(lengths), max_size=len(lengths)))
    exact = [np.full(length, level) for length, level in zip(lengths, levels, strict=True)]
    noise = draw(st.sampled_from([0, 0.2])) * generator.random(sum(lengths))
    probabilities = np.clip(np.concatenate(exact) + noise, 0, 1)
    return probabilities.astype(np.float32), len(probabilities) * WINDOW - draw(st.integers(0, WINDOW - 1))


@given(heard())
def test_pieces_cover_the_recording_and_all_speech_and_are_short(drawn):
    probabilities, num_samples = drawn
    speech = speech_windows(probabilities)
    stretches = cut_at_pauses(speech, probabilities, num_samples)
    assert (stretches[0].start, stretches[-1].stop) == (0, num_samples)
    assert all(first.stop == second.start for first, second in pairwise(stretches))
    assert all(each.stop - each.start > 0 for each in stretches)
    assert all(each.stop - each.start <= 17 * RATE for each in stretches if each.is_speech)
    covered = np.concatenate([np.full(each.stop - each.start, each.is_speech) for each in stretches])
    assert (covered >= np.repeat(speech, WINDOW)[:num_samples]).all()


def test_a_pause_parts_two_pieces_which_share_what_is_short_and_leave_out_what_is_long():
    def cut(pause_s: float) -> list[tuple[float, float, bool]]:
        speech, pause = np.ones(round(2 / WINDOW_S)), np.zeros(round(pause_s / WINDOW_S))
        probabilities = np.concatenate([speech, pause, speech])
        stretches = cut_at_pauses(speech_windows(probabilities), probabilities, len(probabilities) * WINDOW)
        return [(round(each.start / RATE, 1), round(each.stop / RATE, 1), each.is_speech) for each in stretches]

    assert cut(0.4) == [(0, 4.4, True)]
    assert cut(0.8) == [(0, 2.4, True), (2.4, 4.8, True)]
    assert cut(3.0) == [(0, 2.2, True), (2.2, 4.7, False), (4.7, 7.0, True)]


def test_where_nobody_pauses_speech_is_cut_where_it_is_least_likely():
    probabilities = np.ones(round(20 / WINDOW_S))
    least = round(9 / WINDOW_S)
    probabilities[least - 5 : least + 5] = 0.6
    first, second = cut_at_pauses(speech_windows(probabilities), probabilities, len(probabilities) * WINDOW)
    assert abs(first.stop - least * WINDOW) <= 5 * WINDOW


def test_steady_speech_is_cut_into_long_pieces():
    probabilities = np.ones(round(40 / WINDOW_S))
    stretches = cut_at_pauses(speech_windows(probabilities), probabilities, len(probabilities) * WINDOW)
    assert len(stretches) == 3


def test_what_is_shorter_than_a_word_is_no_speech():
    assert not speech_windows(np.array([0, 1, 1, 0, 1, 0])).any()
    assert speech_windows(np.array([0, 1, 1, 1, 0, 1])).tolist() == [False, True, True, True, False, False]


def test_smoothing_keeps_the_place_and_the_number():
    assert int(smoothed(np.eye(1, 101, 50)[0]).nonzero()[0].mean()) == 50
    assert len(smoothed(np.ones(2))) == 2
