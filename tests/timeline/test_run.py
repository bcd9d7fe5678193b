"""From a recording to rows: nothing is lost, and all times are those of the file."""

from contextlib import contextmanager
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

    def hear(samples: np.ndarray) -> np.ndarray:
        windows = -(-len(samples) // WINDOW)
        lengths = generator.integers(1, 200, windows)
        return np.repeat(generator.choice([0.0, 0.1, 0.9], windows), lengths)[:windows].astype(np.float32)

    with mock.patch.object(pieces, "hear_speech", hear):
        yield


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
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
