"""One check over one run, with its prerequisites."""

from __future__ import annotations

import datetime
from functools import partial
from pathlib import Path

from reportgen.audit.interface import AuditContext, CheckResult
from reportgen.audit.policy import Policy, load_policy
from reportgen.audit.registry import by_id
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
) -> CheckResult:
    """Return what a check says of a run, as an audit would.

    Args:
        check: Id of a check.
        run: A run folder.
        policy: The built-in one by default.
        repository: Of the code; by default the one around the run.
        today: Day by which exemptions expire.

    Raises:
        NotFoundError: There is no such check.
    """
    by_id(check)
    view = run if isinstance(run, RunView) else RunView(run)
    with Repositories(repository) as repositories:
        context = AuditContext(
            view,
            policy=policy or load_policy(),
            repository=repositories.around(view.folder),
            siblings=partial(Siblings().of, view),
        )
        return audit_run(context, today=today).result(check)
