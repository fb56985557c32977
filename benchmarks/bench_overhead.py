"""What tracking costs a whole training: the example's model and loop with and without the logger.

Both variants train the same network on the same digits from the same seed, in turn (A B A B ...),
so that a drift of the machine hits both. Each kind of logging is added by itself.
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

EPOCHS, ROUNDS, BATCH, WIDTH = 12, 5, 32, 128


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
    spent: dict[str, list[float]] = {name: [] for name in variants}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(ROUNDS + 1):
            for name, kinds in variants.items():
                seconds = train(features, labels, kinds, Path(folder) / f"{turn}-{len(kinds)}")
                if turn:
                    spent[name].append(seconds)
    base = median(spent["no tracking"])
    rows = [
        Row(
            name,
            f"{median(values):.2f} s",
            f"{paired(values, spent['no tracking']) - 1:+.2%}",
            {"scalars each step": "<= 0.1 %", "all of it": "< 5 %"}.get(name, ""),
        )
        for name, values in spent.items()
    ]
    steps = EPOCHS * -(-len(labels) // BATCH)
    print_rows(f"Training overhead, paired, {steps} steps of {base / steps * 1e6:.0f} us", rows)
    print(f"  {machine()}; the loop is timed from the first step on, start and end apart")


def paired(values: list[float], bases: list[float]) -> float:
    """Return the median of the ratios within each turn."""
    return median([value / base for value, base in zip(values, bases, strict=True)])


def train(features: object, labels: object, kinds: frozenset[str], root: Path) -> float:
    import torch

    torch.manual_seed(7)
    model = torch.nn.Sequential(
        torch.nn.Linear(64, WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, 10)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    loss_of = torch.nn.CrossEntropyLoss()
    run = reportgen.start_run(config={"lr": 0.1}, name="bench", root=root) if kinds else None
    if run is not None:
        time.sleep(1.0)  # the captures of the start are a cost of the start, not of the loop
    gc.collect()
    before = time.perf_counter()
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
    seconds = time.perf_counter() - before
    if run is not None:
        run.finish()
    return seconds


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
