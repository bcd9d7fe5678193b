"""WebVTT and SubRip."""

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from wise_hf.data.word_files import read_word_file
from wise_hf.model.word_times_wise import repair_times


NAME = "a.vtt"


def spans(words):
    return [(word["word"], word["start_s"], word["end_s"]) for word in words]


BLANK = " "
# Each line is shown again above the next one; between them stands a cue of 10 ms with repeats only.
YOUTUBE = f"""WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:02.470 align:start position:0%
{BLANK}
kids<00:00:00.480><c> are</c><00:00:00.640><c> talking</c>

00:00:02.470 --> 00:00:02.480 align:start position:0%
kids are talking
{BLANK}

00:00:02.480 --> 00:00:04.230 align:start position:0%
kids are talking
by<00:00:02.800><c> the</c>

00:00:04.230 --> 00:00:04.240 align:start position:0%
by the
{BLANK}

00:00:04.240 --> 00:00:05.000 align:start position:0%
by the
door

00:00:05.000 --> 00:00:06.000 align:start position:0%
door
[Music]
"""


def test_the_words_of_youtubes_captions_have_their_own_times_and_are_read_once(write, caplog):
    assert spans(read_word_file(write(YOUTUBE))) == [
        ("kids", 0.16, 0.48),
        ("are", 0.48, 0.64),
        ("talking", 0.64, 2.47),
        ("by", 2.48, 2.8),
        ("the", 2.8, 4.23),
        ("door", 4.24, 5.0),
    ]
    assert not caplog.messages


UNDERLINED = """WEBVTT

00:00.100 --> 00:00.400
<u>Kids</u> are talking.

00:00.400 --> 00:00.500
Kids are talking.

00:00.500 --> 00:00.700
Kids <u>are</u> talking.

00:00.700 --> 00:01.300
Kids are <u>talking.</u>

00:02.000 --> 00:02.300
[SPEAKER_01]: <u>No.</u>

00:02.300 --> 00:02.500
[SPEAKER_01]: <u>No.</u>
"""


def test_words_that_whisper_underlines_in_turn_have_the_times_of_their_cues(write, caplog):
    read = [("Kids", 0.1, 0.4), ("are", 0.5, 0.7), ("talking.", 0.7, 1.3), ("No.", 2.0, 2.3), ("No.", 2.3, 2.5)]
    assert spans(read_word_file(write(UNDERLINED))) == read
    assert not caplog.messages


def test_words_that_are_not_all_underlined_share_the_time_of_their_sentence(write, caplog):
    unaligned = UNDERLINED.replace("<u>are</u>", "are")
    shared = [("Kids", 0.1, 0.42), ("are", 0.42, 0.66), ("talking.", 0.66, 1.3)]
    assert spans(read_word_file(write(unaligned)))[:3] == shared
    assert "3 of 5 words have no times of their own" in caplog.text


def test_a_word_underlined_for_emphasis_is_one_among_others(write):
    path = write("WEBVTT\n\n00:00.000 --> 00:00.800\nI <u>do</u> so\n\n00:01.000 --> 00:01.200\nNo\n")
    assert [word["word"] for word in read_word_file(path)] == ["I", "do", "so", "No"]


def test_cues_of_a_word_each_have_its_times(write, caplog):
    path = write("WEBVTT\n\n00:00.100 --> 00:00.400\nKids\n\n00:00.400 --> 00:00.700\nare\n")
    assert spans(read_word_file(path)) == [("Kids", 0.1, 0.4), ("are", 0.4, 0.7)]
    assert not caplog.messages


def test_the_words_of_a_cue_share_its_time_by_their_letters_and_this_is_told(write, caplog):
    cue = "1\n00:00:01.000 --> 00:00:02.000\n<v Bob>Żółte &amp; <i>złoto</i></v>\n"
    path = write(f"WEBVTT\n\n{cue}\n02:00.000 --> 02:01.000\nno\n")
    assert spans(read_word_file(path)) == [("Żółte", 1.0, 1.5), ("złoto", 1.5, 2.0), ("no", 120.0, 121.0)]
    assert caplog.messages == [f"{path}: 2 of 3 words have no times of their own; they share those of their cue."]


