from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from audit.case import Case, assert_case

from reportgen.audit.runner import audit_runs
from reportgen.testing import ABSENT, make_run

COUNT = "metrics.replicates-count"
DEBUG = {"run": {"tags": {"debug": True}}}


def others(*seeds: int, group: str = "baseline", **changes: Any) -> Callable[[Path], None]:
    """One more run of each seed."""

    def make(run: Path) -> None:
        for seed in seeds:
            make_run(run.parents[2], f"seed{seed}", group=group, seed=seed, **changes)

    return make


def both(*changes: Callable[[Path], None]) -> Callable[[Path], None]:
    def make(run: Path) -> None:
        for change in changes:
            change(run)

    return make


def copies(run: Path) -> None:
    """Four copies of the run, each with another name, id and seed, and the same metrics."""
    for seed in range(8, 12):
        copy = run.with_name(f"seed{seed}")
        shutil.copytree(run, copy)
        for path in ("config.yaml", "environment.yaml"):
            text = (copy / path).read_text()
            for key in ("seed", "python", "numpy", "torch"):
                text = text.replace(f"{key}: 7\n", f"{key}: {seed}\n")
            (copy / path).write_text(text)
        text = (copy / "run.yaml").read_text()
        (copy / "run.yaml").write_text(text.replace("id: 01KDY", f"id: {seed:02}KDY"))


def copies_at_other_moments(run: Path) -> None:
    """The same values of the same steps, each a moment later than in the run before."""
    copies(run)
    for number, seed in enumerate(range(8, 12), 1):
        path = run.with_name(f"seed{seed}") / "metrics.jsonl"
        records = map(orjson.loads, path.read_bytes().splitlines())
        later = ({**one, "time": one["time"] + number / 7} for one in records)
        path.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in later))


FEW = [
    {"step": step, "time": 1.0 + step, "metrics": {"val/accuracy": value}}
    for step, value in enumerate((0.5, 0.75, 0.75))
]
LATER = [{**one, "time": one["time"] + 0.123} for one in FEW]

CASES = (
    Case(
        COUNT,
        "passes",
        "5 finished runs of these settings, code and data, seeds 7, 8, 9, 10, 11",
        change=others(8, 9, 10, 11),
        more={"inspected": 5},
    ),
    Case(COUNT, "passes", "", change=others(8, 9, 10, 11, group="more"), name="of-another-group"),
    Case(COUNT, "partly", "3 finished runs", change=others(8, 9)),
    Case(
        COUNT,
        "partly",
        "2 finished runs",
        change=both(others(8), others(9, run={"status": "failed", "exit_code": 1})),
        name="failed-runs-do-not-count",
    ),
    Case(COUNT, "fails", "1 finished run"),
    Case(COUNT, "fails", "1 finished", change=others(8, 9, 10, 11, config={"lr": 0.2}), name="lr"),
    Case(
        COUNT,
        "fails",
        "1 finished",
        change=others(8, 9, 10, 11, git={"tree": "ab" * 20}),
        name="other-code",
    ),
    Case(
        COUNT,
        "fails",
        "1 finished",
        change=others(8, 9, 10, 11, data={"inputs": []}),
        name="other-data",
    ),
    # Five finished runs: all of one seed; or one run five times, with the seeds written over.
    Case(
        COUNT,
        "cheats",
        "4 more with a seed or with metrics that another one has",
        change=lambda run: [make_run(run.parents[2], f"again{n}") for n in range(4)] and None,
    ),
    Case(COUNT, "cheats", "4 more with a seed or with metrics", change=copies, name="copies"),
    Case(
        COUNT,
        "cheats",
        "4 more with a seed or with metrics",
        change=copies_at_other_moments,
        name="copies-at-other-moments",
    ),
    # Three coarse values may well be the same twice.
    Case(
        COUNT,
        "partly",
        "2 finished runs of these settings, code and data, seeds 7, 8",
        {"metrics": FEW},
        change=others(8, metrics=LATER),
        name="coarse",
    ),
    Case(COUNT, "not-applicable", "tagged debug", DEBUG),
    Case(
        COUNT,
        "inconclusive",
        "took too long",
        {"git": {"tree": None, "not_available": {"tree": "took too long"}}},
    ),
    Case(
        COUNT,
        "inconclusive",
        "",
        {"git": None},
        more={"blocked_by": "code.commit-recorded"},
        name="no-git",
    ),
    Case(
        COUNT,
        "inconclusive",
        "",
        {"run": {"status": "failed", "exit_code": 1}},
        more={"blocked_by": "metrics.run-completed"},
        name="failed",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_runs_without_recorded_seeds_are_told_apart_by_their_metrics(tmp_path: Path) -> None:
    for seed in range(7, 12):
        nothing = {"config": {"seed": ABSENT}, "environment": {"seeds": None}}
        make_run(tmp_path, f"run{seed}", seed=seed, **nothing)  # type: ignore[arg-type]
    for audit in audit_runs([tmp_path]).runs:
        assert audit.result(COUNT).outcome == "pass"


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    others(8)(run)
    result = audit_runs([run]).runs[0].result(COUNT)
    assert result.remedy == "Run it with 3 more seeds; each costs what this run did"
