"""NIST CTM."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wise_hf.data.word_files import read_word_file


NAME = "a.ctm"


def word(word, start_s, end_s):
    return {"word": word, "start_s": start_s, "end_s": end_s}


def test_words_with_and_without_confidence_are_read_and_comments_are_not(write):
    path = write(";; a comment\n;; <name> <channel>\na 1 0.97 0.24 Kids 0.99\n\na 1 1.21 0.1 are\n")
    assert read_word_file(path) == [word("Kids", 0.97, 1.21), word("are", 1.21, 1.31)]


def test_columns_may_be_padded_and_followed_by_a_type_and_a_speaker(write):
    assert read_word_file(write("a  A\t0.5   0.25 kids   0.9 lex anna\r\n")) == [word("kids", 0.5, 0.75)]


def test_of_alternatives_the_first_is_taken(write):
    lines = ["* * <ALT_BEGIN>", "12.00 0.34 UM", "* * <ALT>", "12.00 0.34 UH", "* * <ALT_END>", "12.40 0.2 well"]
    path = write("".join(f"7654 A {line}\n" for line in lines))
    assert read_word_file(path) == [word("UM", 12.0, 12.34), word("well", 12.4, 12.6)]


def test_an_alternative_without_a_word_is_none(write):
    lines = ["* * <ALT_BEGIN>", "12.00 0.34 @", "* * <ALT>", "12.00 0.34 UH", "* * <ALT_END>", "12.40 0.2 well"]
    assert read_word_file(write("".join(f"7654 A {line}\n" for line in lines))) == [word("well", 12.4, 12.6)]


def test_an_unknown_time_is_missing(write):
    path = write("a 1 * 0.2 kids\na 1 0.5 * are\n")
    assert read_word_file(path) == [word("kids", None, None), word("are", 0.5, None)]


SEVERAL = "x 1 0.1 0.2 kids\nx 2 0.3 0.2 yes\nx 3 0.3 0.2 no\ny.wav 1 0.5 0.2 dogs\n"


@pytest.mark.parametrize(
    ("meant", "said"),
    [
        ({"recording": "x", "channel": 0}, "kids"),
        ({"recording": "x", "channel": 1}, "yes"),
        ({"recording": "x", "channel": 2}, "no"),
        ({"recording": "y"}, "dogs"),
    ],
)
def test_the_recording_and_channel_that_are_meant_are_read(write, meant, said):
    assert [entry["word"] for entry in read_word_file(write(SEVERAL), **meant)] == [said]


@pytest.mark.parametrize(
    ("meant", "told"),
    [
        ({}, r"a.ctm: it has the words of 2 recordings \(x, y.wav\), one is meant; name the recording"),
        ({"recording": "z"}, r"2 recordings \(x, y.wav\), not 'z'; name the recording as the file does"),
        ({"recording": "x"}, r"3 channels \(0, 1, 2\), one is meant; give the channel, counted from 0"),
        ({"recording": "x", "channel": 3}, r"3 channels \(0, 1, 2\), not '3'"),
    ],
)
def test_several_recordings_or_channels_are_refused_where_it_is_not_known_which(write, meant, told):
    with pytest.raises(ValueError, match=told):
        read_word_file(write(SEVERAL), **meant)


def test_a_single_recording_needs_no_name(write):
    assert read_word_file(write("other 1 0.1 0.2 kids\n"), recording="a") == [word("kids", 0.1, 0.3)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a 1 0.1 0.2\n", "line 1: 4 values, expected at least 5: recording channel start duration word"),
        (
            ";; hello\na 1 0.1 kids 0.2\n",
            "line 2: a start or duration is no time in seconds; where .* [*]",
        ),
        ("a 1 nan 0.2 kids\n", "line 1: a start or duration is no time"),
    ],
)
def test_a_line_of_something_else_is_named(write, text, told):
    with pytest.raises(ValueError, match=f"a.ctm: {told}"):
        read_word_file(write(text))


def test_a_file_without_words_has_none(write):
    assert read_word_file(write(";; nothing was said\n")) == []


WORDS = st.lists(
    st.tuples(st.from_regex(r"[a-z']{1,8}", fullmatch=True), st.integers(0, 9999), st.integers(1, 999)), max_size=10
)


@given(WORDS)
def test_what_is_written_in_hundredths_is_read(tmp_path_factory, words):
    path = tmp_path_factory.getbasetemp() / "written.ctm"
    path.write_text("".join(f"a 1 {start / 100:.2f} {length / 100:.2f} {said}\n" for said, start, length in words))
    assert read_word_file(path) == [word(said, start / 100, (start + length) / 100) for said, start, length in words]


def test_a_channel_of_thousands_of_digits_is_a_name(write):
    assert read_word_file(write(f"a {'1' * 9_999} 0.97 0.24 Kids\n")) == [word("Kids", 0.97, 1.21)]
