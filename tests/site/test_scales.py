"""Scales found from values."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.site.scales import scale_of


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.001, 0.01, 0.1], "log"),
        ([0.03, 0.1, 0.3], "log"),
        ([1, 10], "log"),
        ([16, 32, 64, 128, 256], "log"),
        ([16, 64], "linear"),
        ([1, 5, 9, 13], "linear"),
        ([0, 1, 100], "linear"),
        ([-1, 10, 1000], "linear"),
        ([5], "linear"),
        (["sgd", "adam"], "category"),
        ([True, False], "category"),
        ([1, "auto"], "category"),
        ([None, 1], "category"),
        ([math.nan], "category"),
        ([], "category"),
    ],
)
def test_the_kind(values: list[Any], kind: str) -> None:
    assert scale_of(values).kind == kind


def test_places_are_even_on_a_logarithmic_scale() -> None:
    scale = scale_of([0.001, 0.01, 0.1])
    assert [scale.place(v) for v in (0.001, 0.01, 0.1)] == pytest.approx([0, 0.5, 1])
    assert scale.place(0) is None
    assert scale.place("x") is None
    assert [text for _, text in scale.ticks] == ["0.001", "0.01", "0.1"]


def test_categories_are_in_order_and_a_stranger_has_no_place() -> None:
    scale = scale_of(["b", "a", "c"])
    assert [scale.place(v) for v in "abc"] == [0, 0.5, 1]
    assert scale.place("d") is None


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_every_value_has_its_place(values: list[float]) -> None:
    scale = scale_of(values)
    places = [scale.place(value) for value in values]
    assert all(place is not None and 0 <= place <= 1 for place in places)
    assert all(0 <= at <= 1 for at, _ in scale.ticks)
