"""The audit: runs by category, then each check with its why, its remedy and whom it concerns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from reportgen.audit import registry
from reportgen.audit.report import CATEGORIES, CheckResult, Outcome, RunAudit
from reportgen.site.model import AuditCell, Record
from reportgen.site.pages.interface import Plan
from reportgen.site.parts.findings import (
    OUTCOME_TONES,
    OUTCOME_WORDS,
    Bar,
    CheckInfo,
    bar_of,
    check_info,
    mean_bars,
    step_row,
)
from reportgen.site.project import Project
from reportgen.site.text import VALUE_LIMIT, clip, sentence

_RUNS_A_FINDING = 12


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A run's line of the matrix; None for a category without an applicable check."""

    record: Record
    audit: AuditCell
    cells: tuple[Bar | None, ...]


@dataclass(frozen=True, slots=True)
class Concern:
    """What a check says of one run."""

    name: str
    page: str
    word: str
    tone: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A check over all runs.

    Attributes:
        info: Its words.
        passes, findings, inapplicable: Numbers of runs.
        worst: Tone of its gravest outcome.
        concerns: The first twelve findings.
        left: How many more there are.
    """

    info: CheckInfo
    passes: int
    findings: int
    inapplicable: int
    worst: str
    concerns: tuple[Concern, ...]
    left: int


class Audit:
    """``audit/index.html``."""

    slug: ClassVar[str] = "audit"

    def plans(self, project: Project) -> Iterator[Plan]:
        """Yield the one page."""
        judged = [(r, r.judged) for r in project.shown if r.judged is not None]
        rows = [_check_row(check, judged) for check in _checks()]
        found = [row for row in rows if row.findings]
        yield Plan(
            path="audit/index.html",
            template="pages/audit.html",
            title="Audit",
            section="audit",
            values={
                "project": project,
                "report": project.report,
                "categories": [name.capitalize() for name in CATEGORIES],
                "matrix": [_matrix_row(record, run) for record, run in judged],
                "bars": mean_bars([run for _, run in judged]),
                "gate": project.report.gate if project.report else None,
                "failing": sum(not run.passed for _, run in judged),
                "step": step_row(project.report.next_step) if project.report else None,
                "findings": sorted(found, key=_gravity),
                "quiet": [row for row in rows if not row.findings],
            },
            scripts=("copy",),
        )


def _checks() -> list[CheckInfo]:
    return [check_info(check) for check in registry.CHECKS]


_GRAVITY = {"poor": 0, "warn": 1, "plain": 2, "good": 3}
_SEVERITY = {"blocker": 0, "high": 1, "medium": 2, "low": 3}


def _gravity(row: CheckRow) -> tuple[int, int, int]:
    return _GRAVITY[row.worst], _SEVERITY[row.info.severity], -row.findings


def _matrix_row(record: Record, run: RunAudit) -> MatrixRow:
    if record.audit is None:
        raise ValueError(f"{record.slug} was judged and has no audit cell")
    cells = [
        bar_of(name, run.categories[name]) if name in run.categories else None
        for name in CATEGORIES
    ]
    return MatrixRow(record, record.audit, tuple(cells))


def _check_row(info: CheckInfo, judged: list[tuple[Record, RunAudit]]) -> CheckRow:
    results = [(record, _result(run, info.id)) for record, run in judged]
    known = [(record, result) for record, result in results if result is not None]
    found = [(record, result) for record, result in known if result.is_finding]
    tones = [OUTCOME_TONES[result.outcome] for _, result in found]
    return CheckRow(
        info=info,
        passes=sum(result.outcome is Outcome.PASS for _, result in known),
        findings=len(found),
        inapplicable=sum(result.outcome is Outcome.NOT_APPLICABLE for _, result in known),
        worst=min(tones, key=_GRAVITY.__getitem__, default="good"),
        concerns=tuple(_concern(record, result) for record, result in found[:_RUNS_A_FINDING]),
        left=max(0, len(found) - _RUNS_A_FINDING),
    )


def _result(run: RunAudit, check: str) -> CheckResult | None:
    return next((result for result in run.checks if result.id == check), None)


def _concern(record: Record, result: CheckResult) -> Concern:
    return Concern(
        name=record.name,
        page=record.page,
        word=OUTCOME_WORDS[result.outcome],
        tone=OUTCOME_TONES[result.outcome],
        message=sentence(clip(result.message, VALUE_LIMIT)),
    )
