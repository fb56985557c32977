"""The same training with a tracker that many people write for themselves, without reportgen.

    python plain_tracker.py --config configs/mlp.yaml

It keeps config.yaml, environment.yaml, git_info.yaml, git_diff.patch, training.log, checkpoints
and figures in a plain folder: reportgen reads that as a run too, and an audit says what it lacks.
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import torch
import yaml
from digits import Digits, load_digits, split
from matplotlib.figure import Figure
from models import create_model
from plots import confusion_matrix
from torch import nn

HERE = Path(__file__).resolve().parent
EPOCHS = 5


class PlainTracker:
    """Writes one folder: settings and surroundings at once, the rest as it comes.

    Args:
        config: The hyperparameters.
        folder: Made by the tracker; it must not exist.
    """

    def __init__(self, config: dict[str, Any], folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._write("config.yaml", config)
        self._write(
            "environment.yaml",
            {
                "python_version": sys.version,
                "torch_version": str(torch.__version__),
                "cuda_version": torch.version.cuda,
                "gpu_name": None,
                "gpu_count": torch.cuda.device_count(),
            },
        )
        self._write_git_state()
        self.logger = logging.getLogger(folder.name)
        self.logger.setLevel(logging.INFO)
        handler = logging.FileHandler(folder / "training.log", encoding="utf-8")
        layout = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
        handler.setFormatter(logging.Formatter(layout))
        self.logger.addHandler(handler)
        self._best = float("-inf")

    def _write(self, name: str, document: dict[str, Any]) -> None:
        text = yaml.safe_dump(document, sort_keys=False)
        (self.folder / name).write_text(text, encoding="utf-8")

    def _write_git_state(self) -> None:
        changes = git("status", "--porcelain")
        state = {
            "commit": git("rev-parse", "HEAD").strip(),
            "branch": git("rev-parse", "--abbrev-ref", "HEAD").strip(),
            "is_dirty": bool(changes.strip()),
        }
        self._write("git_info.yaml", state)
        if state["is_dirty"]:
            (self.folder / "git_diff.patch").write_text(git("diff"), encoding="utf-8")

    def log_metrics(self, metrics: dict[str, float], step: int) -> None:
        self.logger.info("Step %d: %s", step, metrics)

    def save_checkpoint(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, epoch: int, accuracy: float
    ) -> None:
        checkpoint = {
            "epoch": epoch,
            "model_state_dict": model.state_dict(),
            "optimizer_state_dict": optimizer.state_dict(),
            "val_accuracy": accuracy,
        }
        folder = self.folder / "checkpoints"
        folder.mkdir(exist_ok=True)
        torch.save(checkpoint, folder / f"checkpoint_epoch_{epoch}.pt")
        if accuracy > self._best:
            self._best = accuracy
            torch.save(checkpoint, folder / "best_model.pt")
            self.logger.info("New best model saved: val_accuracy=%.4f", accuracy)

    def log_figure(self, name: str, figure: Figure, step: int) -> None:
        folder = self.folder / "figures"
        folder.mkdir(exist_ok=True)
        figure.savefig(folder / f"{name}_step_{step}.png")

    def finish(self) -> None:
        self.logger.info("Experiment tracking finished.")


def git(*words: str) -> str:
    return subprocess.check_output(["git", *words], cwd=HERE, text=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train with a tracker of one's own.")
    parser.add_argument("--config", type=Path, required=True, help="YAML file of hyperparameters")
    config = yaml.safe_load(parser.parse_args().config.read_text(encoding="utf-8"))
    torch.manual_seed(config["seed"])
    name = f"{config['model']['name']}_digits_{datetime.now():%Y%m%d_%H%M%S}"
    tracker = PlainTracker(config, HERE / "runs" / "digits" / "plain" / name)
    digits = load_digits(HERE / config["data"]["file"])
    data = split(digits, config["data"]["val_fraction"], config["data"]["split_seed"])
    train(tracker, config, *data)
    tracker.finish()


def train(
    tracker: PlainTracker, config: dict[str, Any], training: Digits, validation: Digits
) -> None:
    model = create_model(**config["model"])
    optimizer = torch.optim.SGD(model.parameters(), config["training"]["lr"], momentum=0.9)
    step = 0
    for epoch in range(EPOCHS):
        model.train()
        for rows in torch.randperm(len(training.ids)).split(config["training"]["batch_size"]):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(training.images[rows]), training.labels[rows])
            loss.backward()
            optimizer.step()
            if step % 5 == 0:
                tracker.log_metrics({"train/loss": loss.item()}, step)
            step += 1
        model.eval()
        with torch.no_grad():
            logits = model(validation.images)
        predictions = logits.argmax(1)
        accuracy = (predictions == validation.labels).sum().item() / len(predictions)
        val_loss = nn.functional.cross_entropy(logits, validation.labels).item()
        tracker.log_metrics({"val/loss": val_loss, "val/accuracy": accuracy}, step - 1)
        tracker.save_checkpoint(model, optimizer, epoch, accuracy)
    tracker.log_figure("confusion_matrix", confusion_matrix(validation.labels, predictions), step)


if __name__ == "__main__":
    main()
