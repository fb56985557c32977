"""What tracking costs a whole training, with and without the logger, for three lengths of a step.

Two ways to look. In the loop: at random one step in so many logs, another only does what any record
that survives the process needs (orjson and one ``os.write``), another nothing, and the call alone
is timed where it happens, between two steps that have filled the processor's caches with their own;
the step after it too. That tells microseconds. Whole trainings in turn (A B A B ...), from the same
seed on the same digits, tell what adds up, figures and checkpoints too, and no less than the noise
between two equal trainings, which is printed with it.

Times are processor time of the training's own thread, which a busy machine disturbs least, and, for
whole trainings, wall time, which also feels threads in the background.
"""

from __future__ import annotations

import gc
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from measure import Row, machine, median, print_rows

import reportgen

ROUNDS = 3
EVERY = 10  # what the customary log_every of trainers logs


class Training(NamedTuple):
    """A network, the size of its batches, and how long it is looked at.

    Attributes:
        steps: Of the look in the loop.
        epochs: Of a whole training; None leaves that out.
    """

    network: str
    batch: int
    steps: int
    epochs: int | None


TRAININGS = (
    Training("MLP of width 256", 32, 6_000, None),
    Training("CNN of width 16", 32, 3_000, 11),
    Training("CNN of width 48", 128, 600, 11),
)
CAPTURES_WITHIN_SECONDS = 30
VARIANTS: dict[str, frozenset[str]] = {
    "no tracking": frozenset(),
    "no tracking, once more": frozenset(),
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
    for training in TRAININGS:
        look_into_the_loop(training, features, labels)
        if training.epochs is not None:
            compare(training, features, labels)
    print(f"  {machine()}; the loop is timed from the first step on, start and end apart")


# -- in the loop --------------------------------------------------------------------------


def look_into_the_loop(training: Training, features: Any, labels: Any) -> None:
    """Print what one call costs between two steps, and what the step after it feels of it."""
    import torch

    with tempfile.TemporaryDirectory() as folder:
        run = reportgen.start_run(config={"lr": 0.01}, name="bench", root=folder)
        wait_for_captures(run.folder)
        file = os.open(Path(folder) / "floor.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        spent, after, steps = sampled(training, features, labels, calls_of(run, file))
        os.close(file)
        run.finish()
    step, timer = median(steps), median(spent["nothing"])
    floor = median(spent["floor: orjson, one os.write"]) - timer
    rows = []
    for name, values in spent.items():
        cost = median(values) - timer
        if name == "nothing":
            continue
        share = f"{cost / step:.2%} of a step, {cost / step / EVERY:.3%} every {EVERY}th"
        goal = "<= 0.1 %" if name.startswith("run.log") else ""
        rows.append(Row(name, f"{cost:.1f} us", f"{share}; {cost / floor:.2f}x the floor", goal))
    quiet = median(after["nothing"])
    noise = abs(median(after["nothing"][::2]) - median(after["nothing"][1::2]))
    for name, values in after.items():
        if name != "nothing":
            felt = f"{median(values) - quiet:+.1f} us"
            rows.append(Row(f"the step after: {name}", felt, f"noise about {noise:.1f} us"))
    title = f"In the loop, {training.network}, batch {training.batch}, steps of {step:.0f} us"
    print_rows(f"{title} ({torch.get_num_threads()} thread)", rows)


def calls_of(run: Any, file: int) -> dict[str, Callable[[Any, int], object]]:
    """Return what is done after a step with its loss (a tensor) and its number."""
    write, dumps, newline = os.write, orjson.dumps, orjson.OPT_APPEND_NEWLINE

    def floor(loss: Any, step: int) -> None:
        metrics = {"train/loss": step / 7, "train/lr": 0.1, "epoch": 0}
        write(file, dumps({"step": step, "time": time.time(), "metrics": metrics}, None, newline))

    def floats(loss: Any, step: int) -> None:
        run.log({"train/loss": step / 7, "train/lr": 0.1, "epoch": 0}, step=step)

    def tensor(loss: Any, step: int) -> None:
        run.log({"train/loss": loss, "train/lr": 0.1, "epoch": 0}, step=step)

    run.define_metric("thinned", every=10 * EVERY)

    def left_out(loss: Any, step: int) -> None:
        run.log({"thinned": loss}, step=step)

    return {
        "nothing": lambda loss, step: None,
        "floor: orjson, one os.write": floor,
        "run.log, three floats": floats,
        "run.log, one of them a tensor": tensor,
        "run.log, a point that every= leaves out": left_out,
    }


Spent = dict[str, list[float]]


def sampled(
    training: Training, features: Any, labels: Any, calls: dict[str, Callable[[Any, int], object]]
) -> tuple[Spent, Spent, list[float]]:
    """Return microseconds of each call, of the step after each, and of all steps."""
    import torch

    torch.manual_seed(7)
    model, optimizer, loss_of = prepared(training.network, rate=0.01)
    batches = torch.randperm(len(labels)).split(training.batch)[:-1]
    spent: Spent = {name: [] for name in calls}
    after: Spent = {name: [] for name in calls}
    steps, before, clock = [], "", time.thread_time_ns
    names, draw = list(calls), random.Random(7)
    for step in range(training.steps):
        rows = batches[step % len(batches)]
        start = clock()
        loss = one_step(model, optimizer, loss_of, features[rows], labels[rows])
        trained = clock()
        name = draw.choice(names)
        function = calls[name]
        called = clock()
        function(loss, step)
        done = clock()
        if step > len(batches):
            spent[name].append((done - called) / 1e3)
            after[before].append((trained - start) / 1e3)
            steps.append((trained - start) / 1e3)
        before = name
    return spent, after, steps


def prepared(network: str, rate: float) -> tuple[Any, Any, Any]:
    import torch

    model = create_network(network)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    return model, optimizer, torch.nn.CrossEntropyLoss()


def one_step(model: Any, optimizer: Any, loss_of: Any, features: Any, labels: Any) -> Any:
    optimizer.zero_grad()
    loss = loss_of(model(features), labels)
    loss.backward()
    optimizer.step()
    return loss.detach()


# -- whole trainings ----------------------------------------------------------------------


def compare(training: Training, features: Any, labels: Any) -> None:
    """Train with every variant in turn, and print what each adds to the time of the loop."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in VARIANTS}
    counted: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(ROUNDS + 1):
            for number, (name, kinds) in enumerate(VARIANTS.items()):
                root = Path(folder) / f"{turn}-{number}"
                seconds, counted = train(training, features, labels, kinds, root)
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
    loop = median([thread for thread, _ in bases])
    rows += [
        Row(
            f"of all of it, counted by the run: {kind}", f"{seconds:.3f} s", f"{seconds / loop:.2%}"
        )
        for kind, seconds in sorted(counted.items())
        if kind in ("metrics", "checkpoints", "figures", "predictions")
    ]
    drawn = counted["figures"] / len(figure_epochs(training.epochs or 0))
    rows.append(
        Row(
            "one figure, drawn by matplotlib",
            f"{drawn * 1e3:.0f} ms",
            f"2 % of ten epochs that take {drawn / 0.02:.1f} s",
        )
    )
    assert training.epochs is not None
    steps = training.epochs * -(-len(labels) // training.batch)
    each = loop / steps * 1e6
    title = f"Whole trainings, {training.network}, batch {training.batch}, in turn"
    print_rows(f"{title}: {training.epochs} epochs, {steps} steps of {each:.0f} us", rows)


def paired(
    values: list[tuple[float, float]], bases: list[tuple[float, float]], clock: int
) -> float:
    """Return the median over the turns of how much longer a variant took within its turn."""
    return (
        median([value[clock] / base[clock] for value, base in zip(values, bases, strict=True)]) - 1
    )


def train(
    training: Training, features: Any, labels: Any, kinds: frozenset[str], root: Path
) -> tuple[tuple[float, float], dict[str, float]]:
    """Return the seconds of the loop (own thread, wall) and what the run counted by kind."""
    import torch

    torch.manual_seed(7)
    model, optimizer, loss_of = prepared(training.network, rate=0.1)
    run = reportgen.start_run(config={"lr": 0.1}, name="bench", root=root) if kinds else None
    if run is not None:
        wait_for_captures(run.folder)
    gc.collect()
    before = time.thread_time(), time.perf_counter()
    step = 0
    epochs = training.epochs or 0
    for epoch in range(epochs):
        for rows in torch.randperm(len(labels)).split(training.batch):
            value = one_step(model, optimizer, loss_of, features[rows], labels[rows]).item()
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


def figure_epochs(epochs: int) -> range:
    """Return the epochs at whose end a figure is logged."""
    return range(0, epochs, 10)


def create_network(network: str) -> Any:
    """Return a network for 64 features of an image of 8 by 8, and ten classes."""
    from torch import nn

    if network.startswith("MLP"):
        return nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
    width = int(network.rpartition(" ")[2])
    return nn.Sequential(
        *(nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, width, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        nn.Linear(32 * width, 10),
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
    if "figures" in kinds and epoch in figure_epochs(epochs):
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
