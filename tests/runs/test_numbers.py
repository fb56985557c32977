from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.fs.documents import dump_json, load_json
from reportgen.runs.numbers import from_stored, to_stored


@given(st.floats())
def test_every_float_comes_back_through_strict_json(value: float) -> None:
    stored = load_json(dump_json([to_stored(value)]), name="x")[0]
    back = from_stored(stored)
    assert back is not None
    assert repr(float(back)) == repr(value)


@pytest.mark.parametrize(
    "value", [True, False, None, "1", "nan", "inf", " NaN", "1_0", "１２", [], {}]
)
def test_what_is_no_number(value: object) -> None:
    assert from_stored(value) is None


def test_whole_numbers_too_large_for_a_double() -> None:
    assert from_stored(10**400) == math.inf
    assert from_stored(-(10**400)) == -math.inf
    assert from_stored(7) == 7.0
