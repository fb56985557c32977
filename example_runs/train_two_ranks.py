"""Train the network of train.py on two ranks of one job: how a distributed training is logged.

    python train_two_ranks.py --config configs/mlp_two_ranks.yaml

Each rank trains on its half of every batch; gradients are averaged over gloo, on this machine
alone. Both call ``start_run``: with ``ranks="all"`` they share one run folder, and each writes
the metrics of its own part.
"""

from __future__ import annotations

import argparse
import os
import socket
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import yaml
from digits import Digits, load_digits, split
from models import create_model
from plots import confusion_matrix
from torch import nn
from train import augmented, create_optimizer, define_accuracy, evaluate, gradient_norm

import reportgen

HERE = Path(__file__).resolve().parent
RANKS = 2


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train on two ranks of one job.")
    parser.add_argument("--config", type=Path, required=True, help="YAML file of hyperparameters")
    parser.add_argument(
        "--name", default="two_ranks", help="name of the run, the same on all ranks"
    )
    parser.add_argument("--note", help="why the run is made, in a sentence")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(train_rank, args=(arguments, port), nprocs=RANKS)


def train_rank(rank: int, arguments: argparse.Namespace, port: int) -> None:
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=RANKS)
    config: dict[str, Any] = yaml.safe_load(arguments.config.read_text(encoding="utf-8"))
    with reportgen.start_run(
        config=config,
        project="digits",
        group="two-ranks",
        name=arguments.name,
        notes=arguments.note,
        tags={"model": config["model"]["name"], "dataset": config["data"]["name"]},
        seed=config["seed"],
        deterministic=True,
        data=[HERE / config["data"]["file"]],
        checkpoints={"keep_last": 2, "best": "val/accuracy", "best_without_optimizer": True},
        root=HERE / "runs",
        ranks="all",
    ) as run:
        define_accuracy(run)
        train(run, rank)
    dist.destroy_process_group()


def train(run: reportgen.ActiveRun, rank: int) -> None:
    config = run.config
    training, validation = split(
        load_digits(HERE / config.data.file), config.data.val_fraction, config.data.split_seed
    )
    splits = {"train": training.ids, "val": validation.ids}
    run.log_splits(splits, method="random", seed=config.data.split_seed)
    network = create_model(config.model.name, config.model.width, config.model.dropout)
    model = nn.parallel.DistributedDataParallel(network)
    optimizer = create_optimizer(network, config.training)
    if config.training.batch_size * RANKS != config.training.global_batch_size:
        raise SystemExit(f"training.global_batch_size is not {RANKS} times training.batch_size")
    print(f"{config.model.name} on {config.data.name}, rank {rank} of {RANKS}")
    step = 0
    for epoch in range(config.training.epochs):
        model.train()
        # The same order on all ranks, so that their parts of a batch do not overlap.
        order = torch.randperm(
            len(training.labels), generator=torch.Generator().manual_seed(config.seed + epoch)
        )
        for batch in order.split(config.training.global_batch_size):
            rows = batch[rank::RANKS]
            images = training.images[rows]
            if config.data.augment:
                images = augmented(images)
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images), training.labels[rows])
            loss.backward()
            norm = gradient_norm(network)  # of the averaged gradients, the same on all ranks
            optimizer.step()
            lr = optimizer.param_groups[0]["lr"]
            run.log({"train/loss": loss, "train/lr": lr, "train/grad_norm": norm}, step=step)
            step += 1
        if rank == 0:
            validate(run, network, optimizer, validation, epoch, step - 1)
        dist.barrier()
    if rank == 0:
        keep_answers(run, network, validation, step - 1)


def validate(
    run: reportgen.ActiveRun,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    validation: Digits,
    epoch: int,
    step: int,
) -> None:
    logits, loss = evaluate(network, validation)
    accuracy = (logits.argmax(1) == validation.labels).sum().item() / len(logits)
    run.log({"val/loss": loss, "val/accuracy": accuracy}, step=step)
    run.save_checkpoint(
        network, optimizer, epoch=epoch, step=step, metric=("val/accuracy", accuracy)
    )


def keep_answers(
    run: reportgen.ActiveRun, network: nn.Module, validation: Digits, step: int
) -> None:
    predictions = evaluate(network, validation)[0].argmax(1)
    run.log_predictions(
        "val", ids=validation.ids, labels=validation.labels, predictions=predictions
    )
    run.log_figure("confusion_matrix", confusion_matrix(validation.labels, predictions), step)


if __name__ == "__main__":
    main()
