"""Calibration of scores."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.site.parts.calibration import calibration_of, scored


def test_bins_and_the_expected_error() -> None:
    pairs = [(0.95, True)] * 8 + [(0.95, False)] * 2 + [(0.55, True)] * 5 + [(0.55, False)] * 5
    found = calibration_of(pairs)
    assert found is not None
    assert [(b.low, b.count, b.right) for b in found.bins] == [(0.5, 10, 0.5), (0.9, 10, 0.8)]
    assert found.error == pytest.approx(0.5 * 0.05 + 0.5 * 0.15)


@pytest.mark.parametrize("pairs", [[], [(2.5, True)], [(math.nan, True)], [(-0.2, False)]])
def test_what_is_no_probability_has_no_calibration(pairs: list[tuple[float, bool]]) -> None:
    assert calibration_of(pairs) is None


def test_a_score_of_one_is_in_the_last_bin() -> None:
    found = calibration_of([(1.0, True), (1.0005, True)])
    assert found is not None
    assert [(b.low, b.count) for b in found.bins] == [(0.9, 2)]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_every_prediction_is_in_one_bin(pairs: list[tuple[float, bool]]) -> None:
    found = calibration_of(pairs)
    assert found is not None
    assert sum(b.count for b in found.bins) == found.count == len(pairs)
    assert 0 <= found.error <= 1


def test_the_score_of_the_predicted_class() -> None:
    row = {"prediction": "3", "score_3": "0.75", "score_1": "x"}
    assert scored(row, "3") == 0.75
    assert scored(row, "1") is None
    assert scored(row, "2") is None
