import math
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from speech import assert_valid

from wise_hf.model import word_times_wise
from wise_hf.model.alignment_wise import Alignment
from wise_hf.model.word_times_wise import words_from_times


pytest.importorskip("pocketsphinx")


def given_word(word, start_s=None, end_s=None, **more):
    return {"word": word, "start_s": start_s, "end_s": end_s, **more}


def test_good_times_are_kept_and_phonemes_spread_evenly():
    (word,) = words_from_times([given_word("Kids", 0.5, 0.9)], 2.0)
    assert (word["word"], word["start_s"], word["end_s"]) == ("Kids", 0.5, 0.9)
    assert [phoneme["phoneme"] for phoneme in word["phonemes"]] == ["K", "IH", "D", "Z"]
    np.testing.assert_allclose([phoneme["end_s"] for phoneme in word["phonemes"]], [0.6, 0.7, 0.8, 0.9])


def test_given_phonemes_keep_their_times_and_lose_their_stress():
    phonemes = [{"phoneme": "HH", "start_s": 0.1, "end_s": 0.15}, {"phoneme": "ay1", "start_s": 0.2, "end_s": 0.4}]
    (word,) = words_from_times([given_word("hi", 0.1, 0.4, phonemes=phonemes)], 1.0)
    assert word["phonemes"] == [
        {"phoneme": "HH", "start_s": 0.1, "end_s": 0.2},
        {"phoneme": "AY", "start_s": 0.2, "end_s": 0.4},
    ]


def test_missing_times_lie_between_their_neighbours_and_a_warning_counts_them(caplog):
    caplog.set_level("WARNING")
    words = words_from_times([given_word("a", 0.0, 1.0), given_word("b"), given_word("c", 2.0, None)], 3.0)
    assert [(word["start_s"], word["end_s"]) for word in words] == [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]
    assert "2 of 3" in caplog.text


def test_overlaps_are_halved_and_times_outside_the_audio_clipped():
    words = words_from_times([given_word("a", -1.0, 1.2), given_word("b", 1.0, 9.0)], 2.0)
    assert [(word["start_s"], word["end_s"]) for word in words] == [(0.0, 1.1), (1.1, 2.0)]


def test_a_known_start_is_kept_when_nothing_follows_it_closely():
    words = words_from_times([given_word("hello", 0.5), given_word("world")], 3.0)
    assert words[0]["start_s"] == 0.5


def test_silence_marks_are_no_words_and_numbers_share_their_time():
    entries = [given_word("<sil>", 0.0, 0.5), given_word("11:30", 0.5, 1.5), given_word("", 1.5, 2.0)]
    words = words_from_times([*entries, given_word("[noise]", 1, 2), given_word("sp", 1, 2)], 2.0)
    assert [word["word"] for word in words] == ["eleven", "thirty"]
    assert (words[0]["start_s"], words[-1]["end_s"]) == (0.5, 1.5)


TIMES = st.one_of(st.none(), st.floats(), st.floats(-1, 4), st.just("x"))
WORDS = st.sampled_from(["hi", "Don't", "11", "<sil>", "strengths", "well-known"])
PHONEMES = st.lists(
    st.fixed_dictionaries({"phoneme": st.sampled_from(["AH0", "K", ""]), "start_s": TIMES}), max_size=3
)
ENTRIES = st.fixed_dictionaries({"word": WORDS}, optional={"start_s": TIMES, "end_s": TIMES, "phonemes": PHONEMES})


@given(st.lists(ENTRIES, min_size=1, max_size=8), st.floats(0.01, 100))
def test_any_times_are_repaired_to_valid_ones_or_refused(entries, duration_s):
    try:
        words = words_from_times([{"word": "start", "start_s": 0.0, "end_s": duration_s / 2}, *entries], duration_s)
    except ValueError as error:
        assert re.search("can be used|beyond the end|too short to be spoken", str(error))
    else:
        assert_valid(words, duration_s)


def test_tags_of_several_words_are_not_spoken_and_remarks_are():
    said = "[MUSIC PLAYING] I (really do not) like (door closes) it <unk> {breath"
    words = [given_word(word, number, number + 0.8) for number, word in enumerate(said.split())]
    for language in ("en", "de"):
        found = [word["word"] for word in words_from_times(words, len(words), language=language)]
        assert found == ["I", "really", "do", "not", "like", "it", "breath"]


UNTIMED = st.fixed_dictionaries({"word": WORDS, "start_s": st.sampled_from([None, "x", math.nan])})


