"""Golden groups: five seeds of one setting, as plain as can be and with all that a run can have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Final

from reportgen.fs.documents import dump_yaml
from reportgen.runs import layout
from reportgen.runs.view import RunView
from reportgen.testing import documents
from reportgen.testing.documents import Document
from reportgen.testing.golden import ABSENT, make_run

SEEDS: Final = (7, 8, 9, 10, 11)
NEW_MODULE: Final = '"""A module that no commit holds yet."""\n\nDECAY = 0.98\n'
_DECAY: Final = 0.98
_TEST: Final = range(120, 144)
_TRAIN: Final = range(120)


def make_golden_group(
    root: Path,
    *,
    repository: Path | None = None,
    group: str = "baseline",
    seeds: Sequence[int] = SEEDS,
    **changes: Any,
) -> list[Path]:
    """Write one golden run of each seed and return their folders.

    Args:
        root: The runs go to ``root/digits/group``.
        repository: As of :func:`reportgen.testing.make_run`.
        group: Name of the group.
        seeds: One a run.
        changes: Further arguments of :func:`reportgen.testing.make_run`, for all of them.
    """
    return [
        make_run(
            root,
            f"mlp_digits_20260102-030405_lr0.1_seed{seed}",
            group=group,
            repository=repository,
            seed=seed,
            **changes,
        )
        for seed in seeds
    ]


def make_full_group(root: Path, *, repository: Path, group: str = "search") -> list[Path]:
    """Write five golden runs to which every check of hyperparameters and metrics applies.

    They were made with a module that is in no commit, a learning rate that decays, gradients of
    two batches added up, and a test split that was measured once. Their group is a search over
    seeds, and README.md of the repository quotes them.

    Args:
        root: The runs go to ``root/digits/group``.
        repository: Of :func:`reportgen.testing.make_repository`; gets the module and README.md.
        group: Name of the group.
    """
    (repository / "decay.py").write_text(NEW_MODULE, encoding="utf-8")
    runs = [_full_run(root, repository, group, seed) for seed in SEEDS]
    values = [_best(run) for run in runs]
    chosen = runs[values.index(max(values))].name
    sweep = {
        "name": group,
        "space": {"seed": list(SEEDS), "lr": {"min": 0.1, "max": 0.1}},
        "method": "grid",
        "planned": len(SEEDS),
        "metric": "val/accuracy",
        "goal": "maximize",
        "chosen": chosen,
    }
    (runs[0].parent / layout.SWEEP).write_text(dump_yaml(sweep), encoding="utf-8")
    (repository / "README.md").write_text(_readme(runs, values, group), encoding="utf-8")
    return runs


def _full_run(root: Path, repository: Path, group: str, seed: int) -> Path:
    rates = {"lr": 0.1, "initial_lr": 0.1}
    ended = {**rates, "lr": 0.1 * _DECAY**documents.STEPS}
    config = {
        **documents.config_document(seed),
        "batch_size": ABSENT,
        "micro_batch_size": 5,
        "grad_accum": 2,
        "global_batch_size": 10,
        "scheduler": "exponential",
        "gamma": _DECAY,
    }
    read = sorted(key for key, value in config.items() if value is not ABSENT)
    splits = {"train": _TRAIN, "test": _TEST}
    return make_run(
        root,
        f"mlp_digits_20260102-030405_lr0.1_decay_seed{seed}",
        group=group,
        repository=repository,
        seed=seed,
        config=config,
        metrics=_full_records(seed),
        data={"splits": {name: documents.split_document(ids) for name, ids in splits.items()}},
        captured={
            "config_access": {"read": read},
            "modules": {"local": {"decay.py": sha256(NEW_MODULE.encode()).hexdigest()}},
            "optimizer": {"groups": [rates], "groups_end": [ended]},
            "splits": {name: documents.encoded_ids(ids) for name, ids in splits.items()},
        },
    )


def _full_records(seed: int) -> list[Document]:
    """The golden metrics with a learning rate that decays, and a test metric at the end."""
    records = documents.metric_records(seed)
    for record in records:
        record["metrics"]["train/lr"] = 0.1 * _DECAY ** record["step"]
    last = records[-1]
    tested = {"test/accuracy": math.floor(0.9 * len(_TEST)) / len(_TEST)}
    return [*records, {**last, "time": last["time"] + 0.1, "metrics": tested}]


def _best(run: Path) -> float:
    best = RunView(run).summary.metrics["val/accuracy"].best
    return float(best or 0)


def _readme(runs: Sequence[Path], values: Sequence[float], group: str) -> str:
    best = max(values)
    name = runs[values.index(best)].name
    rows = "".join(
        f"| {run.name} | {100 * value:.2f} % {{{{run:{run.name} val/accuracy best}}}} |\n"
        for run, value in zip(runs, values, strict=True)
    )
    link = f"{{{{group:{group} val/accuracy %s by seed}}}}"
    return (
        "# Digits\n\n"
        f"The best seed reaches {best:.3f} {{{{run:{name} val/accuracy best}}}} on validation data,"
        f"\nthe mean is {fmean(values):.4f} {link % 'mean'} \u00b1 {stdev(values):.4f} "
        f"{link % 'sd'}, n = {len(values)} {link % 'n'}.\n\n"
        f"| run | accuracy |\n|---|---|\n{rows}"
    )
