import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wise_hf.model.spoken_text_wise import split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Kids are talking by the door.", "Kids are talking by the door"),
        ("Don’t go to the café -- it's well-known!", "Don't go to the cafe it's well known"),
        ("'Hello,' she said, 'tis the dogs'", "Hello she said tis the dogs"),
        ("at 11:30", "at eleven thirty"),
        ("the 3rd, 21st and 40th", "the third twenty first and fortieth"),
        ("in 1990, 1905, 1900 and 2005", "in nineteen ninety nineteen oh five nineteen hundred and two thousand five"),
        ("$5, $1 and £2.50", "five dollars one dollar and two pounds and fifty pence"),
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


SAID = {
    "100kg at 10am, 2.5kg, 250km, $1.5 million": "one hundred kg at ten am two point five kg two hundred fifty km "
    "one point five million dollars",
    # Units.
    "16kHz, 5GB, 6 ft": "sixteen kHz five GB six ft",
    "5 km/h, 20 m/s², $5/hour": "five km per hour twenty m per second squared five dollars per hour",
    "20°C, 98.6 °F, 1°": "twenty degrees celsius ninety eight point six degrees fahrenheit one degree",
    "5'10\"": "five foot ten",
    # Times.
    "10:30, 7:05, 14:00": "ten thirty seven oh five fourteen hundred",
    "12:00 or 5 o’clock": "twelve o'clock or five o'clock",
    "11:30pm, 10 a.m., 10:00 a.m., 10.30am": "eleven thirty pm ten am ten am ten thirty am",
    "9am-5pm, 10:30–11:15": "nine am to five pm ten thirty to eleven fifteen",
    "25:70": "twenty five seventy",
    # Ordinals, years and decades.
    "1st, 22nd, 1,000th": "first twenty second one thousandth",
    "1999, the 1990s, the '90s, 80's, 1,999": "nineteen ninety nine the nineteen nineties the nineties eighties "
    "one thousand nine hundred ninety nine",
    # Dates.
    "12/25/2024": "december twenty fifth twenty twenty four",
    "2024-12-25": "december twenty fifth twenty twenty four",
    "25.12.2024": "december twenty fifth twenty twenty four",
    "Dec. 25th, 25 Dec, May 5": "December twenty fifth twenty fifth December May fifth",
    "1st Jan and Mar": "first January and Mar",
    "13/32/2024": "thirteen thirty two twenty twenty four",
    # Digits in groups.
    "555-1234": "five five five one two three four",
    "0800 123 456": "zero eight zero zero one two three four five six",
    "+1 (555) 123-4567": "plus one five five five one two three four five six seven",
    "9-1-1, 911": "nine one one nine one one",
    "1-800-FLOWERS": "one eight zero zero FLOWERS",
    "1 000 000": "one million",
    # Fractions, percent, ranges.
    "1/2, 3/4, 2 1/2, 2½": "one half three quarters two and a half two and a half",
    "24/7, 9/11, 50/50, and/or": "twenty four seven nine eleven fifty fifty and or",
    "2.5 %, 5%-10%": "two point five percent five percent to ten percent",
    "10-15, 1990-1995, pages 3–5, 5kg-10kg": "ten to fifteen nineteen ninety to nineteen ninety five "
    "pages three to five five kg to ten kg",
    # Minus, and dashes that are none.
    "-5, −5, (-3), -$5, -.5": "minus five minus five minus three minus five dollars minus point five",
    "-5-10, 10−3, 5 - 3 = 2": "minus five to ten ten minus three five minus three equals two",
    "A-1, well-known 5, well—5 people, - 5": "A one well known five well five people five",
    # Versions, names with digits.
    "v2.0.1, 3.11.2, 3.14": "v two point zero point one three point eleven point two three point one four",
    "COVID-19, F-16, 4-year-old, mp3s": "COVID nineteen F sixteen four year old mp threes",
    "A4 B2B 3D H₂O 10⁵": "A four B two B three D H two O ten five",
    "007, 1,000,000, 0.5, .5": "zero zero seven one million zero point five point five",
    # Addresses.
    "www.example.com": "w w w dot example dot com",
    "https://a.b/c": "a dot b slash c",
    "me@site.org.": "me at site dot org",
    "my-shop.co.uk/a_b": "my dash shop dot co dot uk slash a underscore b",
    "by the door.Kids are": "by the door Kids are",
    # Money.
    "$5.99, £20, €1,000.50": "five dollars and ninety nine cents twenty pounds one thousand euros and fifty cents",
    "50¢, $1, $1.00, $0.50, £0.01": "fifty cents one dollar one dollar fifty cents one penny",
    "US$5, 5 USD, 5€, ¥500": "five U S dollars five U S dollars five euros five hundred yen",
    "$5-10, £5-£10": "five to ten dollars five pounds to ten pounds",
    "$2bn, $5k": "two billion dollars five thousand dollars",
    # Signs and abbreviations.
    "#1, No. 5, № 7, #happy, ~5": "number one number five number seven hashtag happy about five",
    "2+2=4, 5×3, a @ b": "two plus two equals four five times three a at b",
    "Dr Who, St. John, Main St., e.g. Gen. Lee, U.S.A.": "doctor Who saint John Main street for example general Lee "
    "U S A",
    "hi 🙂 wait...what… soft\u00adhyphen": "hi wait what softhyphen",
}


@pytest.mark.parametrize("text", SAID)
def test_what_transcripts_hold_is_read_as_people_say_it(text):
    assert split_words(text) == SAID[text].split()


@pytest.mark.parametrize("text", ["", "   ", "...!?", "привет мир", "你好", "\x00", "🙂"])
def test_text_without_latin_letters_or_digits_has_no_words(text):
    assert split_words(text) == []


def test_noise_tags_are_no_words_unless_they_are_kept():
    text = "[laughter] Kids are talking [noise] by the door (coughs). <unk>"
    assert " ".join(split_words(text)) == "Kids are talking by the door"
    assert " ".join(split_words(text, keep_nonverbal=True)) == "laughter Kids are talking by the door cough"


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


PIECES = ["1", "12", "1999", "a", "am", "kg", "Dec", "$", "€", "¢", "%", "½", "²", "°", "#", "~", "@", "&", "÷"]
PIECES += [*"()[]{}<>*+-−–—/:;.,'\"=_| \n", ">>", "--", "://", "&amp;", "A:", "laughs", "[noise]"]


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_mix_of_signs_and_numbers_becomes_words_that_stay_the_same(pieces):
    words = split_words("".join(pieces))
    assert all(re.fullmatch(r"[A-Za-z]+('[A-Za-z]+)*", word) for word in words)
    assert split_words(" ".join(words)) == words


@given(st.text(alphabet="0123456789 .,:/-+$€%°¢#~'abm", min_size=1, max_size=40).filter(re.compile("[0-9]").search))
def test_no_number_is_lost(text):
    assert len(split_words(text)) >= len(re.findall("[1-9][0-9]*", re.sub("[^0-9]", " ", text)))


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=3))
@settings(max_examples=60)
def test_hostile_repetitions_take_no_longer_than_their_length(pieces):
    text = ("".join(pieces) * 10_000)[:10_000]
    start_s = time.process_time()
    split_words(text)
    # 0.02 s for prose; what is quadratic takes 5 s and more.
    assert time.process_time() - start_s < 1.0
