from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UsageError
from reportgen.runs.query import Query, resolved

SHARED = json.loads(Path(__file__).parents[1].joinpath("queries.json").read_text("utf-8"))
"""What the browser's reading of the same language is held to as well."""


def plain(key: str, value: Any) -> Any:
    if key in SHARED["not_finite"]:
        return float(value)
    return tuple(value) if isinstance(value, list) else value


ROW: dict[str, Any] = {key: plain(key, value) for key, value in SHARED["row"].items()}
COLUMNS = [*ROW, *SHARED["further_columns"]]


def matches(text: str) -> bool:
    return Query(text, COLUMNS).matches(ROW)


@pytest.mark.parametrize("text", SHARED["met"])
def test_conditions_that_are_met(text: str) -> None:
    assert matches(text) is True


@pytest.mark.parametrize("text", SHARED["unmet"])
def test_conditions_that_are_not_met(text: str) -> None:
    assert matches(text) is False


@pytest.mark.parametrize("text", SHARED["refused"], ids=lambda text: text[:40])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Query(text, COLUMNS)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no condition"),
        ("val/accuracy >", "is no condition (invalid syntax)"),
        ("lr = 0.1", "is no condition"),
        ("lambda > 1", "is no condition"),
        ("a; b", "is no condition"),
        ("val/top-5 > 0.9", "'val / top - 5', which is neither a name nor a value"),
        ("lr * 2 > 1", "neither a name nor a value"),
        ("__import__('os').system('touch PWNED')", "neither a name nor a value"),
        ("name.upper() == 'X'", "neither a name nor a value"),
        ("name[0] == 'm'", "neither a name nor a value"),
        ("[x for x in name]", "neither a name nor a value"),
        ("(lambda: 1)()", "neither a name nor a value"),
        ("f'{name}' == 'x'", "neither a name nor a value"),
        ("lr == 0.1j", "neither a name nor a value"),
        ("lr == b'x'", "neither a name nor a value"),
        ("lr == ...", "neither a name nor a value"),
        ("x := 3", "is no condition"),
        ("lr > 1 if debug else 2", "neither a name nor a value"),
        ("`open", "is no condition"),
        ("a" * 20_000, "is longer than"),
        ("(" * 4_000 + "lr" + ")" * 4_000, "is no condition"),
        ("not " * 100 + "lr", "is nested too deep"),
        ("a" + ".a" * 4_000 + " == 1", "is n"),
        ("name == '\0'", "is no condition"),
    ],
)
def test_what_is_no_condition_is_said(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        Query(text, COLUMNS)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("name", "near"),
    [("val/acuracy", "val/accuracy"), ("stat", "state"), ("config.le", "config.lr")],
)
def test_an_unknown_name_brings_the_nearest(name: str, near: str) -> None:
    with pytest.raises(UsageError, match="no run has") as caught:
        Query(f"{name} == 1", COLUMNS)
    assert near in str(caught.value)


def test_whole_names_beat_short_ones_and_metrics_come_first() -> None:
    columns = ["name", "metrics.name", "metrics.lr", "config.lr", "config.x", "tags.x", "tags.y"]
    found = [resolved(name, columns) for name in ("name", "lr", "x", "y", "config.lr")]
    assert found == ["name", "metrics.lr", "config.x", "tags.y", "config.lr"]


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_one_error(text: str) -> None:
    try:
        Query(text, COLUMNS).matches(ROW)
    except UsageError:
        return


PARTS = st.lists(
    st.sampled_from(
        [
            *("lr", "name", "val/accuracy", "`val/top-5`", "tags.author", "and", "or", "not", "in"),
            *("==", "<", ">=", "!=", "(", ")", "[", "]", ",", "0.1", "'a'", "None", "True", "is"),
        ]
    ),
    max_size=12,
).map(" ".join)


@given(PARTS)
def test_anything_like_a_condition_is_one_or_one_error(text: str) -> None:
    try:
        assert isinstance(Query(text, COLUMNS).matches(ROW), bool)
    except UsageError:
        return


def test_hostile_text_takes_no_time() -> None:
    begin = time.process_time()
    for text in (
        "'" + "\\'" * 4_000,
        '"' * 9_999,
        "`" * 9_999,
        "a." * 4_000 + "a",
        "-" * 9_000 + "1",
    ):
        with pytest.raises(UsageError):
            Query(text, COLUMNS)
    assert time.process_time() - begin < 5
