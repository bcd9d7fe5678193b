"""JSON of recognisers and of wise_hf."""

import json

import pytest

from wise_hf.data.word_files import read_word_file
from wise_hf.model.word_times_wise import words_from_times


def word(word, start_s, end_s):
    return {"word": word, "start_s": start_s, "end_s": end_s}


def read(path, **meant):
    """The words without what is told of them besides."""
    return [{name: word[name] for name in ("word", "start_s", "end_s")} for word in read_word_file(path, **meant)]


KIDS = [word(" Kids", 0.97, 1.21), word(" are", 1.21, 1.34)]
TALK = [word("Kids", 0.97, 1.21), word("are", 1.21, 1.34)]
TIMES = ((0.97, 1.21), (1.21, 1.34))
WHISPER_WORDS = [
    {"word": said, "start": start, "end": end, "probability": 0.9}
    for said, (start, end) in zip((" Kids", " are"), TIMES, strict=True)
]
SEGMENT = {"id": 0, "seek": 0, "start": 0.97, "end": 1.34, "text": " Kids are", "tokens": [50364, 15694, 366, 50431]}
SEGMENT |= {"temperature": 0.0, "avg_logprob": -0.3, "compression_ratio": 0.9, "no_speech_prob": 0.01}
WHISPERX_WORDS = [
    {"word": said, "start": start, "end": end, "score": 0.8, "speaker": "SPEAKER_00"}
    for said, (start, end) in zip(("Kids", "are"), TIMES, strict=True)
]


def cpp_token(text, start_ms, end_ms, number=1000):
    return {
        "text": text,
        "timestamps": {"from": "00:00:00,000", "to": "00:00:00,000"},
        "offsets": {"from": start_ms, "to": end_ms},
        "id": number,
        "p": 0.9,
        "t_dtw": -1,
    }


def cpp(segments):
    """What whisper.cpp writes, without most of its settings."""
    return {
        "systeminfo": "AVX = 1",
        "model": {"type": "base", "multilingual": True},
        "params": {"model": "models/ggml-base.bin", "language": "en", "translate": False},
        "result": {"language": "en"},
        "transcription": segments,
    }


CPP_TOKENS = [cpp_token("[_BEG_]", 970, 970, 50364), cpp_token(" K", 970, 1000), cpp_token("ids", 1000, 1210)]
CPP_TOKENS += [cpp_token(" are", 1210, 1300), cpp_token(",", 1300, 1340), cpp_token("[_TT_67]", 1340, 1340, 50431)]
CPP_SEGMENT = {
    "timestamps": {"from": "00:00:00,970", "to": "00:00:01,340"},
    "offsets": {"from": 970, "to": 1340},
    "text": " Kids are,",
}
# What `-ml 1` gives: a segment for each token; with `-sow` for each word.
CPP_PIECES = [
    CPP_SEGMENT | {"text": text, "offsets": {"from": start_ms, "to": end_ms}}
    for text, start_ms, end_ms in ((" K", 970, 1000), ("ids", 1000, 1210), (" are", 1210, 1340))
]

WRITTEN = {
    "openai-whisper": (
        {"text": " Kids are", "segments": [SEGMENT | {"words": WHISPER_WORDS}], "language": "en"},
        KIDS,
    ),
    "faster-whisper": ([SEGMENT | {"words": WHISPER_WORDS[:1]}, SEGMENT | {"words": WHISPER_WORDS[1:]}], KIDS),
    "whisperX": (
        {
            "segments": [{"start": 0.97, "end": 1.34, "text": " Kids are", "words": WHISPERX_WORDS, "chars": None}],
            "word_segments": WHISPERX_WORDS,
            "language": "en",
        },
        TALK,
    ),
    "whisper.cpp -ojf": (
        cpp([CPP_SEGMENT | {"tokens": CPP_TOKENS}]),
        [word(" Kids", 0.97, 1.21), word(" are,", 1.21, 1.34)],
    ),
    "whisper.cpp -ml 1": (cpp(CPP_PIECES), KIDS),
    "a result of the pipeline": ({"scores": [], "words": TALK, "text": "Kids are", "alignment": "asr"}, TALK),
    "word_times": (TALK, TALK),
}


