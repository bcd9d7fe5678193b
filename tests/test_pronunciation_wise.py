import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wise_hf import pronunciation_wise
from wise_hf.pronunciation_wise import (
    drop_decoder,
    pronounce,
    pronunciations,
    shared_decoder,
    spell_integer,
    split_words,
)


VOWELS = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}
STOPS = {"P", "B", "T", "D", "K", "G", "CH", "JH", "M", "N", "NG"}
ARPABET = VOWELS | STOPS | {"DH", "F", "HH", "L", "R", "S", "SH", "TH", "V", "W", "Y", "Z", "ZH"}
DICTIONARY = {
    "book": "B UH1 K",
    "worm": "W ER1 M",
    "the": "DH AH0",
    "the(2)": "DH IY",
    "kiss": "K IH S",
    "bat": "B AE T",
    "love": "L AH V",
}


def lookup(word):
    return DICTIONARY.get(word)


def nothing(word):
    return None


@pytest.fixture
def without_espeak(monkeypatch):
    monkeypatch.setattr(pronunciation_wise, "_espeak", lambda: None)


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


@pytest.mark.parametrize(
    ("word", "phonemes"),
    [
        ("Book", "B UH K"),
        ("books", "B UH K S"),
        ("book's", "B UH K S"),
        ("kisses", "K IH S IH Z"),
        ("batted", "B AE T IH D"),
        ("loved", "L AH V D"),
        ("loving", "L AH V IH NG"),
        ("bookworm", "B UH K W ER M"),
    ],
)
def test_words_are_pronounced_from_the_dictionary_and_their_parts(word, phonemes, without_espeak):
    assert pronounce(word, lookup) == phonemes.split()


def test_a_plain_word_without_any_dictionary_gets_its_letters_sounds(without_espeak):
    assert pronounce("shop", nothing) == ["SH", "AA", "P"]
    assert pronounce("ratte", nothing) == ["R", "AE", "T"]


@given(st.text(alphabet=st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=20))
@settings(deadline=None)
def test_any_latin_word_has_arpabet_phonemes_and_always_the_same(word):
    phonemes = pronounce(word, lookup)
    assert phonemes
    assert set(phonemes) <= ARPABET
    assert pronounce(word, lookup) == phonemes


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=20).filter(lambda w: w.strip("'")))
def test_the_letter_table_alone_gives_any_word_a_sound(word):
    phonemes = pronunciation_wise._from_letters(word)
    assert phonemes
    assert set(phonemes) <= ARPABET


def test_a_word_without_latin_letters_is_refused():
    with pytest.raises(ValueError, match="no Latin letter"):
        pronounce("мир", lookup)


def test_alternatives_of_the_dictionary_come_after_the_usual_one():
    assert pronunciations("The", lookup) == [["DH", "AH"], ["DH", "IY"]]
    assert pronunciations("book", lookup) == [["B", "UH", "K"]]


def test_espeak_pronounces_an_unknown_word():
    pytest.importorskip("espeakng_loader")
    assert pronunciation_wise._from_espeak("blorf") == ["B", "L", "AO", "R", "F"]


def test_a_decoder_is_made_once_a_purpose_and_again_after_it_was_dropped():
    made = []

    def make():
        made.append(object())
        return made[-1]

    first = shared_decoder("test", make)
    assert shared_decoder("test", make) == first
    assert len(made) == 1
    drop_decoder("test")
    assert shared_decoder("test", make)[1] is not first[1]
    drop_decoder("test")
    drop_decoder("test")


def test_a_decoder_of_another_process_is_not_used(monkeypatch):
    first = shared_decoder("test", object)
    monkeypatch.setattr(pronunciation_wise.os, "getpid", lambda: -1)
    assert shared_decoder("test", object)[1] is not first[1]
    drop_decoder("test")
    monkeypatch.undo()
    drop_decoder("test")


def test_a_missing_recogniser_is_named_with_the_way_out(monkeypatch):
    def fail(name):
        raise ImportError(name)

    monkeypatch.setattr(pronunciation_wise.importlib, "import_module", fail)
    with pytest.raises(ImportError, match="pip install"):
        pronunciation_wise.import_pocketsphinx()
