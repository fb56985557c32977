"""The single most useful next step. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reportgen.audit.report import CheckResult, NextStep, Outcome, RunAudit, Severity
from reportgen.audit.score import lost


def next_step_of(audits: Sequence[RunAudit]) -> NextStep | None:
    """Return the step that helps most, None when nothing is left to do.

    A failing blocker comes first. Then counts the weight that the step gives back over all runs,
    with that of every finding of the same cause; a failure goes before what is merely open.
    """
    roots: dict[str, list[tuple[RunAudit, CheckResult]]] = {}
    for audit in audits:
        findings = audit.findings
        shown = {result.id for result in findings}
        for result in findings:
            if _is_step(result, shown):
                roots.setdefault(result.id, []).append((audit, result))
    if not roots:
        return None
    chosen = max(roots.values(), key=_usefulness)
    first = min(chosen, key=lambda pair: _order(pair[1]))[1]
    return NextStep(
        check=first.id,
        message=first.message,
        remedy=first.remedy,
        command=first.command,
        runs=tuple(dict.fromkeys(audit.name for audit, _ in chosen)),
        settles=sum(len(_settled(audit, result)) for audit, result in chosen),
    )


def _is_step(result: CheckResult, shown: Collection[str]) -> bool:
    if result.outcome in (Outcome.EXEMPT, Outcome.ERROR):
        return False
    return result.cause not in shown


def _settled(audit: RunAudit, result: CheckResult) -> list[CheckResult]:
    """Return a finding with those that are shown under it."""
    same = result.id
    return [one for one in audit.checks if same in (one.id, one.cause) and one.is_finding]


def _usefulness(pairs: Sequence[tuple[RunAudit, CheckResult]]) -> tuple[bool, float, int]:
    blocker = any(
        result.severity is Severity.B and result.outcome is Outcome.FAIL for _, result in pairs
    )
    weight = sum(lost(one) for audit, result in pairs for one in _settled(audit, result))
    return blocker, weight, -min(_order(result) for _, result in pairs)


def _order(result: CheckResult) -> int:
    return (Outcome.FAIL, Outcome.PARTIAL, Outcome.INCONCLUSIVE).index(result.outcome)
