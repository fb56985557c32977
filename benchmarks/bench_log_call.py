"""What a log call of three scalars costs its caller, beside the floor and the peers.

The floor is the least that keeps the promise "a call that returned survives a kill": one
orjson.dumps of the record and one os.write on an O_APPEND descriptor.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import orjson
from measure import Row, in_turn, machine, median, print_rows

import reportgen

ROUNDS, CALLS = 8, 2_000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        measure_in(Path(folder))


def measure_in(folder: Path) -> None:
    descriptor = os.open(folder / "floor.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    clock, dumps, write = time.time, orjson.dumps, os.write
    append = orjson.OPT_APPEND_NEWLINE

    def floor(step: int) -> None:
        metrics = {"train/loss": 0.5 / (step + 1), "train/lr": 0.1, "train/accuracy": 0.9}
        write(descriptor, dumps({"step": step, "time": clock(), "metrics": metrics}, None, append))

    run = reportgen.start_run(config={"lr": 0.1}, name="bench", root=folder / "runs")

    def ours(step: int) -> None:
        run.log({"train/loss": 0.5 / (step + 1), "train/lr": 0.1, "train/accuracy": 0.9}, step=step)

    candidates = {"floor: orjson + one os.write": floor, "reportgen run.log": ours}
    writer = torch_writer(folder)
    if writer is not None:

        def peer(step: int) -> None:
            writer.add_scalar("train/loss", 0.5 / (step + 1), step)  # type: ignore[attr-defined]
            writer.add_scalar("train/lr", 0.1, step)  # type: ignore[attr-defined]
            writer.add_scalar("train/accuracy", 0.9, step)  # type: ignore[attr-defined]

        candidates["torch SummaryWriter"] = peer
    time.sleep(2)  # the captures of start_run run in the background and would disturb both
    spent = in_turn(candidates, rounds=ROUNDS, calls=CALLS)
    run.finish()
    os.close(descriptor)
    figures = {name: median(values) for name, values in spent.items()}
    base = figures["floor: orjson + one os.write"]
    own = figures["reportgen run.log"]
    rows = [
        Row(name, f"{figure:.2f} us", f"{figure / base:.2f} x floor", goal_of(name))
        for name, figure in figures.items()
    ]
    if writer is not None:
        rows.append(
            Row(
                "SummaryWriter over reportgen",
                "",
                f"{figures['torch SummaryWriter'] / own:.0f} x",
                ">= 40 x",
            )
        )
    lines = (run.folder / "metrics.jsonl").read_bytes()
    scalars = 3 * lines.count(b"\n")
    rows.append(Row("bytes a scalar", f"{len(lines) / scalars:.0f}", "", "<= 50"))
    print_rows(f"Log call, three scalars, caller's thread, median of {ROUNDS * CALLS}", rows)
    print(f"  {machine()}")


def torch_writer(folder: Path) -> object | None:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        print("torch or tensorboard is not installed: SummaryWriter is left out")
        return None
    writer: object = SummaryWriter(folder / "tensorboard")
    return writer


def goal_of(name: str) -> str:
    return "<= 2.0 x floor" if name.startswith("reportgen") else ""


if __name__ == "__main__":
    main()
