"""The words of a recording, by its text or by recognisers that do all that recognisers do."""

import math

import numpy as np
import pytest
from speech import assert_valid, clips

from wise_hf.model.decoder_wise import check_samples
from wise_hf.model.found_words_wise import find_words, found_before
from wise_hf.model.recognised_wise import Recognised
from wise_hf.model.speech_wise import NoSpeechError, hear_speech


pytest.importorskip("pocketsphinx")

TEXT = "Dogs are sitting by the door."


@pytest.fixture(scope="module")
def spoken(ravdess_root) -> np.ndarray:
    """A sentence of 1.3 s after a second of silence."""
    return clips(ravdess_root, {"neutral"}, "Actor_05")[0][0].astype(np.float32)


def word(text: str, start_s: float | None = None, end_s: float | None = None, confidence: float = 0.9) -> dict:
    return {"word": text, "start_s": start_s, "end_s": end_s, "confidence": confidence}


def hears(*words: dict, language: str | None = None):
    return lambda samples, rate: Recognised(list(words), language)


def text_of(found: dict) -> str:
    return " ".join(each["word"] for each in found["words"])


@pytest.mark.parametrize("text", [None, TEXT])
@pytest.mark.parametrize("loudness", [0.0, 1e-3, 0.1, 1.0])
def test_no_words_are_found_where_nobody_speaks(loudness, text):
    def made_up(samples, rate):
        pytest.fail("it was recognised")

    with pytest.raises(NoSpeechError, match="No word was heard in the recording"):
        find_words(loudness * np.random.default_rng(0).uniform(-1, 1, 16000), text, recogniser=made_up)


@pytest.mark.parametrize("text", [None, TEXT])
def test_a_recording_beyond_the_limit_is_refused_before_it_is_recognised(text):
    with pytest.raises(ValueError, match=r"lasts 3600.0 s, at most 120 s are taken; cut it at pauses"):
        find_words(np.full(3600 * 16000, 0.1, np.float32), text, recogniser=lambda *_: pytest.fail("it was"))


@pytest.mark.parametrize("nothing", ["", [], Recognised([]), [word("..."), word(" ")], {"text": ""}])
def test_where_nothing_is_understood_that_is_said(spoken, nothing):
    with pytest.raises(NoSpeechError, match="give what is said in it as its text"):
        find_words(spoken, recogniser=lambda *_: nothing)


def test_the_text_says_where_the_words_came_from_and_every_word_how_well_it_fits(ravdess_root):
    ((samples, text),) = clips(ravdess_root, {"neutral"}, "Actor_05")
    said, heard, other = find_words(samples, text), find_words(samples), find_words(samples, "Leave a message.")
    assert (said["alignment"], said["text"], said["warnings"]) == ("aligner", text, [])
    assert heard["alignment"] in ("asr+aligner", "doubtful") and heard["text"]
    assert other["alignment"] == "doubtful" and "fit the recording badly" in other["warnings"][0]
    assert other["fit"] < 0.5 < said["fit"] <= 1
    assert all(0 <= word["fit"] <= 1 for found in (said, heard, other) for word in found["words"])
    assert all(0 <= word["confidence"] <= 1 for word in heard["words"])


# --- English: words by the aligner ---


def test_words_of_a_function_are_aligned_and_keep_their_confidence(spoken):
    words = [word(each, confidence=number / 10) for number, each in enumerate(TEXT.split(), 1)]
    found, plain = find_words(spoken, recogniser=hears(*words)), find_words(spoken, TEXT)
    assert found["alignment"] == "asr+aligner" and found["language"] is None
    assert [each["start_s"] for each in found["words"]] == [each["start_s"] for each in plain["words"]]
    assert [each["confidence"] for each in found["words"]] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]


def test_a_word_that_is_spoken_as_several_gives_its_confidence_to_all(spoken):
    found = find_words(spoken, recogniser=hears(word("42", confidence=0.7), word("doors", confidence=0.6)))
    assert [(each["word"], each["confidence"]) for each in found["words"]] == [
        ("forty", 0.7),
        ("two", 0.7),
        ("doors", 0.6),
    ]


def test_words_that_nobody_is_sure_of_are_doubtful(spoken):
    found = find_words(spoken, recogniser=hears(*(word(each, confidence=0.1) for each in TEXT.split())))
    assert found["alignment"] == "doubtful"
    assert found["warnings"] == [
        "The recogniser is hardly sure of what it heard (0.10 of 1); is it another language, or poor audio?"
    ]


def test_repeats_are_left_out_and_told(spoken):
    found = find_words(spoken, recogniser=lambda *_: "dogs are sitting by the door " * 5)
    assert text_of(found) == "dogs are sitting by the door"
    assert found["warnings"] == ["The recogniser repeated itself: 24 of its words are left out."]


