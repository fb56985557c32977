from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.audit.search_space import axes_of


@pytest.mark.parametrize(
    ("spec", "inside", "outside"),
    [
        ([16, 64], 64, 32),
        (["sgd", "adam"], "adam", "Adam"),
        ({"min": 0.001, "max": 0.1}, 0.1, 0.2),
        ({"low": "1e-4", "high": "1e-1", "log": True}, 0.0001, 0.00009),
        ({"values": [1, None]}, None, 0),
        ({"distribution": "uniform", "lower": 0, "upper": 1}, 0.5, "a"),
        ({"value": 3}, 3.0, 4),
        ("loguniform(1e-4, 0.1)", 0.01, 1),
        ("choice(a, 'b')", "b", "c"),
        ("range(1, 5)", 5, 6),
        (7, 7, 8),
        ("fixed", "fixed", "other"),
    ],
)
def test_forms_of_bounds(spec: Any, inside: Any, outside: Any) -> None:
    (axis,) = axes_of({"x": spec})
    assert (axis.key, axis.bounded) == ("x", True)
    assert axis.holds(inside)
    assert not axis.holds(outside)


@pytest.mark.parametrize(
    "spec", [None, {}, [], "", {"min": 1}, {"min": 2, "max": 1}, {"values": "abc"}, "uniform(1)"]
)
def test_what_says_nothing_bounds_nothing(spec: Any) -> None:
    (axis,) = axes_of({"x": spec})
    assert not axis.bounded
    assert not axis.holds(1)


def test_sections_are_dotted_and_the_outer_parameters_of_other_tools_are_none() -> None:
    space = {"parameters": {"lr": {"min": 0, "max": 1}, "model": {"width": [1], "depth": [2]}}}
    assert [axis.key for axis in axes_of(space)] == ["lr", "model.width", "model.depth"]
    assert [axis.key for axis in axes_of({"a": {"parameters": [1]}})] == ["a.parameters"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
)


@given(st.dictionaries(st.text(), VALUES), VALUES)
def test_any_space_is_read(space: dict[str, Any], value: Any) -> None:
    for axis in axes_of(space):
        assert axis.holds(value) in (True, False)
        assert axis.text
