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

from measure import Row, machine, median, print_rows

import reportgen

EPOCHS, ROUNDS, BATCH, WIDTH = 30, 7, 32, 256
CAPTURES_WITHIN_SECONDS = 30


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
    variants: dict[str, frozenset[str]] = {
        "no tracking": frozenset(),
        "scalars each step": frozenset({"run", "scalars"}),
        "scalars, two checkpoints": frozenset({"run", "scalars", "checkpoints"}),
        "scalars, a figure every 10 epochs": frozenset({"run", "scalars", "figures"}),
        "all of it": frozenset({"run", "scalars", "checkpoints", "figures", "predictions"}),
    }
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(ROUNDS + 1):
            for name, kinds in variants.items():
                seconds = train(features, labels, kinds, Path(folder) / f"{turn}-{len(kinds)}")
                if turn:
                    spent[name].append(seconds)
    bases = spent["no tracking"]
    rows = [
        Row(
            name,
            f"{median([wall for _, wall in values]):.2f} s",
            f"{paired(values, bases, 0):+.2%} own thread, {paired(values, bases, 1):+.2%} wall",
            {"scalars each step": "<= 0.1 %", "all of it": "< 5 %"}.get(name, ""),
        )
        for name, values in spent.items()
    ]
    steps = EPOCHS * -(-len(labels) // BATCH)
    each = median([thread for thread, _ in bases]) / steps * 1e6
    print_rows(f"Training overhead, paired, {steps} steps of {each:.0f} us", rows)
    print(f"  {machine()}; the loop is timed from the first step on, start and end apart")


def paired(
    values: list[tuple[float, float]], bases: list[tuple[float, float]], clock: int
) -> float:
    """Return the median over the turns of how much longer a variant took within its turn."""
    return (
        median([value[clock] / base[clock] for value, base in zip(values, bases, strict=True)]) - 1
    )


def train(
    features: object, labels: object, kinds: frozenset[str], root: Path
) -> tuple[float, float]:
    """Return the seconds of the loop: of its own thread's processor time, and by the wall."""
    import torch

    torch.manual_seed(7)
    model = torch.nn.Sequential(
        torch.nn.Linear(64, WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, 10)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    loss_of = torch.nn.CrossEntropyLoss()
    run = reportgen.start_run(config={"lr": 0.1}, name="bench", root=root) if kinds else None
    if run is not None:
        wait_for_captures(run.folder)
    gc.collect()
    before = time.thread_time(), time.perf_counter()
    step = 0
    for epoch in range(EPOCHS):
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
            end_of_epoch(run, model, optimizer, epoch, step, value, kinds)
    seconds = time.thread_time() - before[0], time.perf_counter() - before[1]
    if run is not None:
        run.finish()
    return seconds


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
    epoch: int,
    step: int,
    value: float,
    kinds: frozenset[str],
) -> None:
    log: Callable[..., object]
    if "checkpoints" in kinds and epoch in (EPOCHS // 2, EPOCHS - 1):
        log = run.save_checkpoint  # type: ignore[attr-defined]
        log(model, optimizer, epoch=epoch, metric=("train/loss", value))
    if "figures" in kinds and epoch % 10 == 0:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(4, 3))
        figure.subplots().plot(range(epoch + 2))
        run.log_figure("curve", figure, step=step)  # type: ignore[attr-defined]
    if "predictions" in kinds and epoch == EPOCHS - 1:
        run.log_predictions(  # type: ignore[attr-defined]
            "val", ids=range(360), labels=[1] * 360, predictions=[1] * 360
        )


if __name__ == "__main__":
    sys.exit(main())
