"""Runs beside an earlier audit: which are worse, better, new or gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.audit.base_report import compared_with
from reportgen.audit.change import CheckChange
from reportgen.audit.policy import load_policy
from reportgen.audit.report import AuditReport, RunAudit
from reportgen.site.model import Record
from reportgen.site.parts.findings import OUTCOME_WORDS
from reportgen.site.text import clip

_ROWS = 200
_CHECKS = 12


@dataclass(frozen=True, slots=True)
class ChangedCheck:
    """A check that says something else of a run than before."""

    id: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class ChangedRun:
    """A run that the earlier audit knew, and of which it said something else.

    Attributes:
        record: The run.
        was, now: Score and level, then and now.
        worse, better: Checks that say less, and more.
        more: How many more of them there are.
    """

    record: Record
    was: str
    now: str
    worse: tuple[ChangedCheck, ...]
    better: tuple[ChangedCheck, ...]
    more: int


@dataclass(frozen=True, slots=True)
class GoneRun:
    """A run of the earlier audit that is not here; what failed there."""

    name: str
    failing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from an earlier audit.

    Attributes:
        name: What its file is called.
        runs: Those that changed, the worst first.
        worse, better, same: Numbers of runs that the earlier audit knew.
        added: Records of runs that it did not know.
        gone: Runs that only it knew.
        left: How many changed runs have no row.
        rules: What is to be known of its rules, empty when they are the same.
    """

    name: str
    runs: tuple[ChangedRun, ...]
    worse: int
    better: int
    same: int
    added: tuple[Record, ...]
    gone: tuple[GoneRun, ...]
    left: int
    rules: str


def changes_of(
    judged: Sequence[tuple[Record, RunAudit]], before: AuditReport, name: str
) -> Changes:
    """Return what differs from an earlier audit.

    Args:
        judged: Runs with their audits.
        before: The earlier audit.
        name: What its file is called.
    """
    policy = load_policy()
    beside, base, problems = compared_with([(run, policy) for _, run in judged], before, name)
    pairs = [(record, run) for (record, _), (run, _) in zip(judged, beside, strict=True)]
    known = [(record, run) for record, run in pairs if not _is_added(run)]
    changed = [row for row in (_row(*pair) for pair in known) if row.worse or row.better]
    changed.sort(key=lambda row: (-len(row.worse), -len(row.better)))
    return Changes(
        name=clip(name),
        runs=tuple(changed[:_ROWS]),
        worse=sum(bool(row.worse) for row in changed),
        better=sum(bool(row.better) and not row.worse for row in changed),
        same=len(known) - len(changed),
        added=tuple(record for record, run in pairs if _is_added(run)),
        gone=tuple(GoneRun(clip(run.name), run.failing) for run in base.deleted),
        left=max(0, len(changed) - _ROWS),
        rules=problems[0].message if problems else "",
    )


def _is_added(run: RunAudit) -> bool:
    return run.comparison is not None and run.comparison.change == "added"


def _row(record: Record, run: RunAudit) -> ChangedRun:
    beside = run.comparison
    worse, better = (beside.worse, beside.better) if beside else ((), ())
    left = max(0, len(worse) - _CHECKS) + max(0, len(better) - _CHECKS)
    was = _standing(beside.score, beside.level) if beside else ""
    now = _standing(run.score.low, run.level)
    return ChangedRun(record, was, now, _checks(worse), _checks(better), left)


def _standing(score: int | None, level: str | None) -> str:
    return f"{'–' if score is None else score} {level or ''}".rstrip()


def _checks(changes: Sequence[CheckChange]) -> tuple[ChangedCheck, ...]:
    return tuple(
        ChangedCheck(one.check, OUTCOME_WORDS[one.was], OUTCOME_WORDS[one.now])
        for one in changes[:_CHECKS]
    )
