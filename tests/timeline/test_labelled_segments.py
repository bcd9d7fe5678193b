"""Recordings cut as they are labelled: every label is a segment, and the rows cover the recording."""

import numpy as np
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from timeline_input import QuickPipeline, assert_complete

from wise_hf.timeline.labelled_segments import NO_LABEL, predict_spans
from wise_hf.timeline.spans import Span


DURATION_S = 10.0


@st.composite
def labels(draw, channel) -> list[Span]:
    """Spans in steps of a quarter second, the last of which may end after the recording, in any order."""
    edges = sorted(draw(st.sets(st.integers(0, 39), min_size=2, max_size=8)))
    edges[-1] += draw(st.sampled_from([0, 5]))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return draw(st.permutations([Span(start / 4, end / 4, "angry", channel) for start, end in pairs]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.one_of(labels(None), st.tuples(labels(0), labels(1)).map(lambda both: [*both[1], *both[0]])))
def test_every_label_is_a_segment_and_nothing_is_without_a_row(tmp_path, spans):
    path = tmp_path / "call.wav"
    soundfile.write(path, np.zeros((round(DURATION_S * 8000), 2)), 8000)
    rows = list(predict_spans(QuickPipeline(), path, spans))
    assert_complete(rows, DURATION_S)
    found = {(row["channel"], row["start_s"], row["end_s"]) for row in rows if row["row"] == "segment"}
    assert found == {(span.channel, span.start_s, min(span.end_s, DURATION_S)) for span in spans}
    assert {row["reason"] for row in rows if row["row"] == "left_out"} <= {NO_LABEL}
