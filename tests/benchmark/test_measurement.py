"""Ratios of things run in turn, and exponents of growth."""

import time

import numpy as np
import pytest

from wise_hf.benchmark import measurement
from wise_hf.benchmark.measurement import of_growth, of_repeats, time_in_turn


def test_runs_take_turns(monkeypatch):
    calls = []
    taken = iter([1.0, 4.0, 3.0, 2.0, 1.0, 7.0])
    monkeypatch.setattr(measurement, "timeit", lambda run, number, timer: (run(), next(taken))[1])
    assert time_in_turn([lambda: calls.append("A"), lambda: calls.append("B")], repeats=3) == [[1, 3, 1], [4, 2, 7]]
    assert "".join(calls) == "ABABAB"


def test_short_runs_are_repeated_for_the_time_asked_for():
    start = time.perf_counter()
    time_in_turn([lambda: None, lambda: None], repeats=1, seconds=0.05)
    assert time.perf_counter() - start >= 0.05


def test_the_clock_is_the_one_that_is_given():
    ticks = iter(range(100))
    assert time_in_turn([lambda: None], repeats=2, clock=lambda: next(ticks)) == [[1, 1]]


def test_the_ratio_is_the_median_of_those_of_the_repeats():
    loaded = np.array([1, 9, 1, 1, 1])  # meets both alike
    measured = of_repeats("both", loaded * [1, 1, 1, 1, 1], loaded * [4, 4, 3, 5, 4])
    assert (measured.ratio, measured.low, measured.high) == (4, 4, 4)
    assert (measured.ours, measured.theirs) == (1, 4)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_law_is_found(exponent):
    sizes = np.array([5, 10, 40, 120])
    measured = of_growth("it", sizes, [[3 * size**exponent] * 2 for size in sizes], "CPU s")
    assert measured.ratio == pytest.approx(exponent)
    assert measured.ours == pytest.approx(3 * 120**exponent)
    assert measured.theirs == pytest.approx(3 * 5**exponent)
