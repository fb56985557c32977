from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.compare import Section, compare_sections, differing, same_value

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True),
        (True, 1, False),
        (math.nan, math.nan, True),
        (0.1, 0.2, False),
        ("1", 1, False),
        (None, False, False),
        ([1, 2], (1, 2), True),
        ([1, 2], [2, 1], False),
        ([1], [1, 2], False),
        ({"a": 1, "b": [math.nan]}, {"b": [math.nan], "a": 1.0}, True),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ("ab", ["a", "b"], False),
    ],
)
def test_same_value(left: Any, right: Any, same: bool) -> None:
    assert same_value(left, right) is same
    assert same_value(right, left) is same


@given(PLAIN)
def test_a_value_is_itself(value: Any) -> None:
    assert same_value(value, value)


def test_absent_is_a_difference_and_not_recorded_is_none() -> None:
    full = Section(facts={"a": 1, "b.c": 2, "d": None})
    less = Section(facts={"a": 1, "d": None}, unrecorded={"b": "why"})
    gone = Section(facts={"a": 1})
    found = {one.key: one for one in compare_sections([full, less])}
    assert {key: one.state for key, one in found.items()} == {
        "a": "same",
        "b.c": "unknown",
        "d": "same",
    }
    assert found["b.c"].missing == {1: "not recorded"}
    found = {one.key: one for one in compare_sections([full, gone])}
    assert found["b.c"].state == found["d"].state == "differs"
    assert found["d"].values == (None, None)
    assert found["d"].missing == {1: "absent"}


def test_of_three_runs_one_unrecorded_does_not_hide_that_two_differ() -> None:
    sections = [
        Section(facts={"a": 1}),
        Section(unrecorded={"": "nothing recorded"}),
        Section(facts={"a": 2}),
    ]
    (one,) = differing(compare_sections(sections))
    assert one.values == (1, None, 2)


def test_keys_keep_their_order() -> None:
    sections = [Section(facts={"b": 1, "a": 1}), Section(facts={"c": 1, "a": 1})]
    assert [one.key for one in compare_sections(sections)] == ["b", "a", "c"]
