"""Audit runs: every check over every run, with prerequisites, exemptions, gate and next step."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reportgen.audit import gate
from reportgen.audit.interface import AuditContext
from reportgen.audit.judge import audit_run as audit_run
from reportgen.audit.next_step import next_step_of
from reportgen.audit.policy import Policy, expired, load_policy
from reportgen.audit.report import (
    AuditReport,
    Base,
    GateReason,
    RunAudit,
)
from reportgen.audit.repository import Repositories
from reportgen.audit.siblings import Siblings
from reportgen.errors import NotFoundError, ReportgenError, UnreadableError
from reportgen.runs.discovery import RunRef, find_runs
from reportgen.runs.problems import Problem
from reportgen.runs.view import RunView

if TYPE_CHECKING:
    from reportgen.audit.network import Network

Judged = tuple[RunAudit, Policy]
"""A run's audit, and the policy that judges it."""

Compared = tuple[list[Judged], Base, list[Problem]]
"""Runs beside what they were, the base, and what to know of it."""


def audit_runs(
    paths: Sequence[Path],
    *,
    policy: Policy | None = None,
    repository: Path | None = None,
    online: bool = False,
    today: datetime.date | None = None,
    compare: Callable[[Sequence[Judged]], Compared] | None = None,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> AuditReport:
    """Audit every run at or below ``paths``.

    Args:
        paths: Run folders, and folders that hold runs.
        policy: The built-in one by default.
        repository: Repository of the code, in place of the one around each run.
        online: Whether checks may ask the network.
        today: Day by which exemptions expire; the present one by default.
        compare: Sets the runs beside what they were, before the gate is asked.
        advance: Called after each run with how many are done, and of how many.

    Raises:
        NotFoundError: A path does not exist, no run lies below, or ``repository`` is none.
        UnreadableError: Runs were found and none of them can be read.
        SettingsError: The built-in policy was asked for and is damaged.
    """
    policy = policy or load_policy()
    found = find_runs(paths)
    if not found.runs:
        raise NotFoundError(
            "no run found",
            where=", ".join(map(str, paths)),
            expected="a folder with run.yaml at it or below it",
            fix="Log one with reportgen.start_run(), or by `reportgen run -- COMMAND`",
        )
    views, problems = views_of(found.runs)
    if not views:
        first = problems[0]
        raise UnreadableError(f"{first.message} (none of {len(problems)} runs can be read)")
    day = today or datetime.date.today()
    with Repositories(repository) as repositories:
        judged = audit_views(
            views,
            policy=policy,
            repositories=repositories,
            online=online,
            today=day,
            advance=advance,
        )
    base = None
    if compare is not None:
        judged, base, noticed = compare(judged)
        problems += noticed
    return report_of(judged, policy, today=day, problems=[*problems, *found.problems], base=base)


def audit_views(
    views: Sequence[RunView],
    *,
    policy: Policy,
    repositories: Repositories,
    online: bool = False,
    today: datetime.date,
    siblings: Siblings | None = None,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> list[Judged]:
    """Audit runs, and return each with the policy that judges it; see :func:`audit_runs`.

    Args:
        views: The runs.
        policy: Of the audit.
        repositories: Of the code.
        online: Whether checks may ask the network.
        today: Day by which exemptions expire.
        siblings: Runs that are read already; those of ``views`` by default.
        advance: As in :func:`audit_runs`.
    """
    known = siblings or Siblings(views)
    network = network_of(online)
    judged: list[Judged] = []
    for view in views:
        context = AuditContext(
            view,
            policy=policy,
            repository=repositories.around(view.folder),
            siblings=partial(known.of, view),
            network=network,
        )
        judged.append((audit_run(context, today=today), context.policy))
        advance(len(judged), len(views))
    return judged


def network_of(online: bool) -> Network | None:
    """Return what answers questions to the network, None when it may not be asked."""
    if not online:
        return None
    from reportgen.audit.network import Network  # loaded only for those who ask it

    return Network()


def report_of(
    judged: Sequence[Judged],
    policy: Policy,
    *,
    today: datetime.date,
    problems: Iterable[Problem] = (),
    reasons: Iterable[GateReason] = (),
    base: Base | None = None,
) -> AuditReport:
    """Return the report over audited runs.

    Args:
        judged: The runs, each with the policy that judges it.
        policy: Of the audit.
        today: Day by which exemptions expire.
        problems: Of the search.
        reasons: Why the gate fails besides what was found in the runs.
        base: What they were compared with.
    """
    audits = tuple(
        replace(audit, passed=not gate.reasons_of(audit, judging)) for audit, judging in judged
    )
    return AuditReport(
        policy=policy.name,
        gate=gate.verdict(judged, reasons),
        next_step=next_step_of(audits),
        runs=audits,
        base=base,
        problems=(*problems, *_expired(policy, today)),
    )


def views_of(refs: Iterable[RunRef]) -> tuple[list[RunView], list[Problem]]:
    """Return the runs that can be read, and the others as problems."""
    views, problems = [], []
    for ref in refs:
        try:
            views.append(RunView(ref.path))
        except ReportgenError as error:
            problems.append(Problem("run.unreadable", "error", ref.path.as_posix(), str(error)))
    return views, problems


def _expired(policy: Policy, today: datetime.date) -> list[Problem]:
    return [
        Problem(
            "exemption.expired",
            "warning",
            policy.name,
            f"the exemption of {one.check} for runs {one.runs} by {one.by} ended on {one.until}",
        )
        for one in policy.exemptions
        if expired(one, today)
    ]
