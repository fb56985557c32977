"""The audit of the example runs tells the golden ones from the bad ones, each by its reason."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.audit.formats.text import render
from reportgen.audit.registry import CHECKS
from reportgen.audit.report import AuditReport, Outcome, RunAudit
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


def test_the_golden_runs_are_consistent_by_all_checks(report: AuditReport) -> None:
    """What is left open is of the place where they were made, or asks for somebody else."""
    golden = [run for run in report.runs if group_of(run) == "golden"]
    assert {(run.level, len(run.checks)) for run in golden} == {("L2", len(CHECKS))}
    for run in golden:
        not_passed = {
            check.id
            for check in run.checks
            if check.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)
        }
        assert not_passed <= {
            "artifacts.manifest-sealed",  # nobody signed it
            "code.remote-usable",  # there was no remote
            "code.commit-on-remote",
            "environment.container-digest",  # a container that does not tell its image
            "environment.lock-resolvable",  # offline
            "environment.replay-prefix",
            "environment.replay-independent",
        }


def test_data_of_dvc_are_compared_once_they_are_made(clone: Path) -> None:
    group = clone / "example_runs" / "runs" / "digits" / "dvc-data"

    def outcomes() -> dict[str, Outcome]:
        (run,) = audit_runs([group]).runs
        return {check.id.partition(".")[2]: check.outcome for check in run.checks}

    before = outcomes()
    assert before["data-version-immutable"] is Outcome.PASS
    assert before["data-fingerprint-matches"] is Outcome.INCONCLUSIVE
    script = clone / "example_runs" / "make_digits.py"
    subprocess.run([sys.executable, str(script), "--turned"], check=True)
    assert outcomes()["data-fingerprint-matches"] is Outcome.PASS
    assert outcomes()["data-opens-covered"] is Outcome.PASS
    (clone / "example_runs" / "data" / "digits_turned.csv").write_text("id,label\n")
    assert outcomes()["data-fingerprint-matches"] is Outcome.FAIL
