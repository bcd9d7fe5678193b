"""Rows by name."""

from wise_hf.benchmark.measurement import NotHere, of_repeats
from wise_hf.benchmark.rows import run_rows


def not_here(setting):
    raise NotHere("no GPU here")


def test_rows_are_run_in_the_order_asked_for_and_those_that_cannot_be_are_told(setting):
    rows = {name: lambda setting, name=name: [of_repeats(name, [1.0], [2.0])] for name in ("A", "B")}
    measured, missing = run_rows(["B", "gpu", "A"], setting, rows | {"gpu": not_here})
    assert [each.name for each in measured] == ["B", "A"]
    assert missing == {"gpu": "no GPU here"}
