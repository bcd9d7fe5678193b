"""The table, the JSON, and what an earlier report says beside it."""

import json
from pathlib import Path

import pytest
import torch

from wise_hf.benchmark.measurement import EXPONENT, Measurement
from wise_hf.benchmark.report import (
    SLOWER,
    as_report,
    beside_earlier,
    fallen_below,
    is_slower,
    read_report,
    report_text,
    table,
)
from wise_hf.benchmark.setting import Setting
from wise_hf.data.files import write_json


def ratio(value, spread=0.0, name="step"):
    return Measurement(name, 1.0, value, value, value - spread, value + spread)


def report(*measured, missing=(), load=0.5, **differs):
    return as_report(measured, dict(missing), load, Setting(Path(), repeats=3)) | differs


def growth(value, spread=0.0):
    return Measurement("growth", 1.0, 1.0, value, value - spread, value + spread, kind=EXPONENT)


def test_the_table_has_aligned_columns():
    step = Measurement("step", 0.001, 0.02, 20.0, 19.0, 21.0, "CPU s")
    batch = Measurement("batch", 2e6, 500e6, 250.0, 250.0, 250.0, "bytes")
    grown = Measurement("growth", 0.5, 0.1, 1.02, 1.0, 1.05, kind=EXPONENT)
    assert table([step, batch, grown]).splitlines() == [
        "what              ours          theirs    ratio    quartiles",
        "step       1.00 CPU ms    20.00 CPU ms   20.00x  19.00-21.00",
        "batch          2.00 MB       500.00 MB  250.00x            -",
        "growth  500.00 wall ms  100.00 wall ms    ^1.02    1.00-1.05",
    ]


@pytest.mark.parametrize(
    ("now", "before", "slower"),
    [
        (ratio(9, 0.5), ratio(10, 0.4), True),
        (ratio(9, 0.7), ratio(10, 0.4), False),
        (ratio(11), ratio(10), False),
        (ratio(9.6), ratio(10), False),
        (ratio(9.4), ratio(10), True),
        (growth(1.04), growth(1.0), False),
        (growth(1.3, 0.1), growth(1.0, 0.1), True),
        (growth(1.1, 0.1), growth(1.0, 0.1), False),
        (growth(0.8), growth(1.0), False),
    ],
)
def test_slower_is_what_got_worse_by_more_than_noise_and_the_spread_of_both(now, before, slower):
    assert is_slower(now, before) is slower


def test_a_report_is_read_again_and_compared_row_by_row(tmp_path):
    write_json(tmp_path / "earlier.json", report(ratio(10), ratio(4, name="other")))
    earlier = read_report(tmp_path / "earlier.json")
    _, step, new = beside_earlier(report(ratio(5), ratio(2, name="new")), earlier).splitlines()
    assert step.split() == ["step", "10.00x", "5.00x", "-50%", *SLOWER.split()]
    assert new.split() == ["new", "-", "2.00x"]


def test_what_differs_between_two_reports_is_told_first():
    earlier = report(ratio(10), threads=2, torch="1.0", load=3.0)
    told, *_ = beside_earlier(report(ratio(10)), earlier).splitlines()
    assert told == (
        f"Measured otherwise than the earlier one: threads 2 then, 1 now; torch 1.0 then, {torch.__version__} now."
    )


def test_rows_that_fell_are_named():
    earlier = report(ratio(10), growth(1.0))
    assert fallen_below(0.8, report(ratio(7.9), growth(0.5), ratio(1, name="new")), earlier) == ["step"]
    assert fallen_below(0.8, report(ratio(8.1)), earlier) == []


def test_the_report_tells_threads_load_and_what_is_missing():
    made = report(ratio(2), missing={"gpu": "no GPU here"}, load=0.25)
    text = report_text(json.loads(json.dumps(made)))
    assert "gpu: not measured, no GPU here" in text
    assert "ran on 1 thread(s)" in text
    assert f"the load of the {made['cores']} cores was 0.2 when it began" in text
    assert {"torch", "transformers", "python", "repeats", "load", "threads", "clock"} <= set(made)


@pytest.mark.parametrize("content", ["no JSON", "[]", '{"comparisons": [{"name": "step", "ours": 1}]}'])
def test_what_is_no_report_is_refused(tmp_path, content):
    (tmp_path / "other.json").write_text(content)
    with pytest.raises(ValueError, match="(no report of|cannot be read as JSON) .*; write one by --output"):
        read_report(tmp_path / "other.json")
