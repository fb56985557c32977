"""The customary tracker: its folder, its files, its behaviour, on top of a standard run."""

from __future__ import annotations

import logging
import math
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from reportgen.errors import UsageError
from reportgen.logger.tracker import ExperimentTracker
from reportgen.runs.view import RunView

CONFIG = {"project": "digits", "model": "mlp", "dataset": "digits", "lr": 0.01}

SCRIPT = '''
"""Trains for a few epochs the way tracked scripts do; only the import is reportgen's."""
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import torch
import torch.nn as nn

from reportgen import ExperimentTracker

torch.manual_seed(0)
inputs = torch.randn(64, 5)
labels = (inputs.sum(1) > 0).long()


def make_model(config):
    return nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 2))


def fit(model, optimizer):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def judge(model):
    with torch.no_grad():
        outputs = model(inputs)
    loss = nn.functional.cross_entropy(outputs, labels).item()
    return loss, (outputs.argmax(1) == labels).float().mean().item()


def confusion(model):
    figure, axes = plt.subplots()
    with torch.no_grad():
        found = model(inputs).argmax(1)
    axes.imshow([[int(((labels == a) & (found == b)).sum()) for b in (0, 1)] for a in (0, 1)])
    return figure


if __name__ == "__main__":
    config = {"project": "points", "model": "mlp", "dataset": "blobs", "learning_rate": 0.05,
              "batch_size": 64, "num_epochs": 12, "optimizer": "adam", "seed": 42}
    tracker = ExperimentTracker(config)
    model = make_model(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=config["learning_rate"])
    for epoch in range(config["num_epochs"]):
        train_loss = fit(model, optimizer)
        val_loss, val_acc = judge(model)
        tracker.log_metrics({"train/loss": train_loss, "val/loss": val_loss,
                             "val/accuracy": val_acc, "epoch": epoch})
        path = tracker.save_checkpoint(model, optimizer, epoch, val_acc)
        assert path == tracker.exp_dir / "checkpoints" / f"checkpoint_epoch_{epoch}.pt"
        if epoch % 10 == 0:
            tracker.log_figure("confusion_matrix", confusion(model))
    assert tracker.global_step == 12
    print("best", tracker.best_metric)
    tracker.finish()
'''


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a repository."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tracker_of(config: Any = None, name: str | None = "a", **options: Any) -> ExperimentTracker:
    options = {"use_wandb": False, "use_tensorboard": False, **options}
    return ExperimentTracker(CONFIG if config is None else config, name, **options)


