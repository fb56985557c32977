"""One check over one run, with its prerequisites."""

from __future__ import annotations

import datetime
from functools import partial
from pathlib import Path

from reportgen.audit.interface import AuditContext, Check, CheckResult
from reportgen.audit.network import Network
from reportgen.audit.policy import Policy, load_policy
from reportgen.audit.registry import CHECKS, by_id
from reportgen.audit.repository import Repositories
from reportgen.audit.runner import audit_run
from reportgen.audit.siblings import Siblings
from reportgen.runs.view import RunView


def run_check(
    check: str,
    run: Path | RunView,
    *,
    policy: Policy | None = None,
    repository: Path | None = None,
    today: datetime.date | None = None,
    network: Network | None = None,
) -> CheckResult:
    """Return what a check says of a run, as an audit would.

    Args:
        check: Id of a check.
        run: A run folder.
        policy: The built-in one by default.
        repository: Of the code; by default the one around the run.
        today: Day by which exemptions expire.
        network: Answers what is asked of the network; by default nothing is asked.

    Raises:
        NotFoundError: There is no such check.
    """
    due = _with_prerequisites(check)
    view = run if isinstance(run, RunView) else RunView(run)
    with Repositories(repository) as repositories:
        context = AuditContext(
            view,
            policy=policy or load_policy(),
            repository=repositories.around(view.folder),
            siblings=partial(Siblings().of, view),
            network=network,
        )
        return audit_run(context, checks=due, today=today).result(check)


def _with_prerequisites(check: str) -> list[Check]:
    """Return the check and whatever its outcome may hang on, in the order of the registry."""
    due: dict[str, Check] = {}
    pending = [check]
    while pending:
        one = by_id(pending.pop())
        if one.id not in due:
            due[one.id] = one
            pending.extend(one.requires)
    return [one for one in CHECKS if one.id in due]
