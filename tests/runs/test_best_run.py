"""The best run of a group: only finished ones, each by its best value."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reportgen.runs.best_run import best_run, runs_in

Add = Callable[..., None]


@pytest.fixture
def add(make_run: Callable[..., Path]) -> Add:
    """Return a function that adds a run with a series ``val/x``."""

    def make(name: str, values: list[Any], **run: Any) -> None:
        records = [
            {"step": at, "time": 1.0 + at, "metrics": {"val/x": value}}
            for at, value in enumerate(values)
        ]
        lines = "".join(json.dumps(record) + "\n" for record in records)
        make_run(name, {"metrics.jsonl": lines}, run={"name": name, **run})

    return make


@pytest.mark.parametrize(("goal", "best"), [("maximize", "b"), ("minimize", "a")])
def test_the_best_value_of_each_counts(tmp_path: Path, add: Add, goal: Any, best: str) -> None:
    add("a", [0.1, 0.5, 0.4])
    add("b", [0.3, 0.9, 0.2])
    add("c", [0.3, 0.4])
    assert best_run(tmp_path, "val/x", goal) == best


def test_what_did_not_finish_or_says_nothing_does_not_count(tmp_path: Path, add: Add) -> None:
    add("a", [0.1])
    for name, status in (("b", "failed"), ("c", "interrupted"), ("d", "running")):
        add(name, [0.9], status=status)
    add("e", ["NaN", "Infinity"])
    add("f", [])
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "run.yaml").write_text("[")
    assert len(runs_in(tmp_path)) == 7
    assert best_run(tmp_path, "val/x", "maximize") == "a"
    assert best_run(tmp_path, "val/y", "maximize") is None


def test_among_equals_the_first_that_was_started(tmp_path: Path, add: Add) -> None:
    add("a", [0.5], id="01J00000000000B")
    add("b", [0.5], id="01J00000000000A")
    assert best_run(tmp_path, "val/x", "maximize") == "b"


def test_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert runs_in(tmp_path / "none") == []
    assert best_run(tmp_path / "none", "val/x", "minimize") is None
