import pytest
from hypothesis import given
from hypothesis import strategies as st

from wise_hf.model import pronunciation_wise
from wise_hf.model.pronunciation_wise import pronounce, pronunciations


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


def test_an_abbreviation_without_a_vowel_is_said_by_its_letters(without_espeak):
    letters = {"k": "K EY1", "g": "JH IY1"}
    assert pronounce("kg", letters.get) == ["K", "EY", "JH", "IY"]


def test_a_unit_is_said_by_its_letters_or_in_full(without_espeak):
    said = {"k": "K EY1", "m": "EH1 M", "kilometers": "K AH L AA1 M AH T ER Z", "km(2)": "K M", "km(3)": "M K"}
    said |= {"km(4)": "K K"}
    expected = ["K EY EH M", "K AH L AA M AH T ER Z", "K M", "M K"]
    assert pronunciations("km", said.get) == [phonemes.split() for phonemes in expected]


def test_espeak_pronounces_an_unknown_word():
    pytest.importorskip("espeakng_loader")
    assert pronunciation_wise._from_espeak("blorf") == ["B", "L", "AO", "R", "F"]


def test_a_word_without_end_is_no_compound_of_two():
    asked = []
    assert pronounce("a" * 5_000 + "b", asked.append)
    assert len(asked) < 20
