"""One model gives one recording the same scores, whichever way they are asked for."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from reliability.same_everywhere import Apart, check_apart, compare_ways, ways_table
from reliability.ways import all_ways, by_own_process, by_pipeline, sample_recordings


FEW = ("pipeline, in float64", "pipeline, batches of 3", "wise-hf predict", "handler of the endpoint")
OTHER_CPU = "no AVX-512 in any library"
STREAM = "stream, in parts of 0.1 s"


@pytest.mark.slow
def test_scores_are_the_same_in_batches_commands_the_handler_a_stream_and_on_another_cpu(
    saved_model: Path,
) -> None:
    few = (*FEW, OTHER_CPU, STREAM, f"float64, {OTHER_CPU}")
    ways = {
        expected: {name: way for name, way in others.items() if name in few}
        for expected, others in all_ways({}).items()
    }
    apart = list(compare_ways(saved_model, sample_recordings()[:4], ways))
    assert [each.way for each in apart] == list(few)
    for each in apart:
        assert each.difference is not None and each.difference < 1e-6, each
        assert each.count in (2, 4), each


def test_what_differs_is_seen_and_what_cannot_be_run_is_told(saved_model: Path) -> None:
    def other(model_dir: Path, recordings: list[dict]) -> np.ndarray:
        return np.eye(4)[[0] * len(recordings)]  # sure, which fresh weights never are

    ways = {"other": other, "a Python that is none": partial(by_own_process, python="/bin/false")}
    differs, told = compare_ways(saved_model, sample_recordings()[:1], {by_pipeline: ways})
    assert differs.difference > 0.5
    assert "failed in a process of its own" in told.reason
    assert ways_table("a model", [Apart("other", 0.25, 1), told]).splitlines()[2:] == [
        "| other | 1 | 2.5e-01 |",
        f"| a Python that is none | 0 | {told.reason} |",
    ]


def test_a_limit_is_kept_by_every_way_or_is_told() -> None:
    check_apart([Apart("near", 1e-7, 1)], 1e-6)
    with pytest.raises(ValueError, match=r"more than 1e-06 apart: far \(1.0e-05\), none \(nan\)"):
        check_apart([Apart("near", 1e-7, 1), Apart("far", 1e-5, 1), Apart("none", float("nan"), 1)], 1e-6)
    with pytest.raises(ValueError, match="These ways gave no scores: broken;"):
        check_apart([Apart("near", 1e-7, 1), Apart("broken", reason="It failed.")], 1e-6)
