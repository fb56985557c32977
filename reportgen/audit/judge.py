"""Judge one run: every check once, prerequisites first, exemptions applied, faults contained."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from reportgen.audit import gate
from reportgen.audit.evidence import with_lines
from reportgen.audit.interface import AuditContext, Check
from reportgen.audit.kinds import is_unended
from reportgen.audit.next_step import next_step_of
from reportgen.audit.organisation import advice_of, facts_of
from reportgen.audit.places import place_of
from reportgen.audit.policy import DEBUG, Policy
from reportgen.audit.registry import CHECKS
from reportgen.audit.report import CheckResult, Evidence, Outcome, RunAudit
from reportgen.audit.score import category_scores, headline, level

_END = "metrics.run-completed"
_OTHER_TRACKER = "A plain tracker does not record it; this one takes the same calls and does"
_OTHER_TRACKER_LINE = "from reportgen import ExperimentTracker"
_BLOCKING = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.ERROR)


def audit_run(
    context: AuditContext,
    *,
    checks: Sequence[Check] = CHECKS,
    today: datetime.date | None = None,
) -> RunAudit:
    """Audit one run."""
    view = context.run.load()
    day = today or datetime.date.today()
    judge = _Judge(context, checks)
    results = [_exempted(judge.result(check.id), context, day) for check in checks]
    categories = category_scores(results, {check.id: check for check in checks})
    audit = RunAudit(
        id=view.id,
        name=view.name,
        path=view.folder.as_posix(),
        place=place_of(view.folder),
        state=view.state,
        score=headline(categories),
        level=level(categories, results),
        passed=True,
        categories=categories,
        checks=tuple(results),
        next_step=None,
        policy=context.policy.name,
        facts=facts_of(view) + _light(context.policy),
        advice=advice_of(view),
        problems=tuple(view.problems),
    )
    return replace(
        audit,
        passed=not gate.reasons_of(audit, context.policy),
        next_step=next_step_of([audit]),
    )


def _light(policy: Policy) -> tuple[str, ...]:
    return ("judged by the debug profile",) if policy.name == DEBUG else ()


class _Judge:
    """Runs the checks of one run, each once, prerequisites first."""

    def __init__(self, context: AuditContext, checks: Iterable[Check]) -> None:
        self._context = context
        self._checks = {check.id: check for check in checks}
        self._results: dict[str, CheckResult] = {}

    def result(self, check: str) -> CheckResult:
        if check not in self._results:
            self._results[check] = self._judged(self._checks[check])
        return self._results[check]

    def _judged(self, check: Check) -> CheckResult:
        try:
            reason = check.inapplicable(self._context)
            if reason is not None:
                return check.not_applicable(reason)
            blocked = self._blocked(check)
            if blocked is not None:
                return blocked
            result = self._unsettled(check, check.judge(self._context))
            return self._explained(result) if result.is_finding else result
        except Exception as error:
            return _fault_of(check, error)

    def _blocked(self, check: Check) -> CheckResult | None:
        if check.at_end and is_unended(self._context.run):
            return self._waiting(check)
        for name in check.requires:
            if name not in self._checks:
                continue
            other = self.result(name)
            if other.outcome in _BLOCKING:
                root = other.blocked_by or other.id
                return check.inconclusive(f"not judged, see {root}", blocked_by=root)
        return None

    def _unsettled(self, check: Check, result: CheckResult) -> CheckResult:
        """A file that is absent from a run without an end may have been still to come."""
        absent = result.outcome is Outcome.FAIL and result.evidence is Evidence.E0
        if not absent or not is_unended(self._context.run) or not result.where:
            return result
        if self._context.run.exists(result.where[0].file):
            return result
        return self._waiting(check)

    def _explained(self, result: CheckResult) -> CheckResult:
        view = self._context.run
        absent = result.outcome is Outcome.FAIL and result.evidence is Evidence.E0
        if absent and view.format == "tracker":
            result = replace(result, remedy=_OTHER_TRACKER, command=_OTHER_TRACKER_LINE)
        return replace(result, where=with_lines(view, result.where))

    def _waiting(self, check: Check) -> CheckResult:
        return check.inconclusive("not settled: the run has no end", blocked_by=_END)


def _fault_of(check: Check, error: Exception) -> CheckResult:
    """A fault in a check is that check's own result; it never costs the report."""
    message = f"{type(error).__name__}: {error}"[:300]
    return CheckResult(
        id=check.id,
        outcome=Outcome.ERROR,
        severity=check.severity,
        evidence=Evidence.E0,
        title=check.failure,
        message=f"a fault of the auditor: {message}",
        remedy="Report it with this message; the run is not at fault",
        inspected=0,
    )


def _exempted(result: CheckResult, context: AuditContext, today: datetime.date) -> CheckResult:
    if not result.is_finding or result.outcome is Outcome.ERROR:
        return result
    exemption = context.policy.exemption_of(result, context.run.name, today)
    if exemption is None:
        return result
    return replace(result, outcome=Outcome.EXEMPT, exemption=exemption)
