"""From segments to words with times."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from wise_hf.data.corpora.iemocap.formats import Segment
from wise_hf.data.corpora.iemocap.words import SegmentTimes, read_words, segment_files, words_of_segments
from wise_hf.data.corpora.recordings import duration_of


WORDS = [
    Segment(0, 11, "<s>"),
    Segment(12, 40, "PASS"),
    Segment(41, 52, "THE(2)"),
    Segment(53, 60, "<sil>"),
    Segment(61, 70, "++LAUGHTER++"),
    Segment(71, 82, "</s>"),
]
PHONEMES = [
    Segment(0, 11, "SIL"),
    Segment(12, 19, "P"),
    Segment(20, 31, "AE"),
    Segment(32, 40, "S"),
    Segment(41, 44, "DH"),
    Segment(45, 52, "AH"),
    Segment(53, 60, "SIL"),
    Segment(61, 70, "+LAUGHTER+"),
    Segment(71, 82, "SIL"),
]
INCLUSIVE = SegmentTimes()


def lexical(words: list[Segment], phonemes: list[Segment], times: SegmentTimes, duration_s: float) -> list[dict]:
    return [word for word, nonverbal in words_of_segments(words, phonemes, times, duration_s) if not nonverbal]


def starts_and_ends(word: dict) -> list[float]:
    return [time for each in (word, *word["phonemes"]) for time in (each["start_s"], each["end_s"])]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (SegmentTimes(0, "plain"), [0.12, 0.40, 0.12, 0.19, 0.20, 0.31, 0.32, 0.40]),
        (SegmentTimes(0, "inclusive"), [0.12, 0.41, 0.12, 0.20, 0.20, 0.32, 0.32, 0.41]),
        (SegmentTimes(2, "plain"), [0.14, 0.42, 0.14, 0.21, 0.22, 0.33, 0.34, 0.42]),
    ],
    ids=["frames as they stand", "the last frame belongs to it", "two frames later"],
)
def test_the_three_rules_from_frames_to_seconds(times, expected):
    pass_, the = lexical(WORDS, PHONEMES, times, 0.83)
    assert starts_and_ends(pass_) == pytest.approx(expected)
    assert (pass_["word"], [each["phoneme"] for each in pass_["phonemes"]]) == ("pass", ["P", "AE", "S"])
    assert (the["word"], [each["phoneme"] for each in the["phonemes"]]) == ("the", ["DH", "AH"])


def test_times_are_clipped_to_the_recording():
    the = lexical(WORDS, PHONEMES, INCLUSIVE, 0.63)[1]
    laughter = words_of_segments(WORDS, PHONEMES, INCLUSIVE, 0.63)[2][0]
    assert the["end_s"] == pytest.approx(0.53)
    assert (laughter["start_s"], laughter["end_s"]) == pytest.approx((0.61, 0.63))


def test_noises_are_words_with_one_sound():
    word, nonverbal = words_of_segments(WORDS, PHONEMES, INCLUSIVE, 0.83)[2]
    assert nonverbal and word["word"] == "laughter"
    assert word["phonemes"] == [{"phoneme": "LAUGHTER", "start_s": word["start_s"], "end_s": word["end_s"]}]


@pytest.mark.parametrize(
    ("words", "phonemes", "duration_s"),
    [
        ([*WORDS[:2], Segment(40, 52, "THE")], PHONEMES, 0.83),
        (WORDS, [*PHONEMES[:3], Segment(30, 40, "S"), *PHONEMES[4:]], 0.83),
        (WORDS, PHONEMES[:4], 0.83),
        ([*WORDS[:2], *WORDS[3:]], PHONEMES, 0.83),
        (WORDS, PHONEMES, 0.41),
    ],
    ids=["words overlap", "phonemes overlap", "a word has no phoneme", "phonemes have no word", "after the end"],
)
def test_files_that_contradict_each_other_or_the_recording_give_no_words(words, phonemes, duration_s):
    assert words_of_segments(words, phonemes, INCLUSIVE, duration_s) is None


def test_a_phoneme_on_the_edge_belongs_to_the_word_that_holds_its_middle():
    phonemes = [*PHONEMES[:3], Segment(32, 38, "S"), Segment(39, 44, "DH"), *PHONEMES[5:]]
    pass_, the = lexical(WORDS, phonemes, INCLUSIVE, 0.83)
    assert [each["phoneme"] for each in pass_["phonemes"]] == ["P", "AE", "S"]
    assert the["phonemes"][0] == {"phoneme": "DH", "start_s": the["start_s"], "end_s": 0.45}, "cut to its word"


def test_noises_after_the_end_of_the_recording_are_left_out():
    assert [word["word"] for word, _ in words_of_segments(WORDS, PHONEMES, INCLUSIVE, 0.6)] == ["pass", "the"]


@pytest.mark.parametrize("token", ["READ", "READ(2)", "READ(8)", "READ(12)"])
def test_alternative_pronunciations_are_the_same_word(token):
    (word, _), *_ = words_of_segments([Segment(0, 9, token)], [Segment(0, 9, "R")], INCLUSIVE, 1.0)
    assert word["word"] == "read"


@settings(max_examples=100)
@given(
    lengths=st.lists(st.lists(st.integers(1, 70), min_size=1, max_size=5), min_size=1, max_size=8),
    offset=st.integers(0, 3),
    end_rule=st.sampled_from(["inclusive", "plain"]),
    cut_s=st.floats(0, 0.5),
)
def test_words_are_in_order_inside_the_recording_and_hold_their_phonemes(lengths, offset, end_rule, cut_s):
    words, phonemes, frame = [], [], 0
    for number, word in enumerate(lengths):
        words.append(Segment(frame, frame + sum(word) - 1, f"W{number}"))
        for length in word:
            phonemes.append(Segment(frame, frame + length - 1, "AH"))
            frame += length
    duration_s = max(frame / 100 - cut_s, 0.01)
    timed = words_of_segments(words, phonemes, SegmentTimes(offset, end_rule), duration_s)
    if timed is None:
        assert (words[-1].first_frame + offset) / 100 >= duration_s
        return
    last_s = 0.0
    for (word, _), own in zip(timed, lengths, strict=True):
        times = [word["start_s"], *starts_and_ends(word)[2:], word["end_s"]]
        assert len(word["phonemes"]) == len(own) and times == sorted(times)
        assert last_s <= times[0] and times[-1] <= duration_s
        last_s = times[-1]


def test_rules_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="choose one of inclusive, plain"):
        SegmentTimes(0, "exclusive")
    with pytest.raises(ValueError, match="give 0 to 100 frames"):
        SegmentTimes(-1)


def test_sphinxs_frames_are_true_times_by_the_default_rule(monkeypatch):
    pytest.importorskip("espeakng_loader", reason="needs espeakng-loader to make speech")
    from wise_hf.model import alignment_wise
    from wise_hf.synthetic.demo_corpus import EMOTIONS, VOICES, draw_sentence, with_noise
    from wise_hf.synthetic.espeak import speak

    monkeypatch.setattr(alignment_wise, "FRAME_SHIFT_S", 0.0)  # words then start and end at whole frames
    rng = np.random.default_rng(0)
    errors_s = []
    for number in range(12):
        text = draw_sentence(EMOTIONS[number % 4], rng)
        speech = speak(text, VOICES[number])
        found = alignment_wise.align(with_noise(speech.samples, rng), text).words
        for word, true in zip(found, speech.words, strict=True):
            segment = Segment(round(word["start_s"] * 100), round(word["end_s"] * 100) - 1, word["word"])
            spans = [
                rule.span(segment.first_frame, segment.last_frame, 9.0)
                for rule in (INCLUSIVE, SegmentTimes(2, "plain"))
            ]
            errors_s.append([span["start_s"] - true["start_s"] for span in spans])
    inclusive_s, two_later_s = np.median(errors_s, axis=0)
    assert abs(inclusive_s) < 0.005 and 0.012 < two_later_s < 0.025


# --- an utterance and its files ---


def rows_of(segments: list[Segment]) -> str:
    return "".join(f"\t{each.first_frame} {each.last_frame} -5 {each.token}\n" for each in segments)


@pytest.fixture
def utterance(tmp_path) -> dict:
    audio = tmp_path / "sentences" / "wav" / "Ses01F_impro01" / "Ses01F_impro01_F000.wav"
    audio.parent.mkdir(parents=True)
    soundfile.write(audio, np.zeros(13_280), 16_000)
    write_segments(audio, WORDS, PHONEMES)
    return {"audio": str(audio), "text": "Pass the.", "tags": ["laughter"]}


def write_segments(audio: str | Path, words: list[Segment], phonemes: list[Segment]) -> None:
    for path, segments in zip(segment_files(audio), (words, phonemes), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rows_of(segments))


def spelt(found: dict) -> list[str]:
    return [word["word"] for word in found["words"]]


def test_words_come_from_the_segment_files_and_the_duration_from_the_recording(utterance):
    found = read_words(utterance, INCLUSIVE)
    assert (found["end_s"], found["segments"], found["alignment"]) == (0.83, "read", "corpus")
    assert spelt(found) == ["pass", "the"] and not found["text_differs"]


def test_nonverbal_sounds_are_words_where_asked_for(utterance):
    assert spelt(read_words(utterance, INCLUSIVE, keep_nonverbal=True)) == ["pass", "the", "laughter"]


def test_words_that_are_not_those_of_the_transcription_are_kept_and_marked(utterance):
    found = read_words(utterance | {"text": "Pass it."}, INCLUSIVE)
    assert spelt(found) == ["pass", "the"] and found["text_differs"]


@pytest.mark.parametrize("missing", [0, 1])
def test_without_a_segment_file_the_text_is_left_to_the_aligner(utterance, missing):
    segment_files(utterance["audio"])[missing].unlink()
    found = read_words(utterance, INCLUSIVE)
    assert (found["segments"], found["alignment"], found["words"]) == ("missing", None, [])


def test_contradicting_files_are_left_to_the_aligner(utterance):
    write_segments(utterance["audio"], WORDS, PHONEMES[:4])
    found = read_words(utterance, INCLUSIVE)
    assert (found["segments"], found["alignment"], found["words"]) == ("contradicting", None, [])


def test_files_without_a_word_contradict_a_transcription_with_words(utterance):
    write_segments(utterance["audio"], [WORDS[0], *WORDS[3:]], [PHONEMES[0], *PHONEMES[6:]])
    found = read_words(utterance, INCLUSIVE)
    assert (found["segments"], found["alignment"]) == ("contradicting", None)


def test_laughter_alone_is_a_word(utterance):
    write_segments(utterance["audio"], [WORDS[0], *WORDS[3:]], [PHONEMES[0], *PHONEMES[6:]])
    found = read_words(utterance | {"text": None}, INCLUSIVE)
    assert (found["segments"], found["alignment"], spelt(found)) == ("wordless", "corpus", ["laughter"])


def test_silence_alone_is_one_word_as_long_as_the_recording(utterance):
    write_segments(utterance["audio"], [Segment(0, 82, "<sil>")], [Segment(0, 82, "SIL")])
    found = read_words(utterance | {"text": None, "tags": []}, INCLUSIVE)
    assert (found["segments"], found["alignment"]) == ("wordless", "uniform")
    assert found["words"] == [
        {
            "word": "silence",
            "start_s": 0.0,
            "end_s": 0.83,
            "phonemes": [{"phoneme": "SILENCE", "start_s": 0.0, "end_s": 0.83}],
        }
    ]


def test_laughter_without_segment_files_is_one_word_as_long_as_the_recording(utterance):
    segment_files(utterance["audio"])[0].unlink()
    found = read_words(utterance | {"text": None}, INCLUSIVE)
    assert (found["segments"], found["alignment"], spelt(found)) == ("missing", "uniform", ["laughter"])


def test_a_broken_segment_file_is_left_to_the_aligner(utterance):
    path = segment_files(utterance["audio"])[0]
    path.write_text("what is this")
    found = read_words(utterance, INCLUSIVE)
    assert (found["segments"], found["alignment"]) == ("unreadable", None)


def test_recordings_that_cannot_be_read_are_named(utterance):
    soundfile.write(utterance["audio"], np.zeros(0), 16_000)
    with pytest.raises(ValueError, match="F000.wav has no samples"):
        duration_of(utterance["audio"])
    Path(utterance["audio"]).write_bytes(b"no audio")
    with pytest.raises(ValueError, match="F000.wav cannot be read as audio"):
        duration_of(utterance["audio"])
    found = read_words(utterance, INCLUSIVE)
    assert (found["segments"], found["end_s"], found["words"]) == ("no audio", None, [])
