from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.runs.times import END_OF_TIME, from_iso, to_iso


@given(st.integers(0, int(END_OF_TIME) * 1000 - 1))
def test_milliseconds_come_back(milliseconds: int) -> None:
    back = from_iso(to_iso(milliseconds / 1000))
    assert back is not None
    assert abs(back - milliseconds / 1000) < 0.002


def test_the_form() -> None:
    assert to_iso(0) == "1970-01-01T00:00:00.000Z"
    assert to_iso(1795428900.123) == "2026-11-23T10:15:00.123Z"


@pytest.mark.parametrize(
    "seconds", [-1, math.nan, math.inf, -math.inf, 1e18, 292277026596, END_OF_TIME]
)
def test_what_is_no_time_is_a_value_error(seconds: float) -> None:
    with pytest.raises(ValueError, match="no time from 1970 to 9999"):
        to_iso(seconds)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:10Z", 10),
        ("1970-01-01T00:00:10", 10),
        ("1970-01-01 01:00:10+01:00", 10),
        ("1970-01-01", 0),
        ("", None),
        ("yesterday", None),
        ("1969-12-31T23:59:50Z", -10),
        ("9999-99-99", None),
        (None, None),
        (7, None),
    ],
)
def test_times_of_other_writers(text: str | None, seconds: float | None) -> None:
    assert from_iso(text) == seconds
