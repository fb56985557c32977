from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from site_parts import audit, row

from reportgen.audit.report import AuditReport, Gate, GateReason, Outcome
from reportgen.site.parts.audit_changes import changes_of

FINITE, EXISTS = "metrics.series-finite", "code.commit-exists"


def report(*runs: object, reasons: tuple[GateReason, ...] = ()) -> AuditReport:
    return AuditReport(gate=Gate(passed=not reasons, reasons=reasons), runs=runs)  # type: ignore[arg-type]


def test_what_got_worse_and_better_is_told_with_then_and_now(tmp_path: Path) -> None:
    rows = [
        row(tmp_path, "same"),
        row(tmp_path, "better", {}, low=90),
        row(tmp_path, "worse", {FINITE: Outcome.FAIL}, low=70),
    ]
    before = report(
        audit("same", {}),
        audit("better", {EXISTS: Outcome.FAIL}, low=60),
        audit("worse", {}, low=80),
    )
    found = changes_of(rows, before, "main.json")
    assert (found.worse, found.better, found.same, found.added, found.gone) == (1, 1, 1, (), ())
    worse, better = found.runs
    assert (worse.record.name, worse.was, worse.now) == ("worse", "80 L1", "70 L1")
    assert [(one.id, one.was, one.now) for one in worse.worse] == [(FINITE, "passes", "fails")]
    assert [(one.id, one.was, one.now) for one in better.better] == [(EXISTS, "fails", "passes")]
    assert (found.name, found.rules) == ("main.json", "")


def test_new_and_gone_runs_are_named(tmp_path: Path) -> None:
    gone = audit("gone", {FINITE: Outcome.FAIL})
    reason = GateReason(run="gone", path="gone", check=FINITE, message="NaN")
    found = changes_of([row(tmp_path, "new")], report(gone, reasons=(reason,)), "main.json")
    assert [record.name for record in found.added] == ["new"]
    assert [(run.name, run.failing) for run in found.gone] == [("gone", (FINITE,))]
    assert (found.runs, found.same) == ((), 0)


def test_older_rules_are_said(tmp_path: Path) -> None:
    before = replace(report(audit("a", {})), rules="0")
    found = changes_of([row(tmp_path, "a")], before, "main.json")
    assert found.rules == "was made by rules 0, this audit by rules 1"
