"""The final metric beside what seeds alone vary it by."""

from __future__ import annotations

import importlib
import math
import statistics
from pathlib import Path
from typing import Any

import pytest
from reproduce.projects import Project
from scipy import stats

from reportgen.reproduce.conclusion import conclude, judge_value, replicates_of
from reportgen.runs.view import RunView

VALUES = [0.91, 0.93, 0.92, 0.90, 0.94]


def test_the_interval_is_that_of_one_further_observation() -> None:
    found = judge_value("val/accuracy", 0.92, 0.95, VALUES)
    half = stats.t.ppf(0.975, 4) * statistics.stdev(VALUES) * math.sqrt(1 + 1 / 5)
    assert found.low == pytest.approx(0.92 - half)
    assert found.high == pytest.approx(0.92 + half)
    assert (found.same, found.n, found.confidence) == (True, 5, 0.95)
    assert "Student" in found.method
    assert judge_value("val/accuracy", 0.92, 0.80, VALUES).same is False
    assert "n = 5" in found.line


def test_a_further_run_of_the_same_kind_is_inside_about_as_often_as_is_said() -> None:
    draws = stats.norm.rvs(size=(400, 6), random_state=1)
    inside = [bool(judge_value("m", 0, row[5], list(row[:5])).same) for row in draws]
    assert 0.92 <= sum(inside) / len(inside) <= 0.98


def test_seeds_that_change_nothing_leave_no_room() -> None:
    assert judge_value("m", 0.5, 0.5, [0.5, 0.5, 0.5]).same is True
    assert judge_value("m", 0.5, 0.50001, [0.5, 0.5, 0.5]).same is False


def test_too_few_seeds_tell_nothing() -> None:
    found = judge_value("m", 0.5, 0.5, [0.5, 0.6])
    assert found.same is None
    assert "2 recorded seeds" in str(found.reason)


def test_without_scipy_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("scipy"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(importlib, "import_module", without)
    found = judge_value("m", 0.5, 0.5, VALUES)
    assert found.same is None
    assert "reportgen-runs[stats]" in str(found.reason)


def test_runs_of_one_experiment_one_a_seed(project: Project) -> None:
    runs = [project.train("--steps", "10", "--seed", seed) for seed in ("1", "2", "3", "3")]
    project.train("--steps", "10", "--seed", "4", "--lr", "0.2")
    found = replicates_of(runs[0])
    assert len(found) == 3
    assert found[0].id == runs[0].id
    assert {view.config["seed"] for view in found if view.config} == {1, 2, 3}
    concluded = conclude(runs[0], RunView(Path(runs[0].folder)))
    assert (concluded.same, concluded.n, concluded.metric) == (True, 3, "val/loss")
