"""From a recording to rows: nothing is lost, and all times are those of the file."""

from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from timeline_input import QuickPipeline, assert_complete

from wise_hf.model.speech_wise import WINDOW
from wise_hf.timeline import pieces
from wise_hf.timeline.run import predict_file


RATE = 16_000


@contextmanager
def hearing(generator: np.random.Generator):
    """Speech and pauses at random in place of the detector's."""

    def hear(samples: np.ndarray, least_level: float) -> np.ndarray:
        windows = -(-len(samples) // WINDOW)
        lengths = generator.integers(1, 200, windows)
        return np.repeat(generator.choice([0.0, 0.1, 0.9], windows), lengths)[:windows].astype(np.float32)

    with mock.patch.object(pieces, "hear_speech", hear):
        yield


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    num_samples=st.integers(1, 120 * 8000),
    channels=st.integers(1, 3),
    asked=st.sampled_from([None, "speakers", "mix"]),
    fails=st.frozensets(st.integers(0, 20)),
    seed=st.integers(0, 99),
)
def test_rows_cover_every_channel_and_tell_all_that_is_left_out(tmp_path, num_samples, channels, asked, fails, seed):
    generator = np.random.default_rng(seed)
    path = tmp_path / "call.wav"
    soundfile.write(path, generator.normal(0, 0.1, (num_samples, channels)), 8000)
    classify = QuickPipeline(fails)
    with hearing(generator):
        rows = list(predict_file(classify, path, channels=asked))
    assert_complete(rows, 2 * num_samples / RATE)
    failed = [row for row in rows if row["row"] == "left_out" and row["reason"] == "No word was heard."]
    segments = [row for row in rows if row["row"] == "segment"]
    assert len(failed) == sum(number in fails for number in range(len(classify.heard)))
    assert len(failed) + len(segments) == len(classify.heard)
    lengths = sorted(row["end_s"] - row["start_s"] for row in [*failed, *segments])
    assert lengths == pytest.approx(sorted(heard["duration_s"] for heard in classify.heard))


@pytest.fixture
def call(tmp_path) -> Path:
    """10 s of noise, which stands for speech where the detector is replaced."""
    soundfile.write(tmp_path / "call.wav", np.random.default_rng(0).normal(0, 0.1, 10 * RATE), RATE)
    return tmp_path / "call.wav"


@contextmanager
def hearing_from_to(*spans_s: tuple[float, float]):
    """Speech in these seconds in place of the detector's."""

    def hear(samples: np.ndarray, least_level: float) -> np.ndarray:
        windows = np.arange(-(-len(samples) // WINDOW)) * WINDOW / RATE
        return sum(((windows >= start_s) & (windows < end_s)).astype(float) for start_s, end_s in spans_s)

    with mock.patch.object(pieces, "hear_speech", hear):
        yield


def test_words_that_are_given_go_to_the_pieces_they_lie_in(call):
    spoken = {"well": 0.5, "then": 1.1, "come": 4.0, "in": 8.0}
    words = [{"word": name, "start_s": at_s, "end_s": at_s + 0.5} for name, at_s in spoken.items()]
    classify = QuickPipeline()
    rows = list(predict_file(classify, call, words=words))
    assert_complete(rows, 10.0)
    assert [row["text"] for row in rows if row["row"] == "segment"] == ["well then", "come", "in"]
    segments = [row for row in rows if row["row"] == "segment"]
    pairs = zip(classify.heard, segments, strict=True)
    given = [word["start_s"] + segment["start_s"] for heard, segment in pairs for word in heard["words"]]
    assert given == pytest.approx([0.5, 1.1, 4.0, 8.0])


def test_words_of_another_language_stay_as_they_are(call):
    classify = QuickPipeline()
    words = [{"word": "źdźbło", "start_s": 0.5, "end_s": 1.0}]
    list(predict_file(classify, call, words=words, language="pl"))
    (heard,) = classify.heard
    assert (heard["words"][0]["word"], heard["language"]) == ("źdźbło", "pl")


def test_a_text_makes_a_short_recording_one_piece(call):
    classify = QuickPipeline()
    segment, *_ = predict_file(classify, call, text="What is said.", channel=0)
    assert (segment["start_s"], segment["end_s"], segment["channel"]) == (0, 10, 0)
    assert classify.heard[0]["text"] == "What is said."


def test_a_text_of_a_long_recording_is_refused(tmp_path):
    soundfile.write(tmp_path / "call.wav", np.zeros(121 * 8000), 8000)
    with pytest.raises(ValueError, match=r"call.wav lasts 121.0 s, and the words of a text"):
        next(predict_file(QuickPipeline(), tmp_path / "call.wav", text="What is said."))


@pytest.mark.parametrize(("normalization", "speakers"), [("speaker", ["anna", "anna"]), ("global", [])])
def test_a_speaker_is_heard_before_where_the_model_needs_it(normalization, speakers, call):
    classify = QuickPipeline(normalization=normalization)
    with hearing_from_to((1, 3), (6, 9)):
        rows = list(predict_file(classify, call, speaker="anna"))
    assert classify.speakers == speakers
    assert {row["speaker"] for row in rows if row["row"] != "left_out"} == {"anna"}


def test_what_the_pipeline_cannot_use_is_left_out_for_its_reason(call):
    with hearing_from_to((1, 3), (6, 9)):
        rows = list(predict_file(QuickPipeline(frozenset({0})), call))
    told = [(row["row"], row.get("reason")) for row in rows if row["row"] != "word"]
    nobody = ("left_out", pieces.NOBODY_SPEAKS)
    assert told == [nobody, ("left_out", "No word was heard."), nobody, ("segment", None), nobody]
