from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.compare import compare_metrics, compare_series, relative_difference

NUMBERS = st.floats()
POINTS = st.lists(st.tuples(st.integers(-5, 5), NUMBERS), max_size=8)


@pytest.mark.parametrize(
    ("left", "right", "apart"),
    [
        (1.0, 1.0, 0.0),
        (0.0, -0.0, 0.0),
        (1.0, 2.0, 0.5),
        (-1.0, 1.0, 2.0),
        (1e308, -1e308, 2.0),
        (math.nan, math.nan, 0.0),
        (math.nan, 1.0, math.inf),
        (math.inf, math.inf, 0.0),
        (math.inf, -math.inf, math.inf),
        (0.0, 1e-300, 1.0),
    ],
)
def test_relative_difference(left: float, right: float, apart: float) -> None:
    assert relative_difference(left, right) == apart
    assert relative_difference(right, left) == apart


@given(NUMBERS, NUMBERS)
def test_it_is_never_nan_nor_negative(left: float, right: float) -> None:
    assert relative_difference(left, right) >= 0


@given(POINTS)
def test_a_series_is_itself(points: list[tuple[int, float]]) -> None:
    found = compare_series(points, points)
    assert found.state == "same"
    assert found.first_difference is None
    assert found.shared == len(dict(points))


@given(POINTS, POINTS, st.floats(0, 3))
def test_the_order_of_two_series_changes_no_verdict(
    left: list[tuple[int, float]], right: list[tuple[int, float]], tolerance: float
) -> None:
    there, back = compare_series(left, right, tolerance), compare_series(right, left, tolerance)
    assert (there.state, there.shared, there.largest) == (back.state, back.shared, back.largest)


def test_the_first_step_apart_is_named_and_small_ones_pass() -> None:
    first = [(0, 1.0), (1, 2.0), (2, 3.0)]
    second = [(0, 1.0), (1, 2.0 + 1e-9), (2, 4.0)]
    assert compare_series(first, [*second[:2], (2, 3.0)], 1e-6).state == "within"
    found = compare_series(first, second, 1e-6)
    assert found.state == "differs"
    assert found.first_difference is not None
    assert found.first_difference.step == 2
    assert (found.first_difference.first, found.first_difference.second) == (3.0, 4.0)
    assert found.largest == 0.25


def test_a_step_that_one_run_lacks_is_a_difference() -> None:
    found = compare_series([(0, 1.0), (1, 1.0)], [(0, 1.0)], 1.0)
    assert found.state == "differs"
    assert found.first_difference is not None
    assert found.first_difference.second is None


def test_metrics_of_three_runs() -> None:
    runs = [
        {"val/accuracy": [(0, 0.5), (1, 0.9), (2, 0.8)], "x": [(0, 1.0)]},
        {"val/accuracy": [(0, 0.5), (1, 0.95)], "x": [(0, 1.0)]},
        {"val/accuracy": [(0, 0.5)], "only": [(0, math.nan)]},
    ]
    accuracy, x, only = compare_metrics(runs, {"val/accuracy": "maximize"})
    assert [v.best if v else None for v in accuracy.values] == [0.9, 0.95, 0.5]
    assert [v.last if v else None for v in accuracy.values] == [0.8, 0.95, 0.5]
    assert accuracy.best == 1
    assert accuracy.changes[1] == pytest.approx(0.05)
    assert accuracy.state == "differs"
    assert (x.state, x.best, x.values[2], x.series[1]) == ("partial", None, None, None)
    assert only.values[2] is not None
    assert math.isnan(only.values[2].last)


def test_a_tie_has_no_best() -> None:
    (one,) = compare_metrics([{"loss": [(0, 1.0)]}, {"loss": [(1, 1.0)]}], {"loss": "minimize"})
    assert one.best is None
