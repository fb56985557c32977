"""What one fix would gain: the points and the runs that the gate would let through. Pure.

A fix settles a finding and what is shown under it. What its findings keep from being judged may
turn out to be no pass, so a gain is an upper bound.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from reportgen.audit.report import AuditReport, CheckResult, Outcome, RunAudit
from reportgen.audit.score import lost


@dataclass(frozen=True, slots=True)
class Gain:
    """What the fix of one check would give.

    Attributes:
        check: Id of the check.
        runs: How many runs it concerns.
        settles: Findings that it settles in all of them.
        points: By how much it raises their scores, in the mean, rounded down.
        total: The same added up.
        lets_through: Runs that the gate stops for nothing else.
    """

    check: str
    runs: int
    settles: int
    points: int
    total: int
    lets_through: int


@dataclass(slots=True)
class _Sum:
    runs: int = 0
    settles: int = 0
    total: int = 0
    lets_through: int = 0


def gains_of(report: AuditReport) -> list[Gain]:
    """Return the gain of each fix: what lets runs through first, then the greatest."""
    stopped: dict[str, set[str | None]] = {}
    for reason in report.gate.reasons:
        stopped.setdefault(reason.path, set()).add(reason.check)
    sums: dict[str, _Sum] = {}
    for run in report.runs:
        totals = _totals(run)
        before = _headline(totals)
        for check, settled in _fixes(run).items():
            found = sums.setdefault(check, _Sum())
            found.runs += 1
            found.settles += len(settled)
            found.total += _headline(_without(totals, settled)) - before
            reasons = stopped.get(run.path, set())
            found.lets_through += bool(reasons) and reasons <= {one.id for one in settled}
    gains = [
        Gain(check, one.runs, one.settles, one.total // one.runs, one.total, one.lets_through)
        for check, one in sums.items()
    ]
    return sorted(gains, key=lambda one: (-one.lets_through, -one.total, -one.settles, one.check))


def _fixes(run: RunAudit) -> dict[str, list[CheckResult]]:
    """Return what each fix settles: a finding first, then those that have it for their cause."""
    findings = run.findings
    shown = {result.id for result in findings}
    roots = [one for one in findings if one.cause not in shown and _can_be_fixed(one)]
    settled = {one.id: [one] for one in roots}
    for one in findings:
        if one.cause in settled:
            settled[one.cause].append(one)
    return settled


def _can_be_fixed(result: CheckResult) -> bool:
    return result.outcome not in (Outcome.EXEMPT, Outcome.ERROR)


_Totals = dict[str, tuple[int, int]]
"""Weight of the checks that apply, and twice the weight that they lost, by category."""


def _totals(run: RunAudit) -> _Totals:
    totals: _Totals = {}
    for result in run.checks:
        if result.applicable:
            weight, gone = totals.get(result.category, (0, 0))
            gone += round(2 * lost(result))
            totals[result.category] = (weight + result.severity.weight, gone)
    return totals


def _without(totals: _Totals, settled: Collection[CheckResult]) -> _Totals:
    after = dict(totals)
    for result in settled:
        weight, gone = after[result.category]
        after[result.category] = (weight, gone - round(2 * lost(result)))
    return after


def _headline(totals: _Totals) -> int:
    """Return the low end of a score, as :mod:`reportgen.audit.score` has it."""
    lows: Sequence[int] = [
        100 * (2 * weight - gone) // (2 * weight) for weight, gone in totals.values() if weight
    ]
    return sum(lows) // len(lows) if lows else 0
