"""What names tell."""

from __future__ import annotations

from typing import Any

import pytest

from reportgen.runs.naming import DATASET_KEYS, MODEL_KEYS, says_nothing, stated, stem, time_in


@pytest.mark.parametrize(
    "name",
    ["test", "final", "model_v2", "test_again_actually_final", "exp1", "Run-3", "new_model (2)"],
)
def test_names_that_say_nothing(name: str) -> None:
    assert says_nothing(name)


@pytest.mark.parametrize(
    "name",
    ["resnet18_lr0.1", "mlp", "run_20261123-101500_a1b2", "lr0.1", "test_dropout", "试验"],
)
def test_names_that_say_something(name: str) -> None:
    assert not says_nothing(name)


@pytest.mark.parametrize(
    ("config", "model", "dataset"),
    [
        ({"model": "mlp", "dataset": "digits"}, "mlp", "digits"),
        ({"model.name": "org/bert-base", "data": "data/digits.csv"}, "bert-base", "digits"),
        ({"model": 3, "arch": "cnn", "dataset": "  "}, "cnn", None),
        ({}, None, None),
    ],
)
def test_what_a_configuration_names(
    config: dict[str, Any], model: str | None, dataset: str | None
) -> None:
    assert (stated(config, MODEL_KEYS), stated(config, DATASET_KEYS)) == (model, dataset)


def test_the_telling_end_of_a_path() -> None:
    assert stem("runs/best.pt") == "best"
    assert stem("C:\\data\\digits.csv") == "digits"
    assert stem(".csv") == ".csv"
    assert len(stem("x" * 99)) == 40


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("mlp_digits_20261123-101500_lr0.1", "20261123-101500"),
        ("mlp 2026-11-23T10:15", "2026-11-23T10:15"),
        ("mlp_2026-11-23_b", "2026-11-23"),
        ("mlp_digits_lr0.1", None),
        ("mlp_123456", None),
    ],
)
def test_the_time_in_a_name(name: str, time: str | None) -> None:
    assert time_in(name) == time