SRT = """1
00:00:00,100 --> 00:00:00,400
Kids

2
00:00:00,400 --> 01:00:00,700
are
"""


def test_subrip_is_read(write):
    assert spans(read_word_file(write(SRT, "a.srt"))) == [("Kids", 0.1, 0.4), ("are", 0.4, 3600.7)]


def test_the_same_line_said_twice_is_read_twice(write):
    path = write("WEBVTT\n\n00:00.100 --> 00:00.400\nNo.\n\n00:00.400 --> 00:00.700\nNo.\n")
    assert [word["word"] for word in read_word_file(path)] == ["No.", "No."]


def test_a_cue_that_ends_before_it_starts_is_repaired(write):
    path = write(
        "WEBVTT\n\n00:01.000 --> 00:01.500\nWe\n\n00:03.000 --> 00:02.000\nkids\n\n00:03.000 --> 00:04.000\nare\n"
    )
    words, told = repair_times(read_word_file(path), 4.0)
    assert spans(words) == [("We", 1.0, 1.5), ("kids", 1.5, 3.0), ("are", 3.0, 4.0)]
    assert told == "1 of 3 word times were missing or impossible and repaired."


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.vtt", "", "does not begin as WebVTT or SubRip does"),
        ("a.vtt", SRT, "does not begin as WebVTT or SubRip does"),
        ("a.srt", "Kids are talking", "does not begin as WebVTT or SubRip does"),
        ("a.vtt", "WEBVTT\n", "0 of 0 cues can be read; write times such as"),
        ("a.vtt", "WEBVTT\n\n00:00.1x0 --> 00:00.400\nKids\n", "0 of 1 cues can be read"),
        ("a.vtt", "WEBVTT\n\n00:00.100 --> 00:00.400\nKids\n\n0.5 --> 0.7\nare\n", "1 of 2 cues can be read"),
        ("a.vtt", "WEBVTT\n\n00:99.100 --> 99:00.400\nKids\n", "0 of 1 cues can be read|a cue has no times"),
        ("a.srt", SRT.replace("00:00:00,400 --> 01", "0.4 --> 01"), "1 of 2 cues can be read"),
    ],
)
def test_cues_that_would_be_lost_are_told(write, name, text, told):
    with pytest.raises(ValueError, match=f"^{name}: .*({told})"):
        read_word_file(write(text, name))


@pytest.mark.parametrize(
    "text", ["<" * 100_000, "<u>" * 100_000, "<00:00:00.1" * 50_000, "1" * 100_000, "-->" * 50_000, "a " * 50_000]
)
def test_a_cue_made_to_be_slow_is_read_or_refused_at_once(write, text):
    path = write(f"WEBVTT\n\n00:00.100 --> 00:00.400\nKids {text}\n")
    try:
        assert read_word_file(path)[0]["word"] == "Kids"
    except ValueError as error:
        assert str(error).startswith("a.vtt: ")


SAID = st.sampled_from(["kids", "are", "talking", "by", "the", "door"])


@given(st.lists(st.tuples(SAID, st.integers(1, 900), st.integers(0, 900)), min_size=1, max_size=8))
def test_what_webvtt_py_writes_is_read(tmp_path_factory, words):
    read, end_ms, captions = [], 0, webvtt.WebVTT()
    for said, length_ms, gap_ms in words:
        start_ms, end_ms = end_ms + gap_ms, end_ms + gap_ms + length_ms
        stamps = [f"00:00:{time_ms // 1000:02d}.{time_ms % 1000:03d}" for time_ms in (start_ms, end_ms)]
        captions.captions.append(webvtt.Caption(*stamps, said))
        read.append((said, start_ms / 1000, end_ms / 1000))
    for suffix in ("vtt", "srt"):
        path = tmp_path_factory.getbasetemp() / f"written.{suffix}"
        with path.open("w", encoding="utf-8") as file:
            captions.write(file, suffix)
        assert spans(read_word_file(path)) == read
