"""What is let through without a look at its events is within the bounds, whatever it says."""

from __future__ import annotations

from contextlib import suppress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import LimitError, UnreadableError
from reportgen.fs.limits import Limits
from reportgen.fs.yaml_guard import check_bounds, is_within

INDICATORS = ["- ", "? ", ": ", "[", "]", "{", "}", ",", "#", "*x", "&x ", "|\n", "'", '"']
BLANKS = ["\n", "\n ", "\n  ", "\t", "\r", "\x85", " " * 12]
OTHERS = ["a: ", "b", "---\n", "!!map ", "-" * 9 + " ", "- " * 9]
PIECES = st.sampled_from([*INDICATORS, *BLANKS, *OTHERS])
SMALL = Limits(nodes=120, depth=42)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_what_is_within_needs_no_check(text: str) -> None:
    if is_within(text, SMALL):
        with suppress(yaml.YAMLError):
            check_bounds(yaml.CSafeLoader(text), "x.yaml", SMALL)


@pytest.mark.parametrize(
    "text",
    [
        "- " * 80 + "a",
        "".join(f"{' ' * depth}a:\n" for depth in range(80)),
        "[" * 70 + "]" * 70,
        "a: &x [1]\nb: *x\n",
        "- a\n" * 200_000,
    ],
)
def test_what_may_not_be_within_is_checked(text: str) -> None:
    assert not is_within(text, Limits())


def test_plain_documents_need_no_check() -> None:
    assert is_within("a: 1\nb:\n  c: [1, 2]\n  d: {}\n- e\n", Limits())


@pytest.mark.parametrize("text", ["- " * 80 + "a", "[" * 70 + "]" * 70])
def test_what_is_too_deep_is_refused(text: str) -> None:
    with pytest.raises(LimitError, match="nested deeper than 64"):
        check_bounds(yaml.CSafeLoader(text), "x.yaml", Limits())


def test_an_alias_inside_what_it_names_is_refused() -> None:
    with pytest.raises(UnreadableError, match="alias to itself"):
        check_bounds(yaml.CSafeLoader("&x [*x]"), "x.yaml", Limits())
