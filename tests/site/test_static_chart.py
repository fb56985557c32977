"""Curves as geometry: finite whatever the values, with ticks and labels in their places."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.site.static_chart import Line, sparkline, static_chart

SERIES = st.lists(st.tuples(st.integers(-(2**62), 2**62), st.floats()), max_size=300)
PATH = re.compile(r"([ML][-+.\de]+ [-+.\de]+|h0\.01)*")


def line(values: list[float], label: str = "m", steps: list[int] | None = None) -> Line:
    return Line(steps or list(range(len(values))), values, label, (0, 0))


@given(st.lists(SERIES, max_size=7))
def test_paths_and_ticks_are_finite(series: list[list[tuple[int, float]]]) -> None:
    chart = static_chart([Line([s for s, _ in p], [v for _, v in p], "m", (0, 0)) for p in series])
    for drawn in chart.lines:
        assert PATH.fullmatch(drawn.path)
        assert "nan" not in drawn.path
        assert "inf" not in drawn.path
        assert all(0 <= mark <= 100 for mark in drawn.marks)
        assert drawn.label_top is None or -20 <= drawn.label_top <= 100
    for tick in (*chart.x_ticks, *chart.y_ticks):
        assert -0.1 <= tick.at <= 100.1
        assert "nan" not in tick.text


@pytest.mark.parametrize(
    "values", [[1e308, -1e308], [5e-324, 0.0], [1e999, 1.0], [3.0], [2.0, 2.0], [-0.0]]
)
def test_extremes_draw(values: list[float]) -> None:
    chart = static_chart([line(values)])
    assert not chart.empty
    assert PATH.fullmatch(chart.lines[0].path)


def test_nothing_finite_is_an_empty_chart_with_marks() -> None:
    chart = static_chart([line([float("nan")] * 3)])
    assert chart.empty
    assert len(chart.lines[0].marks) == 1
    assert static_chart([]).empty


def test_nan_breaks_the_line_and_is_marked() -> None:
    chart = static_chart([line([1.0, 2.0, float("nan"), 1.0, 2.0])])
    assert chart.lines[0].path.count("M") == 2
    assert chart.lines[0].marks == (50.0,)


def test_ticks_are_round_numbers() -> None:
    chart = static_chart([line([0.0, 2.4], steps=[0, 1199])])
    assert [tick.text for tick in chart.y_ticks] == ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]
    assert [tick.text for tick in chart.x_ticks] == ["0", "200", "400", "600", "800", "1000"]


def test_labels_keep_their_distance() -> None:
    chart = static_chart([line([0.5 + i / 1000], f"l{i}") for i in range(6)])
    tops = sorted(drawn.label_top for drawn in chart.lines if drawn.label_top is not None)
    assert len(tops) == 6
    assert all(later - earlier > 7 for earlier, later in pairwise(tops))
    assert chart.labelled


def test_seven_lines_have_no_labels_at_their_ends() -> None:
    chart = static_chart([line([1.0, 2.0], f"l{i}") for i in range(7)])
    assert not chart.labelled
    assert all(drawn.label_top is None for drawn in chart.lines)


def test_sparklines() -> None:
    assert sparkline([0, 1], [1.0, 2.0]).startswith("M0 ")
    assert sparkline([0], [float("nan")]) == ""
    assert len(re.findall("[ML]", sparkline(range(5000), [i % 7 for i in range(5000)]))) <= 40


def test_a_spike_does_not_rule_a_small_curve() -> None:
    def heights(values: list[float]) -> list[float]:
        return [float(y) for y in re.findall(r"[ML][^ ]+ ([^ML]+)", sparkline(range(8), values))]

    calm = [4.0, 3.0, 2.0, 1.5, 1.2, 1.1, 1.0, 1.0]
    spiked = heights([*calm[:2], 1e9, *calm[3:]])
    assert spiked[2] == 0
    assert spiked[:2] + spiked[3:] == (whole := heights(calm))[:2] + whole[3:]
    assert len(heights([4.0, 1e9, math.inf, *calm[3:]])) == 7
    falling = heights([1e6, *calm[1:]])
    assert falling[0] < 100 < 900 < falling[1]
    rising = heights([1.0, 1.0, 1.0, 1e6, 2e6, 3e6, 4e6, 5e6])
    assert rising == sorted(rising, reverse=True)
    assert rising[3] > rising[7] + 500
