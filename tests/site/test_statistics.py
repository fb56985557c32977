"""Smoothing and intervals: the cases that the browser is held to as well."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.site.statistics import debiased, spread_of, t975

CASES = json.loads((Path(__file__).parent / "curves.json").read_text())


def numbers(values: list[Any]) -> list[float]:
    return [float(value) for value in values]


@pytest.mark.parametrize("case", CASES["smoothing"], ids=lambda case: case["why"])
def test_smoothing(case: dict[str, Any]) -> None:
    found = debiased(numbers(case["values"]), case["weight"])
    assert found == pytest.approx(numbers(case["want"]), nan_ok=True, rel=1e-12)


@pytest.mark.parametrize("case", CASES["intervals"], ids=lambda case: case["why"])
def test_an_interval(case: dict[str, Any]) -> None:
    found = spread_of(numbers(case["values"]))
    assert found is not None
    for key in ("n", "mean", "median", "sd", "half"):
        want = case[key]
        assert getattr(found, key) == (want if want is None else pytest.approx(want, rel=1e-6)), key


def test_nothing_has_no_spread() -> None:
    assert spread_of([math.nan, math.inf]) is None


def test_the_quantile_falls_to_that_of_the_normal_law() -> None:
    found = [t975(freedom) for freedom in range(1, 400)]
    assert found == sorted(found, reverse=True)
    assert found[30] == pytest.approx(2.039513, abs=2e-6)
    assert found[-1] == pytest.approx(1.965927, abs=1e-6)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0, 0.999))
def test_smoothing_stays_within_what_it_smooths(values: list[float], weight: float) -> None:
    found = debiased(values, weight)
    slack = 1e-6 * max(1.0, *map(abs, values))
    assert min(values) - slack <= min(found)
    assert max(found) <= max(values) + slack