def test_words_in_silence_are_left_out_and_told(spoken):
    quiet = np.concatenate([spoken, np.zeros(5 * 16000, np.float32)])
    start_s = len(spoken) / 16000
    made_up = [word("Thank", start_s + 2, start_s + 2.3), word("you", start_s + 2.3, start_s + 2.6)]
    found = find_words(quiet, recogniser=hears(*map(word, TEXT.split()), *made_up))
    assert text_of(found) == "Dogs are sitting by the door"
    assert found["warnings"] == ["2 words that the recogniser heard where nobody speaks are left out."]


def test_where_all_words_lie_in_silence_none_was_heard(spoken):
    with pytest.raises(NoSpeechError, match="give what is said"):
        find_words(np.concatenate([spoken, np.zeros(80000)]), recogniser=hears(word("Thanks", 5.5, 6.0)))


# --- other languages: words by the recogniser's times ---


def test_words_of_another_language_keep_their_spelling_and_times(spoken):
    words = [word("Kupiłem", 1.0, 1.4), word("szafę,", 1.4, 2.0)]
    found = find_words(spoken, recogniser=hears(*words, language="pl"))
    assert (found["alignment"], found["language"], found["fit"]) == ("asr", "pl", None)
    assert [(each["word"], each["start_s"], each["end_s"]) for each in found["words"]][0] == ("Kupiłem", 1.0, 1.4)
    assert found["words"][1]["word"] == "szafę"
    assert_valid(found["words"], len(spoken) / 16000)


def test_words_of_another_script_have_phonemes(spoken):
    found = find_words(spoken, recogniser=hears(word("Привет", 1.0, 1.5), word("你", 1.5, 2.0)))
    assert [each["word"] for each in found["words"]] == ["Привет", "你"]
    assert all(each["phonemes"] for each in found["words"])


@pytest.mark.parametrize("language", ["pl", None])
@pytest.mark.parametrize(
    "spans",
    [
        [(1.0, 1.4), (1.3, 1.8), (1.8, 2.0)],  # overlapping
        [(1.0, 1.4), (1.9, 1.5), (1.8, 2.0)],  # inverted
        [(1.0, 1.4), (None, None), (1.8, 2.0)],  # missing
        [(1.0, 1.4), (1.4, math.inf), (1.8, 99.0)],  # impossible
        [(-3.0, -2.0), (1.4, 1.8), (1.8, 2.0)],  # before the beginning
    ],
)
def test_times_that_cannot_be_right_are_repaired_and_told(spoken, spans, language):
    words = [word(said, *span) for said, span in zip(["один", "два", "три"], spans, strict=True)]
    found = find_words(spoken, recogniser=hears(*words, language=language))
    assert [each["word"] for each in found["words"]] == ["один", "два", "три"]
    assert_valid_times(found["words"], len(spoken) / 16000)
    assert any("times" in warning for warning in found["warnings"])


def assert_valid_times(words: list[dict], duration_s: float) -> None:
    edges = [time_s for each in words for time_s in (each["start_s"], each["end_s"])]
    assert edges == sorted(edges) and edges[0] >= 0 and edges[-1] <= duration_s
    assert all(each["start_s"] < each["end_s"] for each in words)


def test_words_of_another_language_without_times_are_shared_out_over_the_speech(spoken):
    found = find_words(spoken, recogniser=hears(word("один"), word("два"), language="ru"))
    assert found["alignment"] == "uniform"
    assert "shared out evenly" in found["warnings"][0]
    speech = hear_speech(check_samples(spoken, 16000)) > 0.5
    assert abs(found["words"][0]["start_s"] - np.flatnonzero(speech)[0] * 0.032) < 0.2


def test_a_pause_within_a_words_times_is_no_part_of_it(spoken):
    first_s = np.flatnonzero(hear_speech(check_samples(spoken, 16000)) >= 0.05)[0] * 0.032
    assert first_s > 0.5
    found = find_words(spoken, recogniser=hears(word("Raz", 0.0, 1.6), word("dwa", 1.6, 2.0), language="pl"))
    assert found["words"][0]["start_s"] == pytest.approx(first_s)


def test_times_of_words_found_before_that_are_repaired_are_told():
    found = found_before([word("Kids", 0.1, 0.4), word("are", 0.6, 0.5), word("by", 0.6, 0.9)], 1.0)
    assert found["warnings"] == ["1 of 3 word times were missing or impossible and repaired."]


def test_a_language_that_the_recogniser_is_not_sure_of_is_told(spoken):
    heard = Recognised([word("Raz", 1.0, 1.5)], "ru", 0.42)
    assert find_words(spoken, recogniser=lambda *_: heard)["warnings"] == [
        "The recogniser takes it for 'ru' (0.42 of 1); tell it the language."
    ]


def test_words_found_before_are_those_of_the_corpus():
    found = found_before([word("Kids", 0.1, 0.4), word("are", 0.4, 0.6)], 1.0)
    assert (found["text"], found["alignment"], found["fit"]) == ("Kids are", "corpus", None)
