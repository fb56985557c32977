"""The resumable tracker, the usage script with --config, --resume and --name, and their files."""

from __future__ import annotations

import math
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from reportgen.errors import UnreadableError
from reportgen.logger.resumable_tracker import ResumableExperimentTracker
from reportgen.logger.tracker_state import state_in
from reportgen.runs.view import RunView

CONFIG = {"project": "digits", "model": "mlp", "dataset": "digits", "lr": 0.01}

MODELS = """
import torch.nn as nn


def create_model(config):
    return nn.Sequential(nn.Linear(6, config["width"]), nn.ReLU(), nn.Linear(config["width"], 2))
"""

DATA = """
import torch
from torch.utils.data import DataLoader, TensorDataset


def load_dataset(config):
    torch.manual_seed(config["seed"])
    points = torch.randn(160, 6)
    labels = (points[:, :3].sum(1) > points[:, 3:].sum(1)).long()
    parts = TensorDataset(points[:128], labels[:128]), TensorDataset(points[128:], labels[128:])
    return tuple(DataLoader(part, batch_size=config["batch_size"]) for part in parts)
"""

SCRIPT = '''
"""Trains as scripts with a tracker, --config, --resume and --name do."""
import argparse

import torch
import torch.nn as nn
import yaml

from reportgen import ExperimentTracker

from data import load_dataset
from models import create_model

parser = argparse.ArgumentParser()
parser.add_argument("--config", type=str, required=True)
parser.add_argument("--resume", type=str)
parser.add_argument("--name", type=str)


def main():
    args = parser.parse_args()
    with open(args.config) as file:
        config = yaml.safe_load(file)
    tracker = ExperimentTracker(
        config=config, experiment_name=args.name, use_wandb=True, use_tensorboard=True
    )
    model = create_model(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=config["learning_rate"])
    criterion = nn.CrossEntropyLoss()
    train_loader, val_loader = load_dataset(config)

    start_epoch = 0
    if args.resume:
        checkpoint = torch.load(args.resume)
        model.load_state_dict(checkpoint["model_state_dict"])
        optimizer.load_state_dict(checkpoint["optimizer_state_dict"])
        start_epoch = checkpoint["epoch"] + 1
        tracker.logger.info(f"Resumed from epoch {start_epoch}")

    best = 0.0
    for epoch in range(start_epoch, config["num_epochs"]):
        model.train()
        losses = []
        for number, (points, labels) in enumerate(train_loader):
            optimizer.zero_grad()
            loss = criterion(model(points), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if number % config.get("log_interval", 100) == 0:
                tracker.log_metrics(
                    {"train/loss": loss.item(), "train/lr": optimizer.param_groups[0]["lr"]},
                    step=epoch * len(train_loader) + number,
                )
        model.eval()
        val_losses, correct, total = [], 0, 0
        with torch.no_grad():
            for points, labels in val_loader:
                output = model(points)
                val_losses.append(criterion(output, labels))
                correct += (output.argmax(dim=1) == labels).sum().item()
                total += labels.size(0)
        accuracy = correct / total
        tracker.log_metrics(
            {
                "train/loss_epoch": sum(losses) / len(losses),
                "val/loss": sum(val_losses) / len(val_losses),
                "val/accuracy": accuracy,
                "epoch": epoch,
            }
        )
        tracker.save_checkpoint(model, optimizer, epoch, accuracy)
        if accuracy > best:
            best = accuracy
            tracker.logger.info(f"New best accuracy: {accuracy:.4f}")
        if epoch > 50 and accuracy < 0.5:
            tracker.logger.warning("Model not improving, stopping early")
            break
    tracker.log_metrics({"best_val_accuracy": best})
    tracker.logger.info(f"Training completed. Best accuracy: {best:.4f}")
    tracker.finish()


if __name__ == "__main__":
    main()
'''


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a repository."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tracker_of(checkpoint: Any = None, **options: Any) -> ResumableExperimentTracker:
    options = {"use_wandb": False, "use_tensorboard": False, **options}
    return ResumableExperimentTracker(CONFIG, checkpoint_path=checkpoint, **options)


