"""What recognisers give, ours and others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wise_hf.model.recognised_wise import Recognised, as_recognised, without_repeats


def words_of(text: str) -> list[dict]:
    return [{"word": word} for word in text.split()]


def said(words: list[dict]) -> str:
    return " ".join(word["word"] for word in words)


TIMED = {"word": "hello", "start": 0.1, "end": 0.5, "probability": 0.9}


@pytest.mark.parametrize(
    ("heard", "language"),
    [
        ("hello", None),
        ({"text": "hello"}, None),
        ({"text": "hello", "language": "de"}, "de"),
        ({"text": "hello", "chunks": [{"text": "hello", "timestamp": (0.1, 0.5)}]}, None),
        ({"text": "hello", "result": [TIMED]}, None),
        ({"text": "hello", "language": "English", "words": [TIMED]}, "en"),
        ({"text": "hello", "language": "de-AT"}, "de"),
        ([TIMED], None),
        ({"language": "de", "segments": [{"words": [TIMED]}]}, "de"),
        (Recognised([TIMED], "pl"), "pl"),
    ],
)
def test_what_a_function_may_give(heard, language):
    recognised = as_recognised(heard)
    assert [word["word"] for word in recognised.words] == ["hello"]
    assert recognised.language == language
    has_times = not isinstance(heard, str) and str(heard).find("0.5") >= 0
    assert recognised.words[0]["end_s"] == (0.5 if has_times else None)
    assert recognised.words[0]["confidence"] == (0.9 if "0.9" in str(heard) else None)


@pytest.mark.parametrize("heard", [None, 5, ["hello"], [{"start": 1}], {"language": "de"}])
def test_what_no_recogniser_gives_is_refused_in_a_sentence(heard):
    with pytest.raises(ValueError, match="it returns a text|expected|holds no list|has no string"):
        as_recognised(heard)


@pytest.mark.parametrize(
    ("heard", "kept"),
    [
        ("thank you " * 4, "thank you"),
        ("so " + "I am here " * 5 + "today", "so I am here today"),
        ("no " * 8, "no"),
        ("Thank you. Thank you, THANK YOU! thank you", "Thank you."),
        ("no no no I said no", "no no no I said no"),
        ("very very very very very good", "very very very very very good"),
        ("Dogs bark. " * 3, "Dogs bark. Dogs bark. Dogs bark."),
        ("", ""),
    ],
)
def test_a_phrase_that_is_repeated_without_end_is_left_once(heard, kept):
    assert said(without_repeats(words_of(heard))) == kept


@given(st.lists(st.sampled_from("abc"), max_size=60))
def test_what_is_left_has_no_repeats_and_nothing_new(letters):
    words = [{"word": letter} for letter in letters]
    kept = without_repeats(words)
    places = iter(words)
    assert all(any(word is other for other in places) for word in kept)  # a subsequence
    assert set(letters) == {word["word"] for word in kept}
