from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import reportgen
from reportgen.errors import NewerVersionError, NotFoundError, UsageError
from reportgen.runs.frame import load_run, load_runs


@pytest.fixture
def root(make_run: Any, tmp_path: Path) -> Path:
    for number, lr in enumerate((0.1, 0.1, 0.01)):
        line = f'{{"step": 0, "time": 1.0, "metrics": {{"val/accuracy": 0.{7 + number}}}}}\n'
        make_run(
            f"runs/r{number}",
            {"config.yaml": {"lr": lr, "layers": [1, number]}, "metrics.jsonl": line},
            run={"id": f"ID{number}", "name": f"r{number}", "tags": {"n": number}},
        )
    return tmp_path / "runs"


def test_the_public_names_are_these() -> None:
    assert reportgen.load_runs is load_runs
    assert reportgen.load_run is load_run


def test_ready_for_nlargest_and_groupby(root: Path) -> None:
    runs = load_runs(root)
    assert list(runs["name"]) == ["r0", "r1", "r2"]
    assert runs.nlargest(1, "metrics.val/accuracy")["name"].item() == "r2"
    means = runs.groupby("config.lr")["metrics.val/accuracy"].mean()
    assert means.to_dict() == {0.01: pytest.approx(0.9), 0.1: pytest.approx(0.75)}
    assert len(runs.groupby("config.layers")) == 3
    assert runs["created"].dt.tz is not None
    assert runs["created"].max() == pd.Timestamp("2026-11-23T10:15:00.123Z")
    assert runs["seconds"].sum() == pytest.approx(3 * 270.881)
    assert list(runs.columns)[-4:] == [
        *("tags.n", "config.lr", "config.layers"),
        "metrics.val/accuracy",
    ]


def test_several_folders(root: Path) -> None:
    assert list(load_runs([root / "r2", str(root / "r0")])["id"]) == ["ID2", "ID0"]


def test_goals_of_the_caller(make_run: Any, tmp_path: Path) -> None:
    lines = "".join(f'{{"step": {step}, "metrics": {{"own": {5 - step}}}}}\n' for step in range(3))
    make_run("runs/a", {"metrics.jsonl": lines})
    assert load_runs(tmp_path / "runs")["metrics.own"].item() == 3.0
    goals: Any = {"own": "maximize"}
    assert load_runs(tmp_path / "runs", goals=goals)["metrics.own"].item() == 5.0


def test_no_runs_are_an_empty_frame_of_the_same_columns(tmp_path: Path, root: Path) -> None:
    (tmp_path / "empty").mkdir()
    empty = load_runs(tmp_path / "empty")
    assert len(empty) == 0
    assert list(empty.columns) == list(load_runs(root).columns)[:10]
    assert empty["seconds"].dtype == "float64"


def test_no_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError, match="runs"):
        load_runs()


def test_what_differs_between_runs_is_missing_where_it_is_not(root: Path, make_run: Any) -> None:
    make_run(
        "runs/odd", {"config.yaml": {"lr": "auto"}, "metrics.jsonl": None}, run={"ended": None}
    )
    runs = load_runs(root)
    odd = runs[runs["name"] == "mlp_digits"].iloc[0]
    assert math.isnan(odd["metrics.val/accuracy"])
    assert math.isnan(odd["seconds"])
    assert odd["config.lr"] == "auto"
    assert runs["metrics.val/accuracy"].dtype == "float64"


def test_a_run_that_cannot_be_read_is_a_warning(root: Path, make_run: Any) -> None:
    make_run("runs/broken", {"run.yaml": "a: [\n"})
    make_run("runs/new", run={"schema": "reportgen.run/2"})
    with pytest.warns(UserWarning, match="left out") as caught:
        runs = load_runs(root)
    assert len(runs) == 3
    messages = [str(warning.message) for warning in caught]
    assert len(messages) == 2
    assert "broken/run.yaml:2" in messages[0]
    assert "newer than this reportgen reads" in messages[1]
    assert all(warning.filename == __file__ for warning in caught)


def test_a_run_that_is_read_in_part_is_a_warning(root: Path, make_run: Any) -> None:
    make_run("runs/odd", {"config.yaml": "a: [\n", "metrics.jsonl": "x\ny\n"})
    with pytest.warns(UserWarning, match=r"odd/config\.yaml: is not valid YAML.*\(and 2 more\)"):
        runs = load_runs(root)
    assert len(runs) == 4


