"""The audit: runs by category and check, what one fix would gain, and a page for each check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace

from reportgen.audit.gain import Gain, gains_of
from reportgen.audit.registry import CHECKS
from reportgen.audit.report import CATEGORIES, AuditReport, RunAudit
from reportgen.site.model import AuditCell, Record
from reportgen.site.pages.interface import Plan
from reportgen.site.parts.audit_changes import changes_of
from reportgen.site.parts.audit_history import history_of
from reportgen.site.parts.audit_matrix import matrix_of, worth_a_row
from reportgen.site.parts.check_page import CheckView, check_views
from reportgen.site.parts.findings import Bar, CheckInfo, bar_of, mean_bars, step_row
from reportgen.site.project import Project

_RUNS_A_FINDING = 6
_GAINS = 12
_GRAVITY = {"poor": 0, "warn": 1, "plain": 2, "good": 3}
_SEVERITY = {"blocker": 0, "high": 1, "medium": 2, "low": 3}

Judged = Sequence[tuple[Record, RunAudit]]


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A run's scores by category; None for one without an applicable check."""

    record: Record
    audit: AuditCell
    cells: tuple[Bar | None, ...]


@dataclass(frozen=True, slots=True)
class GainRow:
    """What one fix would gain, with the words of its check."""

    info: CheckInfo
    gain: Gain


class Audit:
    """``audit/index.html``, and ``audit/CHECK/index.html`` for each check."""

    slug: ClassVar[str] = "audit"

    def plans(self, project: Project) -> Iterator[Plan]:
        """Yield the page of the whole audit, then one a check."""
        judged = [(r, r.judged) for r in project.shown if r.judged is not None]
        views = check_views(CHECKS, judged)
        gains = gains_of(_report_over(project.report, judged)) if project.report else []
        yield _whole(project, judged, views, gains)
        if project.report is not None:
            known = {gain.check: gain for gain in gains}
            for view in views:
                yield _of_check(view, known.get(view.info.id), len(judged))


def _report_over(report: AuditReport, judged: Judged) -> AuditReport:
    """Return the report over the runs that are shown: archived ones are no part of a gain."""
    return replace(report, runs=tuple(run for _, run in judged))


def _whole(
    project: Project, judged: Judged, views: Sequence[CheckView], gains: Sequence[Gain]
) -> Plan:
    infos = {view.info.id: view.info for view in views}
    report, before = project.report, project.before
    return Plan(
        path="audit/index.html",
        template="pages/audit.html",
        title="Audit",
        section="audit",
        values={
            "project": project,
            "report": report,
            "categories": [name.capitalize() for name in CATEGORIES],
            "runs": len(judged),
            "scores": [_category_row(record, run) for record, run in worth_a_row(judged)],
            "matrix": matrix_of(judged, list(infos.values())),
            "history": history_of(judged),
            "bars": mean_bars([run for _, run in judged]),
            "gate": report.gate if report else None,
            "failing": sum(not run.passed for _, run in judged),
            "step": step_row(report.next_step) if report else None,
            "gains": [GainRow(infos[one.check], one) for one in gains[:_GAINS]],
            "other_gains": max(0, len(gains) - _GAINS),
            "changes": changes_of(judged, before.report, before.name) if before else None,
            "findings": sorted((view for view in views if view.findings), key=_gravity),
            "runs_a_finding": _RUNS_A_FINDING,
            "quiet": [view for view in views if not view.findings],
        },
        scripts=("copy", "audit"),
    )


def _of_check(view: CheckView, gain: Gain | None, runs: int) -> Plan:
    return Plan(
        path=f"audit/{view.info.id}/index.html",
        template="pages/check.html",
        title=view.info.failure if view.findings else view.info.title,
        section="audit",
        values={"check": view, "gain": gain, "runs": runs},
        scripts=("copy",),
    )


def _gravity(view: CheckView) -> tuple[int, int, int]:
    return _GRAVITY[view.worst], _SEVERITY[view.info.severity], -view.findings


def _category_row(record: Record, run: RunAudit) -> CategoryRow:
    if record.audit is None:
        raise ValueError(f"{record.slug} was judged and has no audit cell")
    cells = [
        bar_of(name, run.categories[name]) if name in run.categories else None
        for name in CATEGORIES
    ]
    return CategoryRow(record, record.audit, tuple(cells))
