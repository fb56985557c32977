"""Runs with audits for the parts of the audit's pages: nothing is judged, all is given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from reportgen.audit.registry import CHECKS
from reportgen.audit.report import CheckResult, Evidence, Outcome, RunAudit, Score
from reportgen.runs.view import RunView
from reportgen.site.model import Record, record_of
from reportgen.testing import make_run

Judged = tuple[Record, RunAudit]


def audit(
    name: str, outcomes: Mapping[str, Outcome], *, low: int = 80, passed: bool = True
) -> RunAudit:
    """An audit in which every check passes but those named."""
    results = tuple(
        CheckResult(
            id=check.id,
            outcome=outcomes.get(check.id, Outcome.PASS),
            severity=check.severity,
            evidence=Evidence.E3,
            title=check.title,
            message=f"found in {name}",
        )
        for check in CHECKS
    )
    return RunAudit(
        id=name,
        name=name,
        path=name,
        state="finished",
        score=Score(low=low, high=90),
        level="L1",
        passed=passed,
        categories={},
        checks=results,
        next_step=None,
    )


def row(
    root: Path,
    name: str,
    outcomes: Mapping[str, Outcome] | None = None,
    *,
    created: str = "2026-01-02T03:04:05.000Z",
    low: int = 80,
    passed: bool = True,
) -> Judged:
    """A run with its audit."""
    judged = audit(name, outcomes or {}, low=low, passed=passed)
    view = RunView(make_run(root, name, run={"created": created}, metrics=[], checkpoints=False))
    return record_of(view, name, judged=judged, goals={}), judged


def again(one: Judged, number: int, *, low: int, passed: bool = True) -> Judged:
    """The same run as another one: for many of them."""
    record, judged = one
    score = Score(low=low, high=90)
    return record, replace(judged, id=f"{judged.id}-{number}", score=score, passed=passed)
