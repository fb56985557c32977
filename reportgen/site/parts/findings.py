"""Results of the audit as rows: findings first, what passed behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.audit.interface import Check
from reportgen.audit.report import (
    CATEGORIES,
    CategoryScore,
    CheckResult,
    NextStep,
    Outcome,
    RunAudit,
    Where,
)
from reportgen.site.model import Tone
from reportgen.site.text import VALUE_LIMIT, clip, sentence

OUTCOME_TONES: dict[Outcome, Tone] = {
    Outcome.PASS: "good",
    Outcome.PARTIAL: "warn",
    Outcome.FAIL: "poor",
    Outcome.NOT_APPLICABLE: "plain",
    Outcome.INCONCLUSIVE: "plain",
    Outcome.EXEMPT: "plain",
    Outcome.ERROR: "poor",
}
OUTCOME_WORDS: dict[Outcome, str] = {
    Outcome.PASS: "passes",
    Outcome.PARTIAL: "in part",
    Outcome.FAIL: "fails",
    Outcome.NOT_APPLICABLE: "does not apply",
    Outcome.INCONCLUSIVE: "out of reach",
    Outcome.EXEMPT: "exempt",
    Outcome.ERROR: "not judged",
}
_RANK = (
    Outcome.ERROR,
    Outcome.FAIL,
    Outcome.PARTIAL,
    Outcome.INCONCLUSIVE,
    Outcome.EXEMPT,
    Outcome.PASS,
    Outcome.NOT_APPLICABLE,
)
_WHERES = 6


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One check's result for one run."""

    id: str
    title: str
    outcome: str
    word: str
    tone: Tone
    severity: str
    evidence: str
    evidence_words: str
    message: str
    remedy: str
    command: str | None
    where: tuple[str, ...]
    blocked_by: str | None


@dataclass(frozen=True, slots=True)
class StepRow:
    """The one next step.

    Attributes:
        remedy, message: What to do, and what was found.
        command: The line to type, when there is one.
        runs: Names of the first three runs that it helps.
        more: How many more there are.
        settles: Findings that it settles.
    """

    remedy: str
    message: str
    command: str | None
    runs: tuple[str, ...]
    more: int
    settles: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A category's score as a bar: from 0 to ``low`` filled, on to ``high`` hatched."""

    name: str
    low: int | None
    high: int | None
    passed: int
    applicable: int
    level: str
    faulty: bool

    @property
    def text(self) -> str:
        """The score in figures: one number, a range, or what stands for it."""
        if self.faulty:
            return "?"
        if self.low is None or self.high is None:
            return "–"
        return str(self.low) if self.low == self.high else f"{self.low}–{self.high}"


def anchor_of(check: str) -> str:
    """Return the fragment that names a check on the audit page."""
    return "check-" + "".join(c if c.isalnum() or c in ".-" else "-" for c in check)


def bar_of(name: str, score: CategoryScore) -> Bar:
    """Return a category's bar."""
    return Bar(
        name=name.capitalize(),
        low=score.low,
        high=score.high,
        passed=score.passed,
        applicable=score.applicable,
        level=score.level or "–",
        faulty=score.faulty,
    )


def bars_of(judged: RunAudit) -> list[Bar]:
    """Return the bars of a run in the order of the categories."""
    return [bar_of(name, judged.categories[name]) for name in _present(judged)]


def mean_bars(audits: Sequence[RunAudit]) -> list[Bar]:
    """Return each category's mean over runs, ends rounded down."""
    bars = []
    for name in CATEGORIES:
        scores = [run.categories[name] for run in audits if name in run.categories]
        ends = [(s.low, s.high) for s in scores if s.low is not None and s.high is not None]
        if not ends:
            continue
        bars.append(
            Bar(
                name=name.capitalize(),
                low=sum(low for low, _ in ends) // len(ends),
                high=sum(high for _, high in ends) // len(ends),
                passed=sum(score.passed for score in scores),
                applicable=sum(score.applicable for score in scores),
                level=min((score.level for score in scores if score.level), default="–"),
                faulty=any(score.faulty for score in scores),
            )
        )
    return bars


def _present(judged: RunAudit) -> list[str]:
    return [name for name in CATEGORIES if name in judged.categories]


def result_row(result: CheckResult) -> ResultRow:
    """Return one result as text."""
    return ResultRow(
        id=result.id,
        title=result.title,
        outcome=str(result.outcome),
        word=OUTCOME_WORDS[result.outcome],
        tone=OUTCOME_TONES[result.outcome],
        severity=result.severity.words,
        evidence=str(result.evidence),
        evidence_words=result.evidence.words,
        message=sentence(clip(result.message, VALUE_LIMIT)),
        remedy=sentence(clip(result.remedy, VALUE_LIMIT)),
        command=clip(result.command, VALUE_LIMIT) if result.command else None,
        where=tuple(where_text(where) for where in result.where[:_WHERES]),
        blocked_by=result.blocked_by,
    )


def where_text(where: Where) -> str:
    """Return a place as a person names it: ``metrics.jsonl, step 212``."""
    parts = [clip(where.file)]
    if where.line is not None:
        parts.append(f"line {where.line}")
    if where.step is not None:
        parts.append(f"step {where.step}")
    if where.key:
        parts.append(clip(where.key))
    return ", ".join(parts)


def step_row(step: NextStep | None) -> StepRow | None:
    """Return the next step as text, or None when nothing is left to do."""
    if step is None:
        return None
    return StepRow(
        remedy=sentence(clip(step.remedy, VALUE_LIMIT)),
        message=sentence(clip(step.message, VALUE_LIMIT)),
        command=clip(step.command, VALUE_LIMIT) if step.command else None,
        runs=tuple(clip(name, 80) for name in step.runs[:3]),
        more=max(0, len(step.runs) - 3),
        settles=step.settles,
    )


def by_weight(results: Sequence[CheckResult]) -> list[CheckResult]:
    """Return results with the gravest first, in the order of the rules where equal."""
    return sorted(
        results, key=lambda result: (_RANK.index(result.outcome), -result.severity.weight)
    )


@dataclass(frozen=True, slots=True)
class CheckInfo:
    """What a check is about, from its one definition."""

    id: str
    anchor: str
    title: str
    failure: str
    category: str
    severity: str
    why: str
    fix: str
    command: str | None


def check_info(check: Check | type[Check]) -> CheckInfo:
    """Return the catalogue's words on a check."""
    return CheckInfo(
        id=check.id,
        anchor=anchor_of(check.id),
        title=check.title,
        failure=check.failure,
        category=check.id.partition(".")[0],
        severity=check.severity.words,
        why=sentence(check.why),
        fix=sentence(check.fix),
        command=check.command,
    )