def test_a_torn_tail_is_no_warning(root: Path) -> None:
    with open(root / "r0" / "metrics.jsonl", "a") as file:
        file.write('{"step": 1, "met')
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(load_runs(root)) == 3


def test_an_odd_time_is_no_time(root: Path, make_run: Any) -> None:
    make_run("runs/odd", run={"created": "yesterday"})
    make_run("runs/blank", run={"created": ""})
    assert load_runs(root)["created"].isna().sum() == 2


# -- one run -------------------------------------------------------------------------------

LINES = (
    '{"step": 0, "time": 1763900000.5, "metrics": {"loss": 2.0, "val/acc": 0.5}}\n'
    '{"step": 1, "metrics": {"loss": "NaN"}}\n'
    '{"event": "resume", "step": 1, "attempt": 2}\n'
    '{"step": 1, "time": 1763900001.0, "metrics": {"loss": 1.0, "lr": 9007199254740993}}\n'
)


def test_metrics_as_a_long_frame(make_run: Any) -> None:
    metrics = load_run(make_run(files={"metrics.jsonl": LINES})).metrics()
    assert list(metrics.columns) == ["metric", "step", "time", "value", "attempt"]
    assert list(metrics["metric"]) == ["loss", "loss", "loss", "val/acc", "lr"]
    assert list(metrics["step"]) == [0, 1, 1, 0, 1]
    assert list(metrics["attempt"]) == [1, 1, 2, 1, 2]
    assert metrics["value"].isna().sum() == 1
    assert metrics["time"].isna().sum() == 1
    assert metrics["time"].iloc[0] == pd.Timestamp(1763900000.5, unit="s", tz="UTC")
    pivot = metrics[metrics["attempt"] == 1].pivot(index="step", columns="metric", values="value")
    assert pivot.loc[0, "val/acc"] == 0.5


def test_one_metric_and_none(make_run: Any) -> None:
    run = load_run(make_run(files={"metrics.jsonl": LINES}))
    assert list(run.metrics("val/acc")["value"]) == [0.5]
    nothing = run.metrics("gone")
    assert len(nothing) == 0
    assert nothing.dtypes.to_dict() == run.metrics().dtypes.to_dict()


def test_the_summary_is_of_what_stands(make_run: Any) -> None:
    summary = load_run(make_run(files={"metrics.jsonl": LINES})).summary()
    assert summary.index.name == "metric"
    loss = summary.loc["loss"]
    assert (loss["last"], loss["last_step"], loss["best"], loss["best_step"], loss["count"]) == (
        *(1.0, 1, 1.0, 1),
        2,
    )
    assert loss["goal"] == "minimize"
    assert summary.loc["lr"].isna().sum() == 3


def test_the_rest_of_a_run(make_run: Any) -> None:
    folder = make_run(
        "a",
        {"config.yaml": {"model": {"width": 64}}},
        run={"project": "p", "group": "g", "tags": {"a": 1}, "notes": "n"},
    )
    run = load_run(folder)
    assert (run.id, run.name, run.project, run.group) == (
        "01JD3W8M7T4QZZZZ",
        "mlp_digits",
        "p",
        "g",
    )
    assert (run.tags, run.notes, run.state, run.path) == ({"a": 1}, "n", "finished", folder)
    assert (run.created, run.seconds) == ("2026-11-23T10:15:00.123Z", 270.881)
    assert run.config == {"model": {"width": 64}}
    assert run.problems == []
    assert repr(run) == "LoadedRun('mlp_digits', finished)"


def test_a_run_without_anything(make_run: Any) -> None:
    run = load_run(make_run(files={"config.yaml": None, "metrics.jsonl": None}))
    assert run.config == {}
    assert len(run.metrics()) == len(run.summary()) == 0


def test_by_id_and_name(root: Path, monkeypatch: pytest.MonkeyPatch, make_run: Any) -> None:
    assert load_run("ID1", root=root).name == "r1"
    monkeypatch.chdir(root.parent)
    assert load_run("r2").id == "ID2"
    with pytest.raises(NotFoundError, match="Did you mean"):
        load_run("r22")
    make_run("runs/deep/r2")
    with pytest.raises(UsageError, match="2 runs are called 'r2'"):
        load_run("r2")
    make_run("runs/new", run={"schema": "reportgen.run/2"})
    with pytest.raises(NewerVersionError):
        load_run(root / "new")
