from __future__ import annotations

from pathlib import Path

import pytest
from audit.runs_of_every_kind import make_runs
from msgspec.structs import replace

from reportgen.audit.gain import Gain, gains_of
from reportgen.audit.registry import CHECKS
from reportgen.audit.report import AuditReport, Gate, GateReason, Outcome
from reportgen.audit.runner import audit_runs
from reportgen.audit.score import category_scores, headline


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> AuditReport:
    return audit_runs([make_runs(tmp_path_factory.mktemp("kinds"))])


def by_check(report: AuditReport) -> dict[str, Gain]:
    return {gain.check: gain for gain in gains_of(report)}


def test_a_gain_is_that_of_the_score_once_the_findings_pass(report: AuditReport) -> None:
    checks = {check.id: check for check in CHECKS}
    for run in report.runs:
        alone = replace(report, runs=(run,))
        for gain in gains_of(alone):
            settled = {gain.check} | {one.id for one in run.findings if one.cause == gain.check}
            results = [
                replace(one, outcome=Outcome.PASS) if one.id in settled else one
                for one in run.checks
            ]
            after = headline(category_scores(results, checks)).low
            assert (gain.total, gain.settles) == ((after or 0) - (run.score.low or 0), len(settled))


def test_what_lets_a_run_through_comes_first(report: AuditReport) -> None:
    gains = gains_of(report)
    assert {gain.check: gain.lets_through for gain in gains[:2]} == {
        "metrics.run-completed": 2,
        "artifacts.manifest-matches": 1,
    }
    assert [gain.lets_through for gain in gains[2:]] == [0] * (len(gains) - 2)
    assert [gain.total for gain in gains[2:]] == sorted(
        (gain.total for gain in gains[2:]), reverse=True
    )


def test_one_reason_of_two_lets_nothing_through(report: AuditReport) -> None:
    run = next(run for run in report.runs if run.name == "forged")
    checks = ("artifacts.manifest-matches", "metrics.summary-recomputes")
    reasons = [GateReason(run=run.name, path=run.path, check=one, message="") for one in checks]
    two = replace(report, runs=(run,), gate=Gate(passed=False, reasons=tuple(reasons)))
    assert {gain.lets_through for gain in gains_of(two)} == {0}


def test_what_is_exempt_or_a_fault_of_the_auditor_is_no_fix(report: AuditReport) -> None:
    run = report.runs[0]
    outcomes = (Outcome.EXEMPT, Outcome.ERROR)
    checks = [
        replace(one, outcome=outcomes[index % 2]) if one.is_finding else one
        for index, one in enumerate(run.checks)
    ]
    assert gains_of(replace(report, runs=(replace(run, checks=tuple(checks)),))) == []


def test_the_mean_is_over_the_runs_that_it_concerns(report: AuditReport) -> None:
    gain = by_check(report)["metrics.run-completed"]
    assert gain.runs == 2
    assert gain.points == gain.total // 2


def test_no_run_no_gain(tmp_path: Path) -> None:
    assert gains_of(AuditReport(gate=Gate(passed=True))) == []
