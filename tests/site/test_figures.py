"""Numbers, sizes, spans and times in words."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.site.figures import (
    column_decimals,
    duration,
    fixed,
    mean_and_spread,
    moment,
    number,
    plural,
    size,
    stored,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.97777, "0.9778"),
        (0.5, "0.5"),
        (0.97600001, "0.9760"),
        (0.0, "0"),
        (-0.0, "0"),
        (12.0, "12"),
        (123456.789, "123457"),
        (1e9, "1e+09"),
        (0.00001234, "1.234e-05"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (None, "–"),
        (5e-324, "4.941e-324"),
        (1.7e308, "1.7e+308"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


@given(st.floats(-1e300, 1e300))
def test_a_number_is_written_close_to_itself(value: float) -> None:
    assert math.isclose(float(number(value)), value, rel_tol=1e-3, abs_tol=1e-300)


def test_a_column_has_the_decimals_of_its_largest_spread() -> None:
    assert column_decimals([0.9759, 0.63], [0.00018, 0.0016]) == 4
    assert column_decimals([97.7, 12.0]) == 2
    assert column_decimals([3.0, 4.0]) == 0
    assert column_decimals([None, float("nan")]) == 0
    assert column_decimals([1e-12]) == 6


def test_fixed_never_turns_a_value_to_zero() -> None:
    assert fixed(0.00001, 2) == "1e-05"
    assert fixed(0.5, 2) == "0.50"
    assert fixed(2e9, 2) == "2e+09"
    assert fixed(float("nan"), 2) == "NaN"


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=9))
def test_spread_is_the_sample_standard_deviation(values: list[float]) -> None:
    mean, spread = mean_and_spread(values)
    assert spread is not None
    assert math.isclose(mean, statistics.fmean(values), rel_tol=1e-9, abs_tol=1e-9)
    assert math.isclose(spread, statistics.stdev(values), rel_tol=1e-6, abs_tol=1e-6)


def test_one_value_has_no_spread() -> None:
    assert mean_and_spread([3.0]) == (3.0, None)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_999, "1.0 MB"),
        (123_456_789, "123 MB"),
        (5 * 10**15, "5000 TB"),
        (None, "–"),
    ],
)
def test_sizes(count: int | None, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.25, "0.2 s"),
        (59.7, "1 min"),
        (271.0, "4 min 31 s"),
        (3600.0, "1 h"),
        (90_061.0, "1 d 1 h"),
        (-1.0, "–"),
        (float("nan"), "–"),
        (None, "–"),
    ],
)
def test_spans(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_moments_are_in_utc() -> None:
    assert moment(1_795_428_900.0) == "23 Nov 2026, 10:15"
    assert moment(1_795_428_900.0, year=False) == "23 Nov, 10:15"
    assert moment(None) == moment(1e300) == moment(float("nan")) == "–"


def test_stored_values_and_counts() -> None:
    assert [stored(v) for v in (None, "NaN", 0.5, True, "x")] == ["–", "NaN", "0.5", "True", "x"]
    assert plural(1, "run") == "1 run"
    assert plural(1200, "run") == "1,200 runs"
    assert plural(2, "entry", "entries") == "2 entries"
