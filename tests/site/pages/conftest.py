"""A project written file by file, with an audit that no rule change touches, for golden pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from site_runs import START, records
from site_tree import Node, tree_of

from reportgen.audit.report import (
    CATEGORIES,
    AuditReport,
    CategoryScore,
    CheckResult,
    Evidence,
    Gate,
    NextStep,
    Outcome,
    RunAudit,
    Score,
    Severity,
    Where,
)
from reportgen.config import Settings, SiteSettings
from reportgen.runs.schema import RUN_SCHEMA
from reportgen.runs.times import to_iso
from reportgen.runs.view import RunView
from reportgen.runs.writer import write_plain
from reportgen.site.build import build_site
from reportgen.site.gather import Gathered, read_runs

SETTINGS = Settings(site=SiteSettings(title="Digits", links={"Source": "https://example.org/d"}))


def fixed_audit(view: RunView) -> RunAudit:
    """Three checks; the run named dirty fails one of them."""
    dirty = "dirty" in view.name
    checks = (
        CheckResult(
            id="metrics.series-finite",
            outcome=Outcome.PASS,
            severity=Severity.H,
            evidence=Evidence.E3,
            title="Every value is finite",
            message="600 values",
        ),
        CheckResult(
            id="code.untracked-captured",
            outcome=Outcome.FAIL if dirty else Outcome.PASS,
            severity=Severity.H,
            evidence=Evidence.E3,
            title="Untracked files are lost" if dirty else "Untracked files are kept",
            message="augment.py is in no commit" if dirty else "there are none",
            remedy="Commit augment.py" if dirty else "",
            command="git add augment.py && git commit" if dirty else None,
            where=(Where(file="git_info.yaml", key="untracked"),),
        ),
        CheckResult(
            id="code.commit-exists",
            outcome=Outcome.INCONCLUSIVE,
            severity=Severity.H,
            evidence=Evidence.E0,
            title="The commit exists",
            message="the run lies in no repository",
        ),
    )
    return RunAudit(
        id=view.id,
        name=view.name,
        path=view.folder.as_posix(),
        state=view.state,
        score=Score(low=58 if dirty else 91, high=100),
        level="L0" if dirty else "L1",
        passed=not dirty,
        categories={
            name: CategoryScore(passed=2, applicable=3, low=81, high=93, level="L1")
            for name in CATEGORIES
        },
        checks=checks,
        next_step=None,
    )


def fixed_report(views: tuple[RunView, ...]) -> AuditReport:
    step = NextStep(
        check="code.untracked-captured",
        message="1 run used augment.py, which no commit holds",
        remedy="Commit augment.py",
        command="git add augment.py && git commit",
        runs=("mlp_dirty",),
        settles=1,
    )
    audits = tuple(fixed_audit(view) for view in views)
    return AuditReport(gate=Gate(passed=False), next_step=step, runs=audits)


def write_run(root: Path, number: int, name: str, lr: float, seed: int, **more: Any) -> None:
    """A run of this module alone: nothing in it follows from what tests of others need."""
    folder = root / name
    began = START + 60 * number
    lines = more.pop("lines", records(lr=lr, seed=seed))
    documents: dict[str, Any] = {
        "run.yaml": {
            "schema": RUN_SCHEMA,
            "id": f"01K{number:013d}",
            "name": name,
            "status": "finished",
            "created": to_iso(began),
            "ended": to_iso(began + 31),
            "project": "digits",
            "group": "lr-search" if name.startswith("mlp_digits") else "bad",
            "tags": {"goal": "baseline"},
            "notes": "How far does a small network get on digits?",
            "command": {"argv": ["train.py", "--lr", str(lr)], "interpreter": "python3.11"},
            **more.pop("run", {}),
        },
        "config.yaml": {"model": {"name": "mlp", "width": 32}, "lr": lr, "seed": seed},
        "metrics.yaml": {"metrics": {"val/accuracy": {"goal": "maximize", "unit": "share"}}},
        "git_info.yaml": {
            "commit": "0123456789" * 4,
            "branch": "main",
            "remote": "git@example.org:lab/digits.git",
            "dirty": False,
            "dirty_end": False,
            **more.pop("git", {}),
        },
        "environment.yaml": {
            "python": {"version": "3.11.7", "implementation": "CPython"},
            "packages": {"numpy": "2.4.6"},
            "not_available": {"hardware": "not asked"},
        },
        "data.yaml": {
            "inputs": [{"name": "digits", "path": "data/digits.csv", "bytes": 1437, "rows": 180}],
            "splits": {"train": {"count": 144}, "seed": 7},
        },
        "checkpoints/checkpoint_epoch_9.json": {"epoch": 9, "step": 119, "format": "torch"},
    }
    for place, document in documents.items():
        write_plain(folder, place, document)
    files: dict[str, bytes] = {
        "metrics.jsonl": b"".join(orjson.dumps(line) + b"\n" for line in lines),
        "checkpoints/checkpoint_epoch_9.pt": b"12345",
        "figures/curve_step_7.svg": b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
        "figures/curve_step_9.png": b"\x89PNG\r\n\x1a\n",
        "predictions/val.csv": b"id,label,prediction\n1,a,a\n2,b,a\n3,b,b\n",
        "training.log": b"started\nepoch 1\n",
        "stderr.log": b"",
        **more.pop("files", {}),
    }
    for place, data in files.items():
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_bytes(data)
    assert not more


def write_project(root: Path) -> None:
    for number, (lr, seed) in enumerate([(0.1, 1), (0.1, 2), (0.1, 3), (0.01, 1), (0.01, 2)]):
        write_run(root, number, f"mlp_digits_lr{lr}_s{seed}", lr, seed)
    write_run(root, 5, "mlp_diverged", 5.0, 1, lines=records(nan=60))
    killed = {"status": "running", "ended": None}
    write_run(root, 6, "mlp_killed", 0.1, 1, lines=records(steps=70), run=killed)
    patch = (
        b"diff --git a/augment.py b/augment.py\nnew file mode 100644\n"
        b"--- /dev/null\n+++ b/augment.py\n@@ -0,0 +1 @@\n+FLIP = True\n"
    )
    files = {"git_diff.patch": patch, "reproduce.sh": b"#!/bin/sh\nset -eu\necho again\n"}
    dirty = {"dirty": True, "dirty_end": True, "untracked": ["augment.py"]}
    write_run(root, 7, "mlp_dirty", 0.1, 4, git=dirty, files=files)


@pytest.fixture(scope="session")
def golden_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose every word follows from this module."""
    root = tmp_path_factory.mktemp("golden-runs")
    write_project(root)
    views, problems = read_runs([root])
    views = tuple(view.load() for view in views)
    folder = tmp_path_factory.mktemp("golden") / "site"
    gathered = Gathered(views, fixed_report(views), problems)
    build_site([], folder, settings=SETTINGS, gathered=gathered)
    return folder


@pytest.fixture(scope="session")
def page(golden_site: Path):  # type: ignore[no-untyped-def]
    """A page of that site by its path, or a run's by a word of its name."""

    def find(path: str) -> Node:
        if path.endswith(".html"):
            return tree_of(golden_site / path)
        found = [f for f in (golden_site / "runs").iterdir() if path in f.name]
        assert len(found) == 1
        return tree_of(found[0] / "index.html")

    return find
