import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wise_hf.model.spoken_numbers_wise import (
    spell_date,
    spell_fraction,
    spell_integer,
    spell_money,
    spell_number,
    spell_ordinal,
    spell_plural,
    spell_time,
)


@given(st.integers(min_value=0, max_value=10**15 - 1))
def test_every_number_is_spelt_in_words(number):
    assert re.fullmatch("[a-z]+( [a-z]+)*", spell_integer(number))


@given(st.integers(min_value=0, max_value=10**6), st.integers(min_value=0, max_value=10**6))
def test_different_numbers_are_spelt_differently(first, second):
    assert (spell_integer(first) == spell_integer(second)) == (first == second)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,234.50", "one thousand two hundred thirty four point five zero"),
        ("1905", "nineteen oh five"),
        ("2009", "two thousand nine"),
        ("9" * 16, " ".join(["nine"] * 16)),
        ("1.0.12", "one point zero point twelve"),
    ],
)
def test_numbers_are_said_as_quantities_years_digits_or_versions(text, words):
    assert spell_number(text) == words


@pytest.mark.parametrize(("digits", "word"), [("1", "first"), ("12", "twelfth"), ("30", "thirtieth"), ("4", "fourth")])
def test_ordinals(digits, word):
    assert spell_ordinal(digits) == word


@pytest.mark.parametrize(("digits", "word"), [("6", "sixes"), ("20", "twenties"), ("1960", "nineteen sixties")])
def test_plurals(digits, word):
    assert spell_plural(digits) == word


@pytest.mark.parametrize(
    ("above", "below", "words"),
    [("1", "2", "one half"), ("2", "3", "two thirds"), ("3", "16", "three sixteenths"), ("9", "11", "nine eleven")],
)
def test_fractions_and_what_only_looks_like_one(above, below, words):
    assert spell_fraction(above, below) == words


def test_what_is_no_time_or_date_is_left_alone():
    assert spell_time("25", "00", None, None) is None
    assert spell_time("10", "60", None, None) is None
    assert spell_date("2024", "13", "32") is None
    assert spell_date("2024", "0", "5") is None


def test_both_orders_of_day_and_month_are_read_where_only_one_is_a_date():
    assert spell_date("2024", "25", "12") == spell_date("2024", "12", "25")


def test_hundredths_are_said_of_amounts_with_two_decimals_only():
    assert spell_money("$", "5.25") == "five dollars and twenty five cents"
    assert spell_money("$", "2.5") == "two point five dollars"
    assert spell_money("£", "2.50", "bn") == "two point five zero billion pounds"
