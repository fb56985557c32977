"""Train a small network on handwritten digits: a model of how a run is logged.

    python train.py --config configs/mlp.yaml
    python train.py --config configs/mlp.yaml --lr 0.3 --seed 2 --group lr-search
    python train.py --config configs/mlp.yaml --resume runs/.../checkpoint_epoch_7.pt --epochs 30

What is about logging are the lines with ``run``; the rest is an ordinary training.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
import yaml
from digits import Digits, load_digits, split
from models import create_model
from plots import confusion_matrix, mistakes
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import reportgen

HERE = Path(__file__).resolve().parent


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a small network on handwritten digits.")
    parser.add_argument("--config", type=Path, required=True, help="YAML file of hyperparameters")
    parser.add_argument("--resume", type=Path, help="checkpoint of a run to go on with")
    parser.add_argument("--name", help="name of the run; made from what is varied by default")
    parser.add_argument("--group", help="group of runs that it belongs to")
    parser.add_argument("--note", help="why the run is made, in a sentence")
    parser.add_argument("--lr", type=float, help="overrides training.lr")
    parser.add_argument("--epochs", type=int, help="overrides training.epochs")
    parser.add_argument("--width", type=int, help="overrides model.width")
    parser.add_argument("--seed", type=int, help="overrides seed")
    return parser.parse_args()


def read_config(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the hyperparameters: the file, and what the command line says otherwise."""
    config: dict[str, Any] = yaml.safe_load(arguments.config.read_text(encoding="utf-8"))
    for section, key in (("training", "lr"), ("training", "epochs"), ("model", "width")):
        if (value := getattr(arguments, key)) is not None:
            config[section][key] = value
    if arguments.seed is not None:
        config["seed"] = arguments.seed
    return config


def main() -> None:
    arguments = parse_arguments()
    config = read_config(arguments)
    with reportgen.start_run(
        config=config,
        project="digits",
        group=arguments.group,
        name=arguments.name,
        notes=arguments.note,
        tags={"model": config["model"]["name"], "dataset": config["data"]["name"]},
        seed=config["seed"],
        deterministic=True,
        data=[HERE / config["data"]["file"]],
        checkpoints={"keep_last": 2, "best": "val/accuracy", "best_without_optimizer": True},
        root=HERE / "runs",
        resume=arguments.resume,
    ) as run:
        define_accuracy(run)
        train(run, arguments.resume)


def define_accuracy(run: reportgen.ActiveRun) -> None:
    """Say what val/accuracy is, and that more of it is better."""
    run.define_metric(
        "val/accuracy",
        goal="maximize",
        split="val",
        unit="fraction",
        aggregation="mean",
        implementation="torch.argmax(logits, 1) == labels",
    )


def train(run: reportgen.ActiveRun, resume: Path | None) -> None:
    config = run.config  # notes which keys are read
    digits = load_digits(HERE / config.data.file)
    training, validation = split(digits, config.data.val_fraction, config.data.split_seed)
    run.log_splits(
        {"train": training.ids, "val": validation.ids},
        method="random",
        seed=config.data.split_seed,
    )

    model = create_model(config.model.name, config.model.width, config.model.dropout)
    optimizer = create_optimizer(model, config.training)
    loader = DataLoader(
        TensorDataset(training.images, training.labels),
        batch_size=config.training.batch_size,
        shuffle=True,
    )
    print(f"{config.model.name} on {config.data.name}, {len(training.labels)} examples")
    first_epoch = load_checkpoint(resume, model, optimizer) if resume else 0
    step = first_epoch * len(loader)

    for epoch in range(first_epoch, config.training.epochs):
        model.train()
        for images, labels in loader:
            if config.data.augment:
                images = augmented(images)
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            norm = gradient_norm(model)
            optimizer.step()
            lr = optimizer.param_groups[0]["lr"]
            run.log({"train/loss": loss, "train/lr": lr, "train/grad_norm": norm}, step=step)
            step += 1

        logits, val_loss = evaluate(model, validation)
        predictions = logits.argmax(1)
        accuracy = (predictions == validation.labels).sum().item() / len(predictions)
        run.log({"val/loss": val_loss, "val/accuracy": accuracy}, step=step - 1)
        run.save_checkpoint(
            model, optimizer, epoch=epoch, step=step - 1, metric=("val/accuracy", accuracy)
        )
        print(f"epoch {epoch}: loss {val_loss:.4f}, accuracy {accuracy:.4f}")

    run.log_predictions(
        "val", ids=validation.ids, labels=validation.labels, predictions=predictions
    )
    run.log_figure("confusion_matrix", confusion_matrix(validation.labels, predictions), step - 1)
    run.log_figure(
        "mistakes", mistakes(validation.images, validation.labels, predictions), step - 1
    )


def create_optimizer(model: nn.Module, training: Any) -> torch.optim.Optimizer:
    if training.optimizer != "sgd":
        raise SystemExit(f"training.optimizer: {training.optimizer!r} is not known; expected 'sgd'")
    return torch.optim.SGD(
        model.parameters(),
        lr=training.lr,
        momentum=training.momentum,
        weight_decay=training.weight_decay,
    )


def evaluate(model: nn.Module, examples: Digits) -> tuple[Tensor, Tensor]:
    """Return the logits (n x 10) and the mean loss of n examples."""
    model.eval()
    with torch.no_grad():
        logits = model(examples.images)
        return logits, nn.functional.cross_entropy(logits, examples.labels)


def gradient_norm(model: nn.Module) -> Tensor:
    """Return the Euclidean norm of all gradients together."""
    return torch.nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None])


def augmented(images: Tensor) -> Tensor:
    # Only one example run has this module, in a work tree with uncommitted changes.
    from augment import shift

    return shift(images)


def load_checkpoint(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Restore model and optimizer, and return the epoch to go on with."""
    checkpoint = torch.load(path, weights_only=True)
    model.load_state_dict(checkpoint["model_state_dict"])
    optimizer.load_state_dict(checkpoint["optimizer_state_dict"])
    epoch: int = checkpoint["epoch"]
    return epoch + 1


if __name__ == "__main__":
    main()