def model_and_optimizer() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    model = torch.nn.Linear(2, 1)
    return model, torch.optim.SGD(model.parameters(), lr=0.1)


def test_latest_and_best_with_the_trackers_state(here: Path) -> None:
    tracker = tracker_of(experiment_name="a")
    for epoch, accuracy in enumerate([0.5, 0.9, 0.7]):
        tracker.log_metrics({"val/accuracy": accuracy})
        path = tracker.save_checkpoint(*model_and_optimizer(), epoch, accuracy)
        assert path == here / "experiments" / "a" / "checkpoints" / "latest.pt"
    tracker.finish()
    folder = tracker.exp_dir / "checkpoints"
    latest = torch.load(folder / "latest.pt", weights_only=True)
    assert latest.keys() >= {"model_state_dict", "optimizer_state_dict", "config", "val_accuracy"}
    assert (latest["epoch"], latest["global_step"], latest["best_metric"]) == (2, 3, 0.9)
    best = torch.load(folder / "best.pt", weights_only=True)
    assert (best["epoch"], best["val_accuracy"], best["best_metric"]) == (1, 0.9, 0.9)
    assert sorted(file.name for file in folder.glob("*.pt")) == [
        "best.pt",
        *(f"checkpoint_epoch_{epoch}.pt" for epoch in range(3)),
        "latest.pt",
    ]
    assert RunView(tracker.exp_dir).load().problems == []


def test_a_run_goes_on_in_its_folder(here: Path) -> None:
    first = tracker_of(experiment_name="a")
    for epoch in range(2):
        first.log_metrics({"val/accuracy": 0.8 - epoch / 10})
        path = first.save_checkpoint(*model_and_optimizer(), epoch, 0.8 - epoch / 10)
    first.finish()
    second = tracker_of(path)
    assert second.exp_dir == first.exp_dir
    assert (second.global_step, second.best_metric) == (2, 0.8)
    for epoch in range(2, 4):
        second.log_metrics({"val/accuracy": 0.6 + epoch / 10})
        second.save_checkpoint(*model_and_optimizer(), epoch, 0.6 + epoch / 10)
    assert second.best_metric == pytest.approx(0.9)
    second.finish()
    view = RunView(second.exp_dir).load()
    assert (view.run.attempt, view.run.status) == (2, "finished")
    assert [step for step, _ in view.series["val/accuracy"].settled()] == [0, 1, 2, 3]
    assert "Resumed from checkpoint: step=2" in (view.text("training.log") or "")
    assert view.problems == []
    assert [path.name for path in (here / "experiments").iterdir()] == ["a"]


def test_a_name_makes_it_a_new_experiment(here: Path) -> None:
    first = tracker_of(experiment_name="a")
    first.log_metrics({"val/accuracy": 0.5})
    path = first.save_checkpoint(*model_and_optimizer(), 0, 0.5)
    first.finish()
    second = tracker_of(path, experiment_name="b")
    assert second.exp_dir.name == "b"
    assert (second.global_step, second.best_metric) == (1, 0.5)
    second.finish()


def test_a_checkpoint_of_another_tracker_counts_on(here: Path) -> None:
    model, optimizer = model_and_optimizer()
    old = {
        "epoch": 4,
        "global_step": 120,
        "best_metric": 0.75,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
    }
    (here / "checkpoints").mkdir()
    torch.save(old, here / "checkpoints" / "latest.pt")
    tracker = tracker_of("checkpoints/latest.pt")
    assert (tracker.global_step, tracker.best_metric) == (120, 0.75)
    assert tracker.exp_dir.parent == here / "experiments"
    tracker.log_metrics({"val/accuracy": 0.7})
    tracker.save_checkpoint(model, optimizer, 5, 0.7)
    assert not (tracker.exp_dir / "checkpoints" / "best.pt").exists()
    tracker.finish()
    assert list(RunView(tracker.exp_dir).series["val/accuracy"].steps) == [120]


