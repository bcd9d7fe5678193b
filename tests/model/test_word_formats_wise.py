"""Word lists of recognisers and aligners as they write them."""

import math

import pytest

from wise_hf.model.word_formats_wise import read_word_times, seconds


KIDS = [{"word": "Kids", "start_s": 0.97, "end_s": 1.21, "phonemes": []}]
WRITTEN = {
    "this package": {"word": "Kids", "start_s": 0.97, "end_s": 1.21},
    "a result of the pipeline": {"word": "Kids", "start_s": 0.97, "end_s": 1.21, "phonemes": [], "attention": 0.2},
    "Whisper": {"word": "Kids", "start": 0.97, "end": 1.21, "probability": 0.9},
    "whisperX": {"word": "Kids", "start": 0.97, "end": 1.21, "score": 0.9, "speaker": "SPEAKER_00"},
    "whisper-timestamped": {"text": "Kids", "start": 0.97, "end": 1.21, "confidence": 0.9},
    "transformers": {"text": "Kids", "timestamp": (0.97, 1.21)},
    "Vosk": {"conf": 0.9, "end": 1.21, "start": 0.97, "word": "Kids"},
    "Deepgram": {"word": "Kids", "start": 0.97, "end": 1.21, "confidence": 0.9, "punctuated_word": "Kids,"},
    "NeMo": {"word": "Kids", "start_offset": 24, "end_offset": 30, "start": 0.97, "end": 1.21},
    "AWS": {
        "type": "pronunciation",
        "alternatives": [{"confidence": "0.9", "content": "Kids"}],
        "start_time": "0.97",
        "end_time": "1.21",
    },
    "Google": {"startTime": "0.970s", "endTime": "1.210s", "word": "Kids", "confidence": 0.9},
    "Gentle": {"alignedWord": "kids", "case": "success", "end": 1.21, "endOffset": 4, "start": 0.97, "word": "Kids"},
    "Praat": {"xmin": 0.97, "xmax": 1.21, "text": "Kids"},
    "begin": {"word": "Kids", "begin": 0.97, "end": 1.21},
    "t0": {"word": "Kids", "t0": 0.97, "t1": 1.21},
    "milliseconds": {"word": "Kids", "start_ms": 970, "end_ms": 1210},
}


def without_confidence(words: list[dict]) -> list[dict]:
    return [{name: value for name, value in word.items() if name != "confidence"} for word in words]


@pytest.mark.parametrize("entry", WRITTEN.values(), ids=WRITTEN)
def test_the_names_of_known_writers_are_read(entry):
    read = read_word_times([entry])
    assert without_confidence(read) == KIDS
    tells = "0.9" in str(entry).replace("0.97", "")
    assert read[0]["confidence"] == (0.9 if tells else None)


@pytest.mark.parametrize("given", [None, -0.1, 1.5, math.nan, "sure", [0.5]])
def test_what_is_no_confidence_is_none(given):
    assert read_word_times([{"word": "Kids", "confidence": given}])[0]["confidence"] is None


WHOLE = {
    "words": {"language": "english", "duration": 3.7, "words": [WRITTEN["Whisper"]]},
    "segments": {"text": "Kids", "segments": [{"start": 0.9, "words": [WRITTEN["Whisper"]]}, {"words": []}]},
    "word_segments": {"segments": [{"words": [], "text": ""}], "word_segments": [WRITTEN["whisperX"]]},
    "chunks": {"text": "Kids", "chunks": [WRITTEN["transformers"]]},
    "result": {"text": "Kids", "result": [WRITTEN["Vosk"]]},
}


@pytest.mark.parametrize("whole", WHOLE.values(), ids=WHOLE)
def test_the_words_are_found_in_what_was_written_about_a_recording(whole):
    assert without_confidence(read_word_times(whole)) == KIDS


@pytest.mark.parametrize(
    ("sound", "read"),
    [
        ({"phoneme": "K", "start": 0.97, "end": "1.0"}, {"phoneme": "K", "start_s": 0.97, "end_s": 1.0}),
        ({"phone": "K", "start_ms": 970}, {"phoneme": "K", "start_s": 0.97, "end_s": None}),
        ({"phone": "k_B", "duration": 0.1}, {"phoneme": "k_B", "start_s": None, "end_s": None}),
        ("K", {"phoneme": "K", "start_s": None, "end_s": None}),
    ],
)
@pytest.mark.parametrize("name", ["phonemes", "phones"])
def test_sounds_are_read_as_words_are(name, sound, read):
    assert read_word_times([{"word": "Kids", "start": 0.97, "end": 1.21, name: [sound]}])[0]["phonemes"] == [read]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([{"word": "Kids", "start_sec": 0.97, "end_s": 1.21}], "has 'start_sec', which is not known"),
        ([{"word": "Kids", "start": 0.97, "duration": 0.24}], "has 'duration', which is not known"),
        ([{"word": "Kids", "times": [0.97, 1.21]}], "has 'times', which is not known"),
        ([{"word": "Kids", "timestamp": 0.97}], "has 'timestamp', which is not known"),
        ([{"word": "Kids", "start": 0.97, "start_ms": 970}], "has both 'start' and 'start_ms'"),
        ([{"word": "Kids", "start": 1, "end": 2, "phonemes": [{"phoneme": "K", "begins": 1}]}], "has 'begins'"),
        ([{"word": "Kids", "start": 1, "end": 2, "phonemes": "K IH D Z"}], "phonemes are of type str"),
        ([{"word": "Kids", "start": 1, "end": 2, "phonemes": [3]}], "Entry 1: a phoneme is of type int, expected"),
        ([{"word": 5, "start": 1, "end": 2}], "has no string 'word'"),
        ([{"alternatives": ["Kids"], "start": 1, "end": 2}], "has no string 'word'"),
        ([{"word": "Kids"}, "are"], "Entry 2: it is of type str, expected a dict"),
        ([("Kids", 0.97, 1.21)], "is of type tuple, expected a dict"),
        ("Kids", "are of type str, expected a list"),
        (5, "are of type int, expected a list"),
        ({"words": None}, "are of type NoneType, expected a list"),
        ({"text": "Kids", "segments": [{"text": "Kids", "start": 0.97, "end": 1.21}]}, "holds no list of words"),
        ({"Kids": [0.97, 1.21]}, "A dict holds no list of words"),
        ({}, "holds no list of words"),
    ],
)
def test_what_could_lose_a_time_is_refused(words, told):
    with pytest.raises(ValueError, match=told) as error:
        read_word_times(words)
    assert "Kids" not in str(error.value)
    assert "start_s" in str(error.value) or "give one of them" in str(error.value)


@pytest.mark.parametrize("entry", [{"word": "Ki\ud83dds"}, {"word": "Kids", "phonemes": ["K", "\ude00"]}])
def test_half_a_character_is_no_text(entry):
    with pytest.raises(ValueError, match="Entry 2: its '(word|phoneme)' holds half a character") as error:
        read_word_times([{"word": "😀"}, entry])
    str(error.value).encode()


@pytest.mark.parametrize("value", [None, "", "x", "0,97", math.nan, "inf", 10**400, [0.9]])
def test_what_is_no_number_is_no_time(value):
    assert seconds(value) is None
