import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wise_hf.spoken_text_wise import is_tag, spell_integer, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Kids are talking by the door.", "Kids are talking by the door"),
        ("Don’t go to the café -- it's well-known!", "Don't go to the cafe it's well known"),
        ("'Hello,' she said, 'tis the dogs'", "Hello she said tis the dogs"),
        ("at 11:30", "at eleven thirty"),
        ("the 3rd, 21st and 40th", "the third twenty first and fortieth"),
        ("in 1990, 1905, 1900 and 2005", "in nineteen ninety nineteen oh five nineteen hundred and two thousand five"),
        ("$5, $1 and £2.50", "five dollars one dollar and two point five zero pounds"),
        ("5% & 1,234,567", "five percent and one million two hundred thirty four thousand five hundred sixty seven"),
        ("the 90s, 007", "the nineties zero zero seven"),
        ("Mr. Smith vs. Dr. Who", "mister Smith versus doctor Who"),
        ("H2O 4x4", "H two O four x four"),
        ("٣ cats", "three cats"),
        ("Straße Ærø", "Strasse AEro"),
    ],
)
def test_text_becomes_its_spoken_words(text, words):
    assert split_words(text) == words.split()


@pytest.mark.parametrize("text", ["", "   ", "...!?", "привет мир", "你好", "\x00", "🙂"])
def test_text_without_latin_letters_or_digits_has_no_words(text):
    assert split_words(text) == []


TAGS = ["[noise]", "<unk>", " </s> ", "{lg}", "++UH++", "sil", "SIL", "sp", "spn", "[a] <b>"]


@pytest.mark.parametrize("token", TAGS)
def test_noise_tags_and_silence_marks_are_told_from_words(token):
    assert is_tag(token)


@pytest.mark.parametrize("token", ["", "noise", "[noise] door", "it's", "5", "C++", "silly"])
def test_words_are_no_tags(token):
    assert not is_tag(token)


def test_text_that_is_no_string_is_refused():
    with pytest.raises(ValueError, match="expected a string"):
        split_words(3)


@given(st.text(max_size=60))
def test_words_hold_only_latin_letters_and_inner_apostrophes(text):
    for word in split_words(text):
        assert re.fullmatch(r"[A-Za-z]+('[A-Za-z]+)*", word)


@given(st.text(alphabet=st.sampled_from("abcXYZ '-.,0123456789%$’é"), max_size=40))
def test_splitting_words_again_changes_nothing(text):
    words = split_words(text)
    assert split_words(" ".join(words)) == words


@given(st.integers(min_value=0, max_value=10**15 - 1))
def test_every_number_is_spelt_in_words(number):
    assert re.fullmatch("[a-z]+( [a-z]+)*", spell_integer(number))


@given(st.integers(min_value=0, max_value=10**6), st.integers(min_value=0, max_value=10**6))
def test_different_numbers_are_spelt_differently(first, second):
    assert (spell_integer(first) == spell_integer(second)) == (first == second)
