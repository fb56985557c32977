"""The gate: which findings stop a pull request. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.audit.policy import Policy
from reportgen.audit.report import Gate, GateReason, Outcome, RunAudit

_STOPPING = (Outcome.FAIL, Outcome.ERROR)


def reasons_of(audit: RunAudit, policy: Policy) -> list[GateReason]:
    """Return why a run does not pass the gate, empty when it does.

    A check that the policy calls an error stops it by failing, or by a fault of the auditor,
    since what could not be judged has not passed.
    """
    reasons = [
        GateReason(run=audit.name, path=audit.path, check=result.id, message=result.message)
        for result in audit.checks
        if result.outcome in _STOPPING and policy.level(result.id) == "error"
    ]
    least = policy.minimum_score
    if least is not None and (audit.score.low or 0) < least:
        message = f"the score is {audit.score.low or 0}, the policy asks for {least}"
        reasons.append(GateReason(run=audit.name, path=audit.path, check=None, message=message))
    return reasons


def verdict(judged: Sequence[tuple[RunAudit, Policy]]) -> Gate:
    """Return the verdict over all runs, each with the policy that judges it."""
    reasons = [reason for audit, policy in judged for reason in reasons_of(audit, policy)]
    warnings = sum(
        policy.level(result.id) == "warn" and result.outcome is Outcome.FAIL
        for audit, policy in judged
        for result in audit.checks
    )
    return Gate(passed=not reasons, reasons=tuple(reasons), warnings=warnings)
