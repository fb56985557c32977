from __future__ import annotations

import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UsageError
from reportgen.runs.query import Query, resolved

ROW: dict[str, Any] = {
    "name": "mlp_digits_lr0.1",
    "state": "finished",
    "group": None,
    "archived": False,
    "seconds": 270.9,
    "tags.author": "j",
    "tags.debug": True,
    "tags.list": ("a", "b"),
    "config.lr": 0.1,
    "config.model.width": 64,
    "config.lambda": 2,
    "config.layers": (64, 10),
    "config.mixed": "auto",
    "metrics.val/accuracy": 0.9,
    "metrics.val/top-5": 0.99,
    "metrics.loss": math.nan,
    "metrics.a/b/c.d": 1.0,
    "metrics.": 3.0,
    "metrics.learning rate": 4.0,
}
COLUMNS = [*ROW, "tags.other", "metrics.test/accuracy"]


def matches(text: str) -> bool:
    return Query(text, COLUMNS).matches(ROW)


@pytest.mark.parametrize(
    "text",
    [
        'val/accuracy > 0.85 and tags.author == "j"',
        "metrics.val/accuracy >= 0.9",
        "`val/top-5` > 0.9",
        "`metrics.val/top-5` > val/accuracy",
        "`learning rate` == 4",
        "a/b/c.d == 1",
        "`metrics.` == 3",
        "`config.lambda` == 2",
        "config.model.width == 64 and model.width == 64",
        "lr < 0.2",
        "0.05 < lr <= 0.1 < val/accuracy",
        "not archived",
        "debug and tags.debug",
        "state in ('failed', 'finished')",
        'state in ["finished"]',
        '"mlp" in name',
        "'a' in tags.list",
        "group == None",
        "group is None",
        "tags.other == None and not tags.other",
        "tags.other != 'x'",
        "tags.other not in ('x',)",
        "mixed == 'auto' or lr == 0.1",
        "layers == (64, 10)",
        "lr != 'auto'",
        "lr == 1e-1",
        "-1 < lr",
        "seconds > 60\n and seconds < 300",
        'name == "mlp_digits_lr0.1"',
        "'`' not in name",
        "loss != 1",
        "debug == True",
    ],
)
def test_conditions_that_are_met(text: str) -> None:
    assert matches(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "val/accuracy > 0.95",
        "test/accuracy > 0",
        "test/accuracy < 0",
        "not debug",
        "archived",
        "loss < 1 or loss >= 1 or loss == loss",
        "mixed > 0.1",
        "lr > 'a'",
        "lr == '0.1'",
        "debug == 1",
        "'x' in group",
        "'x' in lr",
        "state in 'unfinished' and state == 'unfinished'",
        "layers > (1, 2)",
        "group > None",
        "'c' in tags.list",
    ],
)
def test_conditions_that_are_not_met(text: str) -> None:
    assert matches(text) is False


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