def test_a_script_runs_unchanged_but_for_the_import(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    environment = {**os.environ, "PYTHONPATH": str(repository), "WANDB_MODE": "online"}
    environment.pop("WANDB_API_KEY", None)
    done = subprocess.run(
        [sys.executable, "train.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "experiments").iterdir()
    view = RunView(folder).load()

    # what such scripts expect
    assert folder.name.startswith("mlp_blobs_2")
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert present >= {
        *("config.yaml", "environment.yaml", "git_info.yaml", "training.log"),
        *("checkpoints/checkpoint_epoch_11.pt", "checkpoints/best_model.pt"),
        *("figures/confusion_matrix_step_1.png", "figures/confusion_matrix_step_11.png"),
    }
    assert view.config is not None
    assert view.config["learning_rate"] == 0.05
    environment_file = yaml.safe_load((folder / "environment.yaml").read_text())
    assert environment_file["torch_version"] == str(torch.__version__)
    assert environment_file["python_version"] == sys.version
    git = yaml.safe_load((folder / "git_info.yaml").read_text())
    assert (git["is_dirty"], len(git["commit"])) == (False, 40)
    log = (folder / "training.log").read_text()
    assert "INFO - Step 0: {'train/loss': " in log
    assert "INFO - Experiment tracking finished." in log
    assert "Step 11: " in done.stderr
    assert done.stderr.count("use_wandb=True") == 1
    best = torch.load(folder / "checkpoints" / "best_model.pt", weights_only=True)
    assert f"best {best['val_accuracy']}" in done.stdout
    assert best["config"]["optimizer"] == "adam"
    assert {"model_state_dict", "optimizer_state_dict", "epoch"} <= best.keys()
    shown = EventAccumulator(str(folder / "tensorboard"), {"scalars": 0, "images": 0}).Reload()
    assert len(shown.Scalars("train/loss")) == 12
    assert len(shown.Images("confusion_matrix")) == 2

    # and it is a run like any other
    assert view.problems == []
    assert (view.run.status, view.run.project) == ("finished", "points")
    assert list(view.series["val/accuracy"].steps) == list(range(12))
    assert view.run.checkpoints is not None
    assert (view.run.checkpoints.keep_last, view.run.checkpoints.best) == (5, "val/accuracy")
    assert view.headline_metric == "val/accuracy"
    assert view.manifest is not None
    assert {entry.path for entry in view.manifest.files} >= present - {"manifest.json"} - {
        path for path in present if (folder / path).is_dir()
    }
    optimizer = view.raw("captured/optimizer.json")
    assert (optimizer["class"], optimizer["groups"][0]["lr"]) == ("Adam", 0.05)
    described = view.checkpoints["checkpoints/best_model.pt"]
    assert described.metric is not None
    assert described.metric.value == best["val_accuracy"]
    assert described.tensors == 4 + 3 * 4


def test_steps_values_and_what_is_no_number(here: Path) -> None:
    tracker = tracker_of()
    tracker.log_metrics({"a": 1, "note": "text", "list": [1]})
    tracker.log_metrics({"a": np.float32(0.5), "b": torch.tensor(2.0)})
    tracker.log_metrics({"a": 3.0}, step=10)
    assert tracker.global_step == 11
    tracker.log_metrics({"note": "only text"})
    tracker.log_metrics({})
    assert tracker.global_step == 13
    with pytest.raises(UsageError):
        tracker.log_metrics("a")  # type: ignore[arg-type]
    tracker.finish()
    tracker.finish()
    view = RunView(here / "experiments" / "a")
    assert {name: list(zip(s.steps, s.values, strict=True)) for name, s in view.series.items()} == {
        "a": [(0, 1.0), (1, 0.5), (10, 3.0)],
        "b": [(1, 2.0)],
    }
    log = view.text("training.log") or ""
    assert "Step 0: {'a': 1, 'note': 'text', 'list': [1]}" in log
    assert "Step 11: {'note': 'only text'}" in log
    assert log.count("Experiment tracking finished.") == 1
    assert view.run.dropped == {}


def test_a_name_that_exists_gets_a_suffix_and_one_warning(
    here: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = tracker_of(name="lr-search/lr_0.1")
    assert first.exp_dir == here / "experiments" / "lr-search" / "lr_0.1"
    assert (first.experiment_name, caplog.messages) == ("lr-search/lr_0.1", [])
    first.finish()
    second = tracker_of(name="lr-search/lr_0.1")
    assert second.exp_dir == here / "experiments" / "lr-search" / "lr_0.1-2"
    assert second.experiment_name == "lr-search/lr_0.1-2"
    assert [m for m in caplog.messages if "exists" in m] == [
        "experiments/lr-search/lr_0.1 exists, and two runs never share a folder: "
        "this one is experiments/lr-search/lr_0.1-2"
    ]
    second.finish()


@pytest.mark.parametrize(
    ("metric", "values", "best"),
    [("val_accuracy", [0.5, 0.9, 0.7], 1), ("val_loss", [0.5, 0.9, 0.2], 2), ("z", [1, 3, 2], 1)],
)
def test_the_best_model_follows_the_metrics_direction(
    here: Path, metric: str, values: list[float], best: int
) -> None:
    tracker = tracker_of(checkpoints={"keep_last": 1})
    model = torch.nn.Linear(2, 1)
    assert tracker.best_metric == -math.inf
    for epoch, value in enumerate(values):
        tracker.save_checkpoint(model, None, epoch, value, metric)
        tracker.save_checkpoint(model, None, epoch + 100, math.nan, metric)
    tracker.finish()
    folder = here / "experiments" / "a" / "checkpoints"
    kept = torch.load(folder / "best_model.pt", weights_only=True)
    assert (kept["epoch"], kept[metric]) == (best, values[best])
    assert (folder / f"checkpoint_epoch_{best}.pt").read_bytes() == (
        folder / "best_model.pt"
    ).read_bytes()
    assert tracker.best_metric == values[best]
    assert sorted(path.name for path in folder.glob("*.pt")) == sorted(
        ["best_model.pt", f"checkpoint_epoch_{best}.pt", "checkpoint_epoch_102.pt", "latest.pt"]
    )


def test_the_checkpoints_metric_keeps_the_name_of_the_series_it_is(here: Path) -> None:
    tracker = tracker_of()
    for epoch in range(3):
        tracker.log_metrics({"val/accuracy": 0.5 + epoch / 10})
        tracker.save_checkpoint({}, None, epoch, 0.5 + epoch / 10)
    tracker.finish()
    view = RunView(tracker.exp_dir)
    found = view.checkpoints["checkpoints/checkpoint_epoch_2.pt"]
    assert found.metric is not None
    assert (found.metric.name, found.step) == ("val/accuracy", 2)
    assert view.run.checkpoints is not None
    assert view.run.checkpoints.best == "val/accuracy"
    loaded = torch.load(tracker.exp_dir / "checkpoints/checkpoint_epoch_2.pt", weights_only=True)
    assert (loaded["val_accuracy"], loaded["global_step"]) == (0.7, 3)


def test_tools_that_are_missing_are_said_once_each_and_the_run_goes_on(
    here: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for loaded in [name for name in sys.modules if name.split(".")[0] == "tensorboard"]:
        monkeypatch.delitem(sys.modules, loaded)
    for tool in ("tensorboard", "wandb"):
        monkeypatch.setitem(sys.modules, tool, None)
        monkeypatch.delitem(sys.modules, f"reportgen.integrations.{tool}", raising=False)
    tracker = tracker_of(use_wandb=True, use_tensorboard=True)
    assert (tracker.use_wandb, tracker.use_tensorboard) == (False, False)
    tracker.log_metrics({"a": 1})
    tracker.finish()
    said = [message for message in caplog.messages if "=True: " in message]
    assert len(said) == 2
    assert "use_tensorboard=True: tensorboard is not installed" in said[0]
    assert "pip install wandb" in said[1]


def test_a_mirror_that_breaks_harms_nothing(
    here: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        name = "wandb"

        def __getattr__(self, call: str) -> Any:
            raise ConnectionError(call)

    monkeypatch.setattr("reportgen.logger.tracker.open_mirror", lambda *a, **b: Broken())
    tracker = tracker_of(use_wandb=True)
    for _ in range(3):
        tracker.log_metrics({"a": 1, "note": "text"})
    tracker.save_checkpoint({}, None, 1, 0.5)
    tracker.log_figure("f", np.zeros((2, 2), np.uint8))
    tracker.finish()
    assert sum(message.startswith("wandb: ") for message in caplog.messages) == 1
    assert len(RunView(tracker.exp_dir).series["a"]) == 3


def test_the_logger_speaks_in_the_console_and_stops_at_the_end(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tracker = tracker_of(name="spoken")
    tracker.logger.info("from the script")
    tracker.finish()
    assert " - spoken - INFO - from the script\n" in capsys.readouterr().err
    assert "from the script" in (tracker.exp_dir / "training.log").read_text()
    assert logging.getLogger("spoken").handlers == []


def test_a_config_without_names_gets_a_name_all_the_same(here: Path) -> None:
    tracker = tracker_of({"lr": 0.1}, name=None)
    tracker.finish()
    assert tracker.exp_dir.parent == here / "experiments"
    assert tracker.exp_dir.is_dir()


def test_a_script_that_ends_without_finish_is_closed_as_what_it_was(
    tmp_path: Path, repository: Path
) -> None:
    script = textwrap.dedent(
        """
        from reportgen import ExperimentTracker
        tracker = ExperimentTracker({"lr": 1}, "crash", use_wandb=False)
        tracker.log_metrics({"loss": 1.0})
        raise RuntimeError("out of memory")
        """
    )
    (tmp_path / "crash.py").write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    done = subprocess.run(
        [sys.executable, "crash.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    view = RunView(tmp_path / "experiments" / "crash")
    assert view.run.status == "failed"
    assert view.exists("manifest.json")
    assert "out of memory" in (view.text("stderr.log") or "")


def test_other_ranks_open_no_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    tracker = ExperimentTracker(CONFIG, "ranked", use_wandb=True)
    tracker.log_metrics({"train/loss": 0.5, "note": "text"})
    tracker.finish()
    assert (tracker.use_tensorboard, tracker.use_wandb) == (False, False)
    assert not list(tracker.exp_dir.iterdir())
    assert list(tmp_path.iterdir()) == []
