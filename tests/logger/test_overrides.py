"""What a command line says of the configuration."""

from __future__ import annotations

from typing import Any

import pytest

from reportgen.logger.overrides import options_of, overrides_of, scalar


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["--lr", "0.1"], {"lr": 0.1}),
        (["--lr=1e-3", "--amp", "--epochs", "3"], {"lr": 1e-3, "amp": True, "epochs": 3}),
        (["--weight-decay", "-0.5"], {"weight_decay": -0.5}),
        (["-b", "64", "train.csv"], {"b": 64}),
        (["model.width=64", "+new=1", "++x.y=null"], {"model.width": 64, "new": 1, "x.y": None}),
        (["--name", "a=b"], {"name": "a=b"}),
        (["--flag", "--", "--lr", "1"], {"flag": True}),
        (["https://x.org/?a=b", "-3", "plain"], {}),
        (["--text", "a: b"], {"text": "a: b"}),
        (["--sizes", "[1, 2]"], {"sizes": [1, 2]}),
        (["--use", "false"], {"use": False}),
    ],
)
def test_options(words: list[str], options: dict[str, Any]) -> None:
    assert options_of(["train.py", *words]) == options


def test_an_option_means_its_whole_key_or_the_one_with_its_last_part() -> None:
    flat = {"lr": 0.1, "optim.momentum": 0.9, "a.width": 1, "b.width": 2, "model.depth": 3}
    argv = [
        "t.py",
        "--lr",
        "1",
        "--momentum",
        "0.5",
        "--width",
        "8",
        "model.depth=4",
        "--other",
        "1",
    ]
    assert overrides_of(argv, flat) == {"lr": 1, "optim.momentum": 0.5, "model.depth": 4}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("3.0", 3.0),
        (".5", 0.5),
        ("1e3", 1e3),
        ("null", None),
        ("x", "x"),
        ("{a: 1}", "{a: 1}"),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    found = scalar(text)
    assert found == value
    assert type(found) is type(value)