@pytest.mark.parametrize(("written", "expected"), WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_a_recogniser_writes_is_read(tmp_path, written, expected, encoding):
    (tmp_path / "a.json").write_text(json.dumps(written, indent=2), encoding=encoding)
    assert read(tmp_path / "a.json") == expected


def test_a_word_that_whisperx_could_not_align_lies_between_its_neighbours(tmp_path):
    words = [{"word": "In", "start": 0.1, "end": 0.3}, {"word": "2024"}, {"word": "kids", "start": 1.0, "end": 1.4}]
    (tmp_path / "a.json").write_text(json.dumps({"segments": [{"text": "In 2024 kids", "words": words}]}))
    repaired = words_from_times(read_word_file(tmp_path / "a.json"), 2.0)
    assert [entry["word"] for entry in repaired] == ["In", "twenty", "twenty", "four", "kids"]
    assert (repaired[1]["start_s"], repaired[3]["end_s"]) == (0.3, 1.0)


def row(kind, file="calls/a.wav", channel=0, **more):
    return {"row": kind, "file": file, "channel": channel, "speaker": None, "segment": 0, **more}


ROWS = [
    row("segment", start_s=0.0, end_s=2.0, text="Kids are", emotion="sad", warnings=[]),
    row("word", word=0, start_s=0.97, end_s=1.21, text="Kids", attention=0.5, confidence=None, emotion="sad"),
    row("word", word=1, start_s=1.21, end_s=1.34, text="are", attention=0.5, confidence=0.3, emotion="sad"),
    row("left_out", start_s=2.0, end_s=3.0, reason="Nobody speaks."),
    row("word", channel=1, word=0, start_s=0.2, end_s=0.4, text="Yes", probabilities={"sad": 1.0}),
    row("word", file="calls/b.wav", channel=None, word=0, start_s=0.2, end_s=0.4, text="Dogs"),
]


def lines_of(rows):
    return "".join(json.dumps(entry) + "\n" for entry in rows)


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.jsonl", lines_of(ROWS[:4])), ("a.jsonl", lines_of(ROWS[1:3])), ("a.json", json.dumps(ROWS[:3]))],
)
def test_the_rows_of_a_timeline_are_read(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert read(tmp_path / name) == TALK


def test_the_only_row_of_a_timeline_is_read(tmp_path):
    (tmp_path / "a.jsonl").write_text(lines_of(ROWS[1:2]))
    assert read(tmp_path / "a.jsonl") == TALK[:1]


def test_of_rows_of_several_recordings_those_that_are_meant_are_read(tmp_path):
    (tmp_path / "calls.jsonl").write_text(lines_of(ROWS))
    assert read(tmp_path / "calls.jsonl", recording="a", channel=0) == TALK
    assert read(tmp_path / "calls.jsonl", recording="b") == [word("Dogs", 0.2, 0.4)]
    with pytest.raises(ValueError, match=r"calls.jsonl: .* 2 recordings \(calls/a.wav, calls/b.wav\), one is meant"):
        read_word_file(tmp_path / "calls.jsonl")
    with pytest.raises(ValueError, match=r"2 channels \(0, 1\), one is meant; give the channel"):
        read_word_file(tmp_path / "calls.jsonl", recording="a")


RESULTS = [
    {
        "audio": "calls/a.wav",
        "scores": [{"label": "sad", "score": 0.9}],
        "words": [entry | {"fit": 0.9} for entry in TALK],
    },
    {"audio": "calls/b.wav", "error": "Nobody speaks."},
]


def test_what_predict_prints_is_read(tmp_path):
    (tmp_path / "printed.json").write_text(json.dumps(RESULTS, indent=2))
    assert read(tmp_path / "printed.json", recording="a") == TALK
    with pytest.raises(ValueError, match="printed.json: it has no words of this recording, but the error 'Nobody"):
        read_word_file(tmp_path / "printed.json", recording="b")


@pytest.mark.parametrize("told", ["x" * 9_999, ["x"] * 9_999])
def test_of_a_result_with_an_endless_error_a_part_is_told(tmp_path, told):
    (tmp_path / "a.json").write_text(json.dumps([{"audio": "a.wav", "error": told}]))
    with pytest.raises(ValueError, match="no words of this recording, but the error '.*'[.]$") as error:
        read_word_file(tmp_path / "a.json")
    assert len(str(error.value)) < 300


def test_words_of_several_results_are_never_joined(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([{"scores": [], "words": TALK}] * 2))
    with pytest.raises(ValueError, match=r"2 recordings \(0, 1\), one is meant"):
        read_word_file(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it is not a list of words as JSON"),
        ('{"words": [', "it is not a list of words as JSON"),
        ("[" * 100_000, "it is not a list of words as JSON"),
        ("1" * 10_000, "it is not a list of words as JSON"),
        ('{"text": "Kids", "segments": [{"start": 0, "end": 1, "text": "Kids", "words": null}]}', "no list of words"),
        ('{"transcription": [5]}', "is of type int, expected a dict"),
        ('{"transcription": "Kids"}', "holds no list of words"),
        ('[{"row": "word", "file": "a.wav", "text": null}, {"row": "word"}]', "2 recordings"),
        ('[{"row": "word", "text": null}]', "has no string 'word'"),
        ("[]\n[]", "it is not a list of words as JSON"),
        ("12", "are of type int, expected a list"),
    ],
)
def test_what_holds_no_words_is_told(tmp_path, text, told):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=f"^a.json: .*{told}"):
        read_word_file(tmp_path / "a.json")
