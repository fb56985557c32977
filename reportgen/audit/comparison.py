"""A run beside what it was on the base: which checks say less of it now, and which say more. Pure.

"Less" is down the order pass, partial, anything else: what could not be judged is worth as little
as a failure, so that withheld evidence is no improvement and evidence that comes to light is no
decline. A check that does not apply on one side is not compared; nor is one that asks the network,
or that only one side knows: what differs there need not be the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from reportgen.audit.change import Change, CheckChange, Comparison
from reportgen.audit.interface import Check
from reportgen.audit.policy import Policy
from reportgen.audit.report import CheckResult, Outcome, RunAudit

_STANDING: Final[Mapping[Outcome, int]] = {
    Outcome.PASS: 2,
    Outcome.PARTIAL: 1,
    Outcome.INCONCLUSIVE: 0,
    Outcome.EXEMPT: 0,
    Outcome.FAIL: 0,
    Outcome.ERROR: 0,
}
_UNSTEADY = frozenset({"network", "replay"})


def added(audit: RunAudit) -> RunAudit:
    """Return the audit of a run that is not on the base."""
    return replace(audit, comparison=Comparison(change="added"))


def compared(
    audit: RunAudit,
    before: RunAudit,
    change: Change,
    *,
    policy: Policy,
    checks: Mapping[str, Check],
) -> RunAudit:
    """Return the audit of a run with what it was on the base.

    Args:
        audit: Of the run now.
        before: Of the run on the base.
        change: What became of it.
        policy: What judges it now.
        checks: The rule set by id.
    """
    earlier = {result.id: result for result in before.checks}
    worse: list[CheckChange] = []
    better: list[CheckChange] = []
    held_over: list[str] = []
    for result in audit.checks:
        was = earlier.get(result.id)
        if _is_held_over(result, was) and policy.level(result.id) == "error":
            held_over.append(result.id)
        if was is None:
            continue
        direction = _direction(was.outcome, result.outcome)
        if not direction or not _UNSTEADY.isdisjoint(checks[result.id].needs):
            continue
        changed = CheckChange(check=result.id, was=was.outcome, now=result.outcome)
        (better if direction > 0 else worse).append(changed)
    comparison = Comparison(
        change=change,
        score=before.score.low,
        level=before.level,
        worse=tuple(worse),
        better=tuple(better),
        held_over=tuple(held_over),
    )
    return replace(audit, comparison=comparison)


def _is_held_over(now: CheckResult, was: CheckResult | None) -> bool:
    """Tell whether a failure was one on the base already, or nobody asked there."""
    return now.outcome is Outcome.FAIL and (was is None or was.outcome is Outcome.FAIL)


def _direction(was: Outcome, now: Outcome) -> int:
    if was not in _STANDING or now not in _STANDING:
        return 0
    return _STANDING[now] - _STANDING[was]
