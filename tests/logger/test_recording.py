"""What only some trainings keep, through the run that ``start_run`` returns."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

import reportgen
from reportgen.errors import UsageError
from reportgen.runs.histogram_log import read_histograms
from reportgen.runs.view import RunView


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def trained(run: Any, model: torch.nn.Module, steps: int = 3) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(steps):
        optimizer.zero_grad()
        loss = model(torch.ones(4, 2)).square().mean()
        loss.backward()
        optimizer.step()
        run.log({"train/loss": loss.item()}, step=step)


def test_a_watched_training_keeps_norms_rates_and_histograms() -> None:
    model = torch.nn.Linear(2, 1)
    with reportgen.start_run(name="r") as run:
        run.watch(model, every=2, histograms=True)
        trained(run, model)
    view = RunView(run.folder).load()
    assert view.problems == []
    assert list(view.series["train/grad_norm"].steps) == [0, 2]
    assert list(view.series["train/lr"].values) == [0.1, 0.1]
    log = read_histograms([view.bytes("histograms.jsonl") or b""])
    assert [step for step, _ in log.series["train/parameters/weight"]] == [0, 2]
    assert view.run.overhead_seconds["watch"] > 0
    assert view.manifest is not None
    assert "histograms.jsonl" in {entry.path for entry in view.manifest.files}
    assert set(view.recorded_summary.metrics) == set(view.series)  # type: ignore[union-attr]


def test_a_second_watch_needs_a_prefix_of_its_own() -> None:
    model = torch.nn.Linear(2, 1)
    with reportgen.start_run(name="r") as run:
        run.watch(model)
        with pytest.raises(UsageError, match="prefix"):
            run.watch(model)
        run.watch(model, prefix="again", every=1)
        trained(run, model, 2)
    run.watch(model, prefix="late")
    assert {"train/grad_norm", "again/grad_norm"} <= RunView(run.folder).series.keys()


def test_a_watch_ends_where_a_replay_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_STOP_AFTER_STEP", "2")
    model = torch.nn.Linear(2, 1)
    run = reportgen.start_run(name="r")
    run.watch(model, every=1)
    with pytest.raises(SystemExit):
        trained(run, model, 9)
    view = RunView(run.folder).load()
    assert (view.run.status, view.run.stopped_early) == ("finished", "REPORTGEN_STOP_AFTER_STEP=2")
    assert list(view.series["train/grad_norm"].steps)[:3] == [0, 1, 2]
    assert view.exists("manifest.json")


def test_histograms_stand_at_the_last_step_unless_told(tmp_path: Path) -> None:
    with reportgen.start_run(name="r") as run:
        run.log_histogram("noise", [1.0, 2.0])
        run.log({"a": 1}, step=7)
        run.log_histogram("noise", torch.ones(3), bins=4)
        run.log_histogram("noise", [3], step=9)
        with pytest.raises(UsageError):
            run.log_histogram("text", "text")
    log = read_histograms([(run.folder / "histograms.jsonl").read_bytes()])
    assert [step for step, _ in log.series["noise"]] == [0, 7, 9]
    assert RunView(run.folder).run.overhead_seconds["histograms"] > 0


def test_tables_are_files_of_the_run() -> None:
    with reportgen.start_run(name="r") as run:
        path = run.log_table("errors", ["id", "loss"], [[1, 0.5], [2, 0.25]])
    assert path == run.folder / "tables" / "errors.csv"
    assert list(csv.reader(path.open())) == [["id", "loss"], ["1", "0.5"], ["2", "0.25"]]
    view = RunView(run.folder)
    assert view.below("tables") == ["tables/errors.csv"]
    assert view.run.overhead_seconds["tables"] > 0


def test_the_system_is_sampled_by_default_and_not_when_told() -> None:
    with reportgen.start_run(name="r") as run:
        pass
    (line,) = (run.folder / "system.jsonl").read_text().splitlines()
    record = json.loads(line)
    assert set(record) == {"time", "metrics"}
    assert record["metrics"]["process/memory_bytes"] > 0
    assert "system" in RunView(run.folder).run.overhead_seconds
    with reportgen.start_run(name="s", system_every=None) as run:
        pass
    assert not (run.folder / "system.jsonl").exists()
    with pytest.raises(UsageError, match="system_every"):
        reportgen.start_run(name="t", system_every=0)
    assert not (run.folder.parent / "t").exists()


def test_rules_and_sinks_of_alerts_stand_in_one_list() -> None:
    class Pager:
        name = "pager"

        def __init__(self) -> None:
            self.titles: list[str] = []

        def send(self, alert: Any) -> None:
            self.titles.append(alert.title)

    pager = Pager()
    rule = reportgen.alert_when("train/loss", above=10)
    with reportgen.start_run(name="r", alerts=[rule, pager]) as run:
        run.log({"train/loss": 11.0})
        run.alert("by hand")
    assert sorted(pager.titles) == ["by hand", "train/loss above 10"]
    with pytest.raises(UsageError, match="alert_by_webhook"):
        reportgen.start_run(name="s", alerts=[3])  # type: ignore[list-item]


def test_a_forked_child_keeps_nothing_of_all_this() -> None:
    model = torch.nn.Linear(2, 1)
    with reportgen.start_run(name="r", mirror="tensorboard", system_every=0.1) as run:
        run.watch(model, every=1)
        run.log({"a": 1.0}, step=0)
        before = {path: path.stat().st_size for path in (run.folder / "tensorboard").iterdir()}
        child = os.fork()
        if child == 0:
            run.log({"a": 2.0}, step=1)
            run.log_table("t", ["a"], [[1]])
            run.log_histogram("h", [1, 2])
            trained(run, model)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        after = {path: path.stat().st_size for path in (run.folder / "tensorboard").iterdir()}
        assert after == before
    view = RunView(run.folder)
    assert list(view.series) == ["a"]
    assert len(view.series["a"]) == 1
    assert not view.exists("histograms.jsonl")
    assert view.below("tables") == []
