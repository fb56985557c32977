"""What became of runs since a base, in words that several outputs share."""

from __future__ import annotations

from reportgen.audit.evidence import counted, listed
from reportgen.audit.report import AuditReport, RunAudit


def in_all(report: AuditReport) -> str:
    """Return what there is to say of runs that pass the gate."""
    if report.base is not None and not report.runs:
        return f"no run was{since(report)}{as_before(report)}"
    warned = report.gate.warnings
    rest = f", {counted(warned, 'finding')} to look at" if warned else ", nothing fails"
    return f"{counted(len(report.runs), 'run')}{since(report)}{rest}{as_before(report)}"


def since(report: AuditReport) -> str:
    """Return ``" added or changed since main (abc1234)"``, or "" without a base."""
    if report.base is None:
        return ""
    if report.base.revision is None:
        return f" beside {report.base.label}"
    return f" added or changed since {report.base.label}"


def as_before(report: AuditReport) -> str:
    """Return how many runs are not part of the change, for the end of a sentence."""
    base = report.base
    if base is None:
        return ""
    parts = [f"{counted(base.same, 'run')} as before"] if base.same else []
    if base.ignored:
        parts.append(f"{counted(base.ignored, 'run')} ignored by git")
    return f" ({', '.join(parts)})" if parts else ""


def changes(run: RunAudit) -> list[str]:
    """Return what became of a run since the base, and which checks say less of it, in words."""
    if run.comparison is None:
        return []
    words: list[str] = []
    if run.comparison.change != "known":
        words.append(run.comparison.change)
    for what, some in (("worse", run.comparison.worse), ("better", run.comparison.better)):
        if some:
            names = (f"{one.check.partition('.')[2]} {one.was} → {one.now}" for one in some)
            words.append(f"{what}: {listed(names, limit=2)}")
    return words
