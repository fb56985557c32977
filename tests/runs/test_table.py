from __future__ import annotations

import math
from typing import Any

import pytest

from reportgen.runs.table import FIXED, columns_of, row_of
from reportgen.runs.view import RunView


def test_a_run_is_a_row(make_run: Any) -> None:
    folder = make_run(
        files={
            "config.yaml": {"lr": 0.1, "layers": [64, [1, 2]], "opt": {"name": "sgd", "x": {}}},
            "labels.yaml": {"archived": True, "group": "g"},
        },
        run={"project": "digits", "tags": {"author": "j", "nested": {"a": 1}}},
    )
    row = row_of(RunView(folder))
    assert row == {
        "id": "01JD3W8M7T4QZZZZ",
        "name": "mlp_digits",
        "project": "digits",
        "group": "g",
        "kind": "training",
        "state": "finished",
        "archived": True,
        "created": "2026-11-23T10:15:00.123Z",
        "seconds": 270.881,
        "path": str(folder),
        "tags.author": "j",
        "tags.nested.a": 1,
        "config.lr": 0.1,
        "config.layers": (64, (1, 2)),
        "config.opt.name": "sgd",
        "config.opt.x": "{}",
        "metrics.train/loss": 0.2,
        "metrics.val/accuracy": 0.75,
    }
    for value in row.values():
        hash(value)


def test_a_metric_is_its_best_by_its_goal_else_its_last(make_run: Any) -> None:
    lines = "".join(
        f'{{"step": {step}, "metrics": {{"loss": {v}, "acc": {v}, "lr": {v}, "own": {v}}}}}\n'
        for step, v in enumerate((3, 1, 5, 2))
    )
    definitions = {"metrics": {"acc": {"goal": "minimize"}}}
    folder = make_run(files={"metrics.jsonl": lines, "metrics.yaml": definitions})
    row = row_of(RunView(folder), {"own": "maximize"})
    found = [row[f"metrics.{name}"] for name in ("loss", "acc", "lr", "own")]
    assert found == [1.0, 1.0, 2.0, 5.0]


def test_numbers_that_are_not_finite(make_run: Any) -> None:
    lines = '{"step": 0, "metrics": {"loss": "NaN", "lr": "Infinity"}}\n'
    row = row_of(RunView(make_run(files={"metrics.jsonl": lines})))
    assert math.isnan(row["metrics.loss"])
    assert row["metrics.lr"] == math.inf


@pytest.mark.parametrize(
    ("ended", "compute", "seconds"),
    [
        ("2026-11-23T10:15:10.123Z", None, 10.0),
        ("2026-11-23T10:15:10.123Z", {"wall_seconds": 7.5}, 7.5),
        (None, None, None),
        (None, {"wall_seconds": 7.5}, 7.5),
        ("soon", {"wall_seconds": None}, None),
    ],
)
def test_how_long_it_took(make_run: Any, ended: Any, compute: Any, seconds: Any) -> None:
    files = {"environment.yaml": {"compute": compute}}
    assert row_of(RunView(make_run(files=files, run={"ended": ended})))["seconds"] == seconds


def test_columns_by_section() -> None:
    rows = [
        {"config.b": 1, "tags.x": 1, "metrics.m": 1},
        {"config.a": 1, "tags.y": 1, "config.b": 2, "name": "n"},
    ]
    expected = ["tags.x", "tags.y", "config.b", "config.a", "metrics.m"]
    assert columns_of(rows) == [*FIXED, *expected]
    assert columns_of([]) == list(FIXED)
