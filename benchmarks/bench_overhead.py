"""What tracking costs a whole training: the example's model and loop with and without the logger.

All variants train the same network on the same digits from the same seed, in turn (A B A B ...),
so that a drift of the machine hits all. Each kind of logging is added by itself. Two clocks: the
processor time of the training's own thread, which a busy machine does not disturb, and the wall
clock, which also feels threads in the background.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import Row, machine, median, print_rows

import reportgen

ROUNDS, BATCH = 5, 32
EPOCHS = {"MLP of width 256": 30, "CNN of width 16": 11}
CAPTURES_WITHIN_SECONDS = 30
VARIANTS: dict[str, frozenset[str]] = {
    "no tracking": frozenset(),
    "scalars each step": frozenset({"run", "scalars"}),
    "scalars, two checkpoints": frozenset({"run", "scalars", "checkpoints"}),
    "scalars, a figure every 10 epochs": frozenset({"run", "scalars", "figures"}),
    "all of it": frozenset({"run", "scalars", "checkpoints", "figures", "predictions"}),
}
GOALS = {"scalars each step": "<= 0.1 %", "all of it": "< 5 %"}


def main() -> None:
    try:
        import matplotlib
        import torch
        from sklearn.datasets import load_digits
    except ImportError as error:
        print(f"bench_overhead: needs the extra 'examples' ({error.name} is not installed)")
        return
    matplotlib.use("agg")
    torch.set_num_threads(1)
    digits = load_digits()
    features = torch.tensor(digits.data / 16, dtype=torch.float32)
    labels = torch.tensor(digits.target)
    for network in EPOCHS:
        compare(network, features, labels)
    print(f"  {machine()}; the loop is timed from the first step on, start and end apart")


def compare(network: str, features: object, labels: object) -> None:
    """Train with every variant in turn, and print what each adds to the time of the loop."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in VARIANTS}
    counted: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(ROUNDS + 1):
            for name, kinds in VARIANTS.items():
                root = Path(folder) / f"{turn}-{len(kinds)}"
                seconds, counted = train(network, features, labels, kinds, root)
                if turn:
                    spent[name].append(seconds)
    bases = spent["no tracking"]
    rows = [
        Row(
            name,
            f"{median([wall for _, wall in values]):.2f} s",
            f"{paired(values, bases, 0):+.2%} own thread, {paired(values, bases, 1):+.2%} wall",
            GOALS.get(name, ""),
        )
        for name, values in spent.items()
    ]
    loop = median([wall for _, wall in bases])
    rows += [
        Row(
            f"of all of it, counted by the run: {kind}", f"{seconds:.3f} s", f"{seconds / loop:.2%}"
        )
        for kind, seconds in sorted(counted.items())
        if kind in ("metrics", "checkpoints", "figures", "predictions")
    ]
    steps = EPOCHS[network] * -(-len(labels) // BATCH)  # type: ignore[arg-type]
    each = median([thread for thread, _ in bases]) / steps * 1e6
    print_rows(f"Training overhead, {network}, paired, {steps} steps of {each:.0f} us", rows)


def paired(
    values: list[tuple[float, float]], bases: list[tuple[float, float]], clock: int
) -> float:
    """Return the median over the turns of how much longer a variant took within its turn."""
    return (
        median([value[clock] / base[clock] for value, base in zip(values, bases, strict=True)]) - 1
    )


def train(
    network: str, features: object, labels: object, kinds: frozenset[str], root: Path
) -> tuple[tuple[float, float], dict[str, float]]:
    """Return the seconds of the loop (own thread, wall) and what the run counted by kind."""
    import torch

    torch.manual_seed(7)
    model = create_network(network)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    loss_of = torch.nn.CrossEntropyLoss()
    run = reportgen.start_run(config={"lr": 0.1}, name="bench", root=root) if kinds else None
    if run is not None:
        wait_for_captures(run.folder)
    gc.collect()
    before = time.thread_time(), time.perf_counter()
    step = 0
    epochs = EPOCHS[network]
    for epoch in range(epochs):
        for index in torch.randperm(len(labels)).split(BATCH):  # type: ignore[arg-type]
            optimizer.zero_grad()
            loss = loss_of(model(features[index]), labels[index])  # type: ignore[index]
            loss.backward()
            optimizer.step()
            value = loss.item()
            if run is not None and "scalars" in kinds:
                run.log({"train/loss": value, "train/lr": 0.1, "epoch": epoch}, step=step)
            step += 1
        if run is not None:
            end_of_epoch(run, model, optimizer, (epoch, epochs), step, value, kinds)
    seconds = time.thread_time() - before[0], time.perf_counter() - before[1]
    counted: dict[str, float] = {}
    if run is not None:
        run.finish()
        counted = dict(run.context.run.overhead_seconds)
    return seconds, counted


def create_network(network: str) -> Any:
    """Return a network for 64 features of an image of 8 by 8, and ten classes."""
    from torch import nn

    if network.startswith("MLP"):
        return nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
    return nn.Sequential(
        *(nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 16, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        nn.Linear(512, 10),
    )


def wait_for_captures(folder: Path) -> None:
    """Wait until the background has written what it found: a cost of the start, not of the loop."""
    until = time.monotonic() + CAPTURES_WITHIN_SECONDS
    wanted = ("git_info.yaml", "environment.yaml", "requirements.txt", "data.yaml")
    while time.monotonic() < until and not all((folder / name).exists() for name in wanted):
        time.sleep(0.05)
    time.sleep(0.2)


def end_of_epoch(
    run: object,
    model: object,
    optimizer: object,
    epoch_of: tuple[int, int],
    step: int,
    value: float,
    kinds: frozenset[str],
) -> None:
    log: Callable[..., object]
    epoch, epochs = epoch_of
    if "checkpoints" in kinds and epoch in (epochs // 2, epochs - 1):
        log = run.save_checkpoint  # type: ignore[attr-defined]
        log(model, optimizer, epoch=epoch, metric=("train/loss", value))
    if "figures" in kinds and epoch % 10 == 0:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(4, 3))
        figure.subplots().plot(range(epoch + 2))
        run.log_figure("curve", figure, step=step)  # type: ignore[attr-defined]
    if "predictions" in kinds and epoch == epochs - 1:
        run.log_predictions(  # type: ignore[attr-defined]
            "val", ids=range(360), labels=[1] * 360, predictions=[1] * 360
        )


if __name__ == "__main__":
    sys.exit(main())
