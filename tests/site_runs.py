"""Runs to build sites from."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

from reportgen.runs.times import to_iso
from reportgen.testing import make_run

START = 1_767_323_045.0
STEPS = 120


def records(
    *, lr: float = 0.1, seed: int = 1, steps: int = STEPS, nan: int | None = None
) -> list[dict[str, Any]]:
    """A loss that falls the faster the higher the rate, with a little noise of its seed."""
    noise = random.Random(f"{lr} {seed}")
    found = []
    for step in range(steps):
        broken = nan is not None and step >= nan
        loss = 2.3 * math.exp(-step * lr / 4) + 0.05 + 0.05 * noise.random()
        values: dict[str, Any] = {"train/loss": "NaN" if broken else loss, "train/lr": lr}
        if step % 10 == 9:
            values["val/loss"] = "NaN" if broken else loss + 0.1
            values["val/accuracy"] = 0.1 if broken else 0.97 - 0.3 * loss
        found.append({"step": step, "time": START + step / 4, "metrics": values})
    return found


def seeded_run(root: Path, number: int, name: str, *, lr: float, seed: int, **more: Any) -> Path:
    """A finished run that began ``number`` minutes after the first."""
    began = START + 60 * number
    return make_run(
        root,
        name,
        group=more.pop("group", "lr-search"),
        config={"lr": lr, "seed": seed},
        metrics=more.pop("metrics", records(lr=lr, seed=seed)),
        run={
            "id": f"01K{number:013d}",
            "created": to_iso(began),
            "ended": to_iso(began + 31),
            **more.pop("run", {}),
        },
        **more,
    )


def make_project(root: Path) -> Path:
    """Two settings of three and two seeds, one diverged run, one killed, one with a patch."""
    for number, (lr, seed) in enumerate([(0.1, 1), (0.1, 2), (0.1, 3), (0.01, 1), (0.01, 2)]):
        seeded_run(root, number, f"mlp_digits_lr{lr}_s{seed}", lr=lr, seed=seed)
    seeded_run(root, 5, "mlp_diverged", lr=5.0, seed=1, metrics=records(nan=60), group="bad")
    seeded_run(
        root,
        6,
        "mlp_killed",
        lr=0.1,
        seed=1,
        group="bad",
        metrics=records(steps=70),
        run={"status": "running", "ended": None},
        summary=None,
        sealed=False,
    )
    seeded_run(
        root,
        7,
        "mlp_dirty",
        lr=0.1,
        seed=4,
        group="bad",
        git={"dirty": True, "dirty_end": True, "untracked": ["augment.py"]},
        files={
            "git_diff.patch": "diff --git a/augment.py b/augment.py\nnew file mode 100644\n"
            "--- /dev/null\n+++ b/augment.py\n@@ -0,0 +1 @@\n+FLIP = True\n",
            "reproduce.sh": "#!/bin/sh\nset -eu\necho again\n",
            "figures/curve_step_7.svg": "<svg xmlns='http://www.w3.org/2000/svg'></svg>",
        },
    )
    return root
