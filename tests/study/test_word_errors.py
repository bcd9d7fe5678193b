"""Errors of a recogniser, counted and drawn anew."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wise_hf.study.word_errors import KINDS, compared_words, count_confusions, error_counts, with_errors


SAID = [text.split() for text in ("the dogs sit by the door", "kids are talking", "yes", "we can go by the door now")]
HEARD = [text.split() for text in ("a dog sit by door", "kids are talking to", "", "we can go by the store now")]
TEXTS = st.lists(
    st.lists(st.sampled_from(["the", "dog", "kid", "yes", "door", "talks"]), min_size=1, max_size=8), min_size=1
)


def test_confusions_come_from_the_counts():
    found = count_confusions(SAID, HEARD)
    assert found.counts == {"substitutions": 3, "deletions": 2, "insertions": 1}
    assert found.substitutions == {"the": Counter(["a"]), "dogs": Counter(["dog"]), "door": Counter(["store"])}
    assert found.deletions == Counter(["the", "yes"]) and found.insertions == Counter(["to"])
    assert found.said["the"] == 3
    assert error_counts(SAID, HEARD) == found.counts | {"wer": 6 / 17}


@settings(max_examples=60)
@given(true=TEXTS, rate=st.floats(0, 1), seed=st.integers(0, 5))
def test_the_simulated_error_rate_is_the_wanted_one_within_a_word(true, rate, seed):
    drawn = with_errors(true, rate, count_confusions(SAID, HEARD), seed)
    total = sum(map(len, true))
    assert abs(error_counts(true, drawn)["wer"] * total - rate * total) <= 1
    assert drawn == with_errors(true, rate, count_confusions(SAID, HEARD), seed)


def test_no_errors_are_the_texts_themselves():
    assert with_errors(SAID, 0.0, count_confusions(SAID, HEARD)) == SAID


def test_errors_are_those_that_the_recogniser_made():
    true = [["dogs", "door", "the"]] * 200
    heard = [["dog", "door", "the"], ["dogs", "door"]] * 100
    confusions = count_confusions(true, heard)
    drawn = count_confusions(true, with_errors(true, 0.2, confusions))
    assert drawn.substitutions["dogs"]["dog"] > 40 and drawn.deletions["the"] > 40
    assert drawn.counts["insertions"] < 5, "it made none"
    assert drawn.substitutions["door"].total() < 10, "it was never wrong there"
    assert sum(drawn.counts[kind] for kind in KINDS) == 120


def test_errors_that_it_never_made_take_their_words_from_the_corpus():
    drawn = with_errors(SAID, 0.5, count_confusions(SAID, SAID))
    spoken = {word for text in SAID for word in text}
    assert drawn != SAID and {word for text in drawn for word in text} <= spoken
    assert with_errors([["no"]], 1.0, count_confusions([["no"]], [["no"]])) in ([[]], [["nos"]], [["no", "no"]])


def test_the_errors_of_a_lower_rate_are_among_those_of_a_higher_one():
    confusions = count_confusions(SAID, HEARD)
    low, high = (with_errors(SAID * 5, rate, confusions, seed=3) for rate in (0.1, 0.4))
    changed = [number for number, text in enumerate(low) if text != (SAID * 5)[number]]
    assert changed and all(high[number] != (SAID * 5)[number] for number in changed)


@pytest.mark.parametrize(
    ("text", "words"), [("Kids, 42!", ["kids", "forty", "two"]), ("Привет, мир.", ["привет", "мир"]), ("...", [])]
)
def test_words_are_compared_as_they_are_spoken(text, words):
    assert compared_words(text) == words
