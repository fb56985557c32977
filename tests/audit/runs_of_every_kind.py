"""A small root of runs, each with its own fault, for the golden outputs."""

from __future__ import annotations

import math
from pathlib import Path

from reportgen.testing import make_golden_group, make_repository, make_run


def make_runs(folder: Path) -> Path:
    """Make a repository with two golden runs and five with a fault each; return their group.

    Three more seeds in another group make replicates of them, which nobody asks about.
    """
    lab = make_repository(folder / "lab")
    runs = lab / "runs"
    make_run(runs, "golden", repository=lab)
    make_run(runs, "golden_seed8", repository=lab, seed=8)
    make_golden_group(runs, repository=lab, group="more_seeds", seeds=(9, 10, 11))
    local = "numpy==2.4.6  # index\ntorch==2.13.0  # a local folder\n"
    make_run(runs, "local_torch", repository=lab, seed=12, files={"requirements.txt": local})
    nan = [
        {
            "step": step,
            "time": 1767323045.0 + step,
            "metrics": {
                "train/loss": math.exp(-step / 9) if step < 60 else "NaN",
                **({"val/loss": 1 / (step + 1)} if step % 12 == 11 else {}),
            },
        }
        for step in range(120)
    ]
    make_run(runs, "diverged", repository=lab, seed=13, metrics=nan, checkpoints=False)
    ending = {"status": "running", "ended": None, "exit_code": None}
    make_run(
        runs,
        "killed",
        repository=lab,
        run=ending,
        summary=None,
        git={"dirty_end": None},
        captured={"exit": None},
        sealed=False,
    )
    crashed = {"status": "failed", "exit_code": 1}
    words = {"stderr.log": "Traceback (most recent call last):\nValueError: no such class: 11\n"}
    make_run(runs, "crashed", repository=lab, run=crashed, files=words)
    forged = make_run(runs, "forged", repository=lab, environment={"seeds": {"torch": 8}})
    summary = (forged / "summary.yaml").read_text()
    (forged / "summary.yaml").write_text(summary.replace("best: 0.9", "best: 0.97"))
    return runs / "digits/baseline"
