from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.audit.command_line import agrees, key_named, options_of, overrides_of


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--lr", "0.1"], [("lr", ("0.1",))]),
        (["--lr=0.1"], [("lr", ("0.1",))]),
        (["--lr="], [("lr", ("",))]),
        (["-lr", "-0.1"], [("lr", ("-0.1",))]),  # a negative number is a value
        (["--layers", "64", "32", "--amp"], [("layers", ("64", "32")), ("amp", ())]),
        (
            ["optim.lr=0.1", "+seed=3", "++a/b=x=y"],
            [("optim.lr", ("0.1",)), ("seed", ("3",)), ("a/b", ("x=y",))],
        ),
        (["train", "data.csv"], []),
        (["--lr", "0.1", "--", "--epochs", "3"], [("lr", ("0.1",)), ("epochs", ("3",))]),
        (["--opt", "a=b", "c"], [("opt", ()), ("a", ("b",))]),
    ],
)
def test_options(words: list[str], expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert [(option.name, option.words) for option in options_of(["train.py", *words])] == expected


@pytest.mark.parametrize(
    ("words", "value", "expected"),
    [
        (["0.1"], 0.1, True),
        (["1e-3"], 0.001, True),
        (["1e-3"], "1e-3", True),
        (["10"], 10.0, True),
        (["0.10000001"], 0.1, False),
        (["adam"], "adam", True),
        (["'adam'"], "adam", True),
        (["sgd"], "adam", False),
        (["True"], True, True),
        (["0"], True, False),
        ([], True, True),
        ([], False, False),
        (["file.csv"], True, True),  # a flag, and a word that belongs to somebody else
        (["null"], None, True),
        (["3"], None, False),
        (["64", "32"], [64, 32], True),
        (["[64,32]"], [64, 32], True),
        (["64,32"], [64, 31], False),
        (["64"], [64, 32], False),
        ([], 3, None),
        (["mlp"], {"width": 3}, None),
        (["<redacted:name>"], "x", None),
    ],
)
def test_agreement(words: list[str], value: object, expected: bool | None) -> None:
    assert agrees(words, value) is expected


def test_an_option_names_the_one_key_that_ends_in_it() -> None:
    config = {"optim.lr": 0.1, "model.width": 3, "a.depth": 1, "b.depth": 2, "batch_size": 8}
    assert key_named("lr", config) == "optim.lr"
    assert key_named("batch-size", config) == "batch_size"
    assert key_named("depth", config) is None
    assert key_named("idth", config) is None


def test_the_last_value_counts_and_lists_are_collected() -> None:
    argv = ["train.py", "--lr", "1", "--lr", "2", "--tag", "a", "--tag", "b"]
    found = overrides_of(argv, {"lr": 2, "tag": ["a", "b"]})
    assert [(one.key, one.agrees) for one in found] == [("lr", True), ("tag", True)]


@given(
    st.lists(st.text(max_size=12), max_size=8),
    st.dictionaries(
        st.text(max_size=6),
        st.none() | st.booleans() | st.floats() | st.text(max_size=6) | st.lists(st.integers()),
    ),
)
def test_no_command_line_is_too_odd(words: list[str], config: dict[str, object]) -> None:
    for override in overrides_of(["x", *words], config):
        assert override.key in config
