"""Files of word times: which reader a file gets, and whose words are meant."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wise_hf.data.word_files import READERS, read_word_file


BEGINNINGS = {
    ".json": '[{"word": "kids", "start": 0.1, "end": ',
    ".jsonl": '{"row": "word", "text": "kids"}\n',
    ".textgrid": 'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0 \nxmax = 2 \n',
    ".ctm": "a 1 0.1 0.3 kids\n",
    ".vtt": "WEBVTT\n\n00:00.100 --> 00:00.400\n",
    ".srt": "1\n00:00:00,100 --> 00:00:00,400\n",
}
# What files are made of, in any order.
PIECES = st.sampled_from(
    ['"', "\n", "\n\n", "-->", "00:01.000", "<00:00:00.480>", "<u>kids</u>", "kids are", "1e-5", "nan", "*", ";;"]
    + ["intervals [1]:", "xmin = 0.1 \n", "xmax = 0.2 \n", 'text = "kids" \n', "item [1]:\n", '"IntervalTier"\n']
    + ['class = "IntervalTier" \n', 'name = "words" \n', "intervals: size = 1 \n", "<ALT>", "a 1 0.1 0.2 kids\n"]
    + ["[", "{", "}", "]", '"word"', '"words"', ":", ",", '"segments"', '"transcription"', '"row"', '"audio"', "0.5"]
)


@pytest.mark.parametrize("suffix", READERS)
@given(st.binary(max_size=60), st.booleans())
@settings(max_examples=60)
def test_any_bytes_are_words_or_a_value_error_that_names_the_file(tmp_path_factory, suffix, noise, begins_well):
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(BEGINNINGS[suffix].encode() * begins_well + noise)
    assert_words_or_error(path)


@pytest.mark.parametrize("suffix", READERS)
@given(st.lists(PIECES, max_size=25), st.booleans())
@settings(max_examples=150)
def test_any_order_of_a_formats_pieces_is_words_or_a_value_error(tmp_path_factory, suffix, pieces, begins_well):
    path = tmp_path_factory.getbasetemp() / f"pieces{suffix}"
    path.write_text(BEGINNINGS[suffix] * begins_well + "".join(pieces), encoding="utf-8")
    assert_words_or_error(path)


def assert_words_or_error(path):
    try:
        words = read_word_file(path)
    except ValueError as error:
        assert str(error).startswith(f"{path.name}: ")
        assert "\n" not in str(error)
    else:
        assert all(isinstance(word["word"], str) and {"start_s", "end_s"} <= set(word) for word in words)