@pytest.mark.parametrize("path", [None, "", "checkpoints/none.pt"])
def test_without_the_file_it_begins_afresh(here: Path, path: Any) -> None:
    tracker = tracker_of(path)
    assert (tracker.global_step, tracker.best_metric) == (0, -math.inf)
    assert tracker.checkpoint_path == path
    tracker.finish()


class Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, ("executed",)


def test_what_is_no_checkpoint_is_refused_before_anything_is_written(here: Path) -> None:
    torch.save({"model_state_dict": {}, "config": Evil()}, here / "evil.pt")
    (here / "text.pt").write_text("no checkpoint")
    (here / "pickled.pt").write_bytes(pickle.dumps(Evil()))
    torch.save([1, 2], here / "list.pt")
    for name in ("evil.pt", "text.pt", "pickled.pt", "list.pt"):
        with pytest.raises(UnreadableError, match=name):
            tracker_of(here / name)
    assert not (here / "executed").exists()
    assert not (here / "experiments").exists()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({}, (0, -math.inf)),
        ({"global_step": 7, "best_metric": 1}, (7, 1.0)),
        ({"global_step": torch.tensor(7), "best_metric": torch.tensor(0.5)}, (7, 0.5)),
        ({"global_step": -3, "best_metric": math.nan}, (0, -math.inf)),
        ({"global_step": "x", "best_metric": None}, (0, -math.inf)),
    ],
)
def test_what_a_checkpoint_does_not_say_is_as_at_the_start(
    tmp_path: Path, content: Any, expected: Any
) -> None:
    for legacy in (False, True):
        torch.save(content, tmp_path / "a.pt", _use_new_zipfile_serialization=not legacy)
        assert state_in(tmp_path / "a.pt") == expected


def test_the_usage_script_trains_and_resumes(tmp_path: Path, repository: Path) -> None:
    config = {"project": "points", "model": "mlp", "dataset": "blobs", "learning_rate": 0.05}
    config |= {"batch_size": 32, "num_epochs": 3, "width": 8, "seed": 1, "log_interval": 2}
    (tmp_path / "configs").mkdir()
    for name, source in (("train", SCRIPT), ("models", MODELS), ("data", DATA)):
        (tmp_path / f"{name}.py").write_text(source)
    (tmp_path / "configs" / "mlp.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / ".gitignore").write_text("experiments/\n__pycache__/\n")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    environment = {**os.environ, "PYTHONPATH": str(repository), "WANDB_MODE": "online"}
    environment.pop("WANDB_API_KEY", None)

    def train(*arguments: str) -> str:
        command = [sys.executable, "train.py", "--config", "configs/mlp.yaml", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    train("--name", "mlp_baseline")
    latest = "experiments/mlp_baseline/checkpoints/latest.pt"
    assert torch.load(tmp_path / latest, weights_only=True)["epoch"] == 2
    first = RunView(tmp_path / "experiments" / "mlp_baseline").load()
    assert (first.run.status, first.problems) == ("finished", [])
    assert list(first.series["train/loss"].steps) == [0, 2, 4, 6, 8, 10]
    assert list(first.series["val/accuracy"].steps) == [3, 7, 11]
    assert first.exists("config/configs/mlp.yaml")

    (tmp_path / "configs" / "mlp.yaml").write_text(yaml.safe_dump({**config, "num_epochs": 5}))
    said = train("--resume", latest)
    assert "Resumed from epoch 3" in said
    (second_folder,) = [
        path for path in (tmp_path / "experiments").iterdir() if path.name != "mlp_baseline"
    ]
    second = RunView(second_folder).load()
    assert second_folder.name.startswith("mlp_blobs_2")
    assert list(second.series["train/loss"].steps) == [12, 14, 16, 18]
    assert "Training completed. Best accuracy: " in (second.text("training.log") or "")
    kept = sorted(path for path in second.checkpoints if "epoch" in path)
    assert kept == [f"checkpoints/checkpoint_epoch_{epoch}.pt" for epoch in (3, 4)]