@given(st.lists(st.one_of(st.none(), UNTIMED), min_size=1, max_size=10))
def test_words_without_times_between_others_are_always_given_some(untimed):
    entries = [word for i, one in enumerate(untimed) for word in (given_word("go", i, i + 0.8), one) if word]
    words = words_from_times(entries, len(untimed))
    assert_valid(words, len(untimed))
    kept = {(word["start_s"], word["end_s"]) for word in words if word["word"] == "go"}
    assert all((index, index + 0.8) in kept or one for index, one in enumerate(untimed))


@given(st.lists(st.floats(0.02, 1), min_size=2, max_size=12))
def test_valid_times_are_left_alone(lengths):
    edges = np.cumsum(lengths).tolist()
    words = [given_word("go", start_s, end_s) for start_s, end_s in pairwise(edges)]
    found = words_from_times(words, edges[-1] + 1)
    assert [(word["start_s"], word["end_s"]) for word in found] == list(pairwise(edges))
    assert words_from_times(found, edges[-1] + 1) == found


@pytest.mark.parametrize(
    ("words", "duration_s", "message"),
    [
        ([], 1.0, "None of the 0 entries"),
        ([given_word("<sil>", 0, 1)], 1.0, "None of the 1 entries"),
        ([{"start_s": 0.0}], 1.0, "no string 'word'"),
        ([given_word("a"), given_word("b")], 1.0, "Of 2 words 0 have times that can be used"),
        ([given_word("a", 0.1, 0.2), given_word("b"), given_word("c")], 1.0, "Of 3 words 1 have"),
        ([given_word("a", 0.4, 0.2), given_word("b", 0.9, 0.9)], 1.0, "Of 2 words 0 have"),
        ([given_word(word, 0.0, 3.0) for word in "abc"], 3.0, "Of 3 words 1 have"),
        ([given_word(word, 2 - start, 3 - start) for start, word in enumerate("abc")], 3.0, "Of 3 words 1 have"),
        ([given_word("Kids are talking", 0.0, 1.0)], 1.0, "is 3 words, expected one"),
        ([given_word("a", 0, 1)], 0.0, "expected a positive number"),
        ([given_word("a", 0, 1)], math.nan, "expected a positive number"),
    ],
)
def test_times_without_words_or_length_are_refused(words, duration_s, message):
    with pytest.raises(ValueError, match=message):
        words_from_times(words, duration_s)


@pytest.mark.parametrize(
    ("word", "start_s", "end_s"), [("talking", 970, 1210), ("door", 0, 240), ("by", 15520, 19360)]
)
def test_times_in_another_unit_are_refused(word, start_s, end_s):
    with pytest.raises(ValueError, match="1 of 1 words lie beyond the end of the recording at 3.66 s; .*'start_ms'"):
        words_from_times([given_word(word, start_s, end_s)], 3.66)
    with pytest.raises(ValueError, match="too short to be spoken; give seconds"):
        words_from_times([{"word": word, "start_ms": 0.97, "end_ms": 1.21}], 3.66)


def test_words_of_a_recording_that_was_cut_are_refused_where_half_of_them_are_missing():
    said = [given_word(word, index, index + 1) for index, word in enumerate("abcd")]
    assert len(words_from_times(said, 2.5)) == 4
    with pytest.raises(ValueError, match="2 of 4 words lie beyond the end of the recording at 1.50 s"):
        words_from_times(said, 1.5)


def test_a_last_word_beyond_the_end_is_clipped():
    words = words_from_times([given_word("the", 0.0, 0.5), given_word("door", 0.5, 9.0)], 1.0)
    assert (words[-1]["start_s"], words[-1]["end_s"]) == (0.5, 1.0)


def test_a_word_of_two_parts_shares_its_time_and_a_noise_between_words_is_left_out():
    words = words_from_times([given_word("New York", 0.0, 1.0), given_word("[noise of a door]", 1.0, 2.0)], 2.0)
    assert [word["word"] for word in words] == ["New", "York"] and words[-1]["end_s"] == 1.0


def test_an_alignment_is_plain_data():
    alignment = words_from_times([given_word("a", 0.0, 0.5)], 1.0)
    assert Alignment(alignment, "uniform") == Alignment(list(alignment), "uniform")
    assert type(alignment[0]["start_s"]) is float


@given(word=st.text(alphabet="aż1_. -'\n!"))
def test_signs_around_a_word_of_another_language_are_no_part_of_it(word):
    found = word_times_wise.WITHIN_SIGNS.search(word)
    assert (found[0] if found else "") == re.sub(r"^\W+|\W+\Z", "", word)
