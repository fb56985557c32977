"""Names that are given, names that are made, and names that say nothing."""

from __future__ import annotations

from typing import Any

import pytest

from reportgen.errors import UsageError
from reportgen.fs.paths import is_portable
from reportgen.logger.naming import Place, default_name, split_name, varied_of

MOMENT = "20261123-101500"


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (("run", None, None), Place(None, None, "run")),
        (("run", "p", "g"), Place("p", "g", "run")),
        ((None, "p", None), Place("p", None, None)),
        (("a/b/c", None, None), Place("a", "b", "c")),
        (("a/b/c", "a", "b"), Place("a", "b", "c")),
        (("a/b", None, None), Place("a", None, "b")),
        (("a/b", None, "g"), Place("a", "g", "b")),
        (("g/b", "p", None), Place("p", "g", "b")),
    ],
)
def test_a_name_may_say_where(given: tuple[Any, Any, Any], place: Place) -> None:
    assert split_name(*given) == place


@pytest.mark.parametrize(
    "given",
    [
        ("a/b/c/d", None, None),
        ("a//c", None, None),
        ("a/b/", None, None),
        ("../b", None, None),
        ("a/b/c", "other", None),
        ("a/b/c", None, "other"),
        ("", None, None),
        (3, None, None),
        (None, "..", None),
        ("x" * 501, None, None),
        ("half \ud800 a pair", None, None),
    ],
)
def test_a_name_that_cannot_be_is_refused(given: tuple[Any, Any, Any]) -> None:
    with pytest.raises(UsageError, match="start_run"):
        split_name(*given)


@pytest.mark.parametrize(
    ("config", "varied", "name"),
    [
        ({"model": "mlp", "dataset": "digits"}, {"lr": 0.1}, f"mlp_digits_{MOMENT}_lr0.1"),
        (
            {"model.name": "resnet18", "data.name": "cifar10"},
            {"optim.lr": 0.01, "model.width": 64},
            f"resnet18_cifar10_{MOMENT}_lr0.01_width64",
        ),
        (
            {"model_name_or_path": "org/llama-7b", "dataset": "data/pets.csv"},
            {"amp": True},
            f"llama-7b_pets_{MOMENT}_amp",
        ),
        ({}, {"lr": 1}, f"train_{MOMENT}_lr1"),
        ({"model": {"not": "text"}}, {"a": "x y/z"}, f"train_{MOMENT}_ax-y-z"),
    ],
)
def test_the_convention(config: dict[str, Any], varied: dict[str, Any], name: str) -> None:
    assert default_name(config, moment=MOMENT, varied=varied, program="train.py") == name


def test_without_anything_varied_it_is_still_unlike_another() -> None:
    names = {default_name({}, moment=MOMENT, varied={}, program=None) for _ in range(20)}
    assert len(names) > 1
    assert all(name.startswith(f"run_{MOMENT}_") for name in names)


def test_an_input_stands_in_for_the_dataset() -> None:
    name = default_name(
        {"model": "m"}, moment=MOMENT, varied={"a": 1}, program=None, inputs=["data/digits.csv"]
    )
    assert name == f"m_digits_{MOMENT}_a1"


def test_much_that_varies_stays_short_and_portable() -> None:
    varied = {f"key{number}": "v" * 100 for number in range(50)}
    name = default_name({"model": "a" * 500}, moment=MOMENT, varied=varied, program=None)
    assert len(name) < 150
    assert is_portable(name)


def test_overrides_are_what_varied_else_what_differs_from_the_file() -> None:
    config = {"lr": 0.2, "width": 64, "computed": 3}
    file = {"lr": 0.1, "width": 64}
    assert varied_of({"width": 8}, config, [file]) == {"width": 8}
    assert varied_of({}, config, [file]) == {"lr": 0.2}
    assert varied_of({}, config, []) == {}
