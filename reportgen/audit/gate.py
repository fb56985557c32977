"""The gate: which findings stop a pull request. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reportgen.audit.change import CheckChange
from reportgen.audit.policy import Policy
from reportgen.audit.report import Gate, GateReason, Outcome, RunAudit

_STOPPING = (Outcome.FAIL, Outcome.ERROR)


def reasons_of(audit: RunAudit, policy: Policy) -> list[GateReason]:
    """Return why a run does not pass the gate, empty when it does.

    A check that the policy calls an error stops it by failing, or by a fault of the auditor,
    since what could not be judged has not passed. What failed on the base no less is held over:
    nobody has to mend all that was there before. So stops it, too, what says less of the run than
    on the base.
    """
    held_over = audit.comparison.held_over if audit.comparison else ()
    reasons = [
        _reason(audit, result.id, result.message)
        for result in audit.checks
        if result.outcome in _STOPPING
        and policy.level(result.id) == "error"
        and result.id not in held_over
    ]
    if policy.worse_than_base == "error":
        named = {reason.check for reason in reasons}
        reasons += [
            _reason(audit, one.check, f"{audit.result(one.check).message} (on the base: {one.was})")
            for one in worse_than_base(audit, policy)
            if one.check not in named
        ]
    return reasons + _score_reason(audit, policy)


def worse_than_base(audit: RunAudit, policy: Policy) -> list[CheckChange]:
    """Return the checks that say less of a run than on the base, one a cause.

    Checks that the policy turned off are left out.
    """
    worse = audit.comparison.worse if audit.comparison else ()
    named = {one.check for one in worse}
    return [
        one
        for one in worse
        if policy.level(one.check) != "off" and audit.result(one.check).cause not in named
    ]


def verdict(judged: Sequence[tuple[RunAudit, Policy]], reasons: Iterable[GateReason] = ()) -> Gate:
    """Return the verdict over all runs.

    Args:
        judged: The runs, each with the policy that judges it.
        reasons: Why it fails besides what was found in the runs.
    """
    all_reasons = [*reasons]
    warnings = 0
    for audit, policy in judged:
        all_reasons += reasons_of(audit, policy)
        warnings += sum(
            policy.level(result.id) == "warn" and result.outcome is Outcome.FAIL
            for result in audit.checks
        )
        if policy.worse_than_base == "warn":
            warnings += len(worse_than_base(audit, policy))
    return Gate(passed=not all_reasons, reasons=tuple(all_reasons), warnings=warnings)


def _score_reason(audit: RunAudit, policy: Policy) -> list[GateReason]:
    least = policy.minimum_score
    score = audit.score.low or 0
    if least is None or score >= least:
        return []
    before = audit.comparison.score if audit.comparison else None
    if before is not None and before < least and score >= before:
        return []
    return [_reason(audit, None, f"the score is {score}, the policy asks for {least}")]


def _reason(audit: RunAudit, check: str | None, message: str) -> GateReason:
    return GateReason(run=audit.name, path=audit.path, check=check, message=message)
