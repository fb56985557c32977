"""The audit of the example runs tells the golden ones from the bad ones, each by its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.audit.formats.text import render
from reportgen.audit.report import AuditReport, RunAudit
from reportgen.audit.runner import audit_runs

BAD = {
    "diverged": "fails series-finite",
    "killed": "ended without closing; fails run-completed",
    "plain": "plain tracker layout, no run.yaml",
    "uncommitted": "uncommitted work: example_runs/augment.py",
}


@pytest.fixture(scope="module")
def report(runs: Path) -> AuditReport:
    return audit_runs([runs])


def group_of(run: RunAudit) -> str:
    return Path(run.path).parent.name


@pytest.mark.parametrize(("group", "reason"), BAD.items())
def test_the_line_of_each_bad_run_gives_its_own_reason(
    report: AuditReport, group: str, reason: str
) -> None:
    (run,) = (run for run in report.runs if group_of(run) == group)
    lines = [line for line in render(report).splitlines() if line.startswith(("passes ", "fails "))]
    own = next(line for line in lines if f" {run.name} " in f"{line} ")
    assert reason in own
    others = [line for line in lines if line != own]
    assert not any(reason in line for line in others)


def test_the_golden_and_the_sweep_pass_the_gate_with_nothing_special(report: AuditReport) -> None:
    good = [run for run in report.runs if group_of(run) in ("golden", "lr-width")]
    assert len(good) == 23
    assert all(run.passed and run.facts == () for run in good)


def test_runs_in_two_parts_say_so(report: AuditReport) -> None:
    facts = {group_of(run): run.facts for run in report.runs}
    assert facts["resumed"] == ("2 attempts",)
    assert facts["two-ranks"] == ("2 ranks",)


def test_what_fails_the_gate_is_the_killed_and_the_plain_one(report: AuditReport) -> None:
    assert {group_of(run) for run in report.runs if not run.passed} == {"killed", "plain"}
