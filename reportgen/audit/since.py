"""Audit what a change did to runs: those that were added or changed since a base, and no others.

The gate of a pull request: an added run is held to the whole gate, a changed one to what it passed
on the base. A change without runs passes, and says that there were none. Deleted runs are listed
with what they failed.
"""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from reportgen.audit import gate
from reportgen.audit.base_revision import BaseRevision, Differences
from reportgen.audit.base_runs import BaseRuns
from reportgen.audit.change import Change, DeletedRun
from reportgen.audit.comparison import added, compared
from reportgen.audit.interface import AuditContext
from reportgen.audit.judge import audit_run
from reportgen.audit.policy import Policy
from reportgen.audit.registry import CHECKS_BY_ID
from reportgen.audit.report import AuditReport, GateReason
from reportgen.audit.repository import Repositories
from reportgen.audit.runner import Judged, audit_views, network_of, report_of, views_of
from reportgen.audit.siblings import Siblings
from reportgen.errors import ReportgenError
from reportgen.runs import layout
from reportgen.runs.discovery import RunRef, find_runs
from reportgen.runs.problems import Problem
from reportgen.runs.view import RunView


@dataclass(slots=True)
class _Search:
    """What was found below the paths, by what the change did to it."""

    part: dict[str, RunRef] = field(default_factory=dict)
    same: set[str] = field(default_factory=set)
    ignored: int = 0
    problems: list[Problem] = field(default_factory=list)


def audit_since(
    base: BaseRevision,
    paths: Sequence[Path],
    *,
    policy: Policy,
    online: bool = False,
    today: datetime.date | None = None,
    problems: Iterable[Problem] = (),
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> AuditReport:
    """Audit the runs at or below ``paths`` that were added or changed since a base.

    Args:
        base: The base; the runs lie in its repository.
        paths: Run folders, and folders that hold runs, or held some on the base.
        policy: In force: that of the base.
        online: Whether checks may ask the network.
        today: Day by which exemptions expire; the present one by default.
        problems: What is to be known of the rules.
        advance: Called after each run with how many are done, and of how many.

    Raises:
        UsageError: A path lies outside of the repository.
        ReportgenError: git cannot read it.
    """
    day = today or datetime.date.today()
    folders = sorted({base.place_of(path) for path in paths})
    differences = Differences(base, folders)
    search = _search(base, differences, paths)
    views, unread = views_of(search.part.values())
    places = {ref.path.as_posix(): place for place, ref in search.part.items()}
    reasons = [_unreadable(problem) for problem in unread]
    with Repositories(base.top) as repositories, ExitStack() as stack:
        judged = audit_views(
            views,
            policy=policy,
            repositories=repositories,
            online=online,
            today=day,
            advance=advance,
        )
        here = {*search.part, *search.same}
        before = _Before(base, differences, here, policy, day, online, stack)
        try:
            judged = [
                before.compared(one, view, places[one[0].path])
                for one, view in zip(judged, views, strict=True)
            ]
            deleted = tuple(before.deleted())
        except ReportgenError as error:
            search.problems.append(_not_compared(base, error))
            deleted = ()
    return report_of(
        judged,
        policy,
        today=day,
        problems=[*problems, *unread, *search.problems],
        reasons=reasons,
        base=replace(
            base.as_base(), same=len(search.same), ignored=search.ignored, deleted=deleted
        ),
    )


def _search(base: BaseRevision, differences: Differences, paths: Sequence[Path]) -> _Search:
    search = _Search()
    there = [path for path in paths if path.is_dir()]
    for path in paths:
        if path not in there and not differences.was_there(base.place_of(path)):
            message = "there is no such folder, neither here nor on the base"
            search.problems.append(Problem("path.missing", "warning", path.as_posix(), message))
    found = find_runs(there)
    search.problems += found.problems
    for ref in found.runs:
        place = base.place_of(ref.path)
        if not differences.is_known(place):
            search.ignored += 1
        elif differences.is_same(place):
            search.same.add(place)
        else:
            search.part[place] = ref
    return search


class _Before:
    """The runs as they were on the base, audited by the same policy when they are asked for."""

    def __init__(
        self,
        base: BaseRevision,
        differences: Differences,
        here: set[str],
        policy: Policy,
        today: datetime.date,
        online: bool,
        stack: ExitStack,
    ) -> None:
        self._base = base
        self._differences = differences
        self._policy = policy
        self._today = today
        self._network = network_of(online)
        self._stack = stack
        self._runs: BaseRuns | None = None
        self._moved: set[str] = set()
        self._gone = [
            folder
            for folder in differences.run_folders()
            if folder not in here and differences.is_from_before(folder)
        ]

    @property
    def runs(self) -> BaseRuns:
        """The runs of the base, taken out once."""
        if self._runs is None:
            temporary = tempfile.TemporaryDirectory(prefix="reportgen-base-")
            into = Path(self._stack.enter_context(temporary))
            self._runs = BaseRuns(self._base, self._differences, into)
            self._repository = self._runs.repository(self._stack)
            self._siblings = Siblings(self._runs.views.values())
        return self._runs

    def compared(self, judged: Judged, view: RunView, place: str) -> Judged:
        """Return a run's audit beside that of the run that it was on the base.

        Another run in the same folder is an added one, which was not there to be failing.
        """
        audit, policy = judged
        came_from = place if self._differences.was_there(place) else self._left_by(view)
        before = self.runs.views.get(came_from) if came_from else None
        if before is None or came_from is None:
            return added(audit), policy
        if before.id != view.id:
            self._gone.append(place)
            return added(audit), policy
        change: Change = "changed"
        if came_from != place:
            self._moved.add(came_from)
            change = "moved"
        was = self._audited(before)[0]
        return compared(audit, was, change, policy=policy, checks=CHECKS_BY_ID), policy

    def deleted(self) -> Iterator[DeletedRun]:
        """Yield the runs of the base that are gone, with what the gate had against them."""
        for place in self._gone:
            view = self.runs.views.get(place)
            if view is None or place in self._moved:
                continue
            audit, policy = self._audited(view)
            failing = [reason.check for reason in gate.reasons_of(audit, policy)]
            yield DeletedRun(
                id=view.id,
                name=view.name,
                place=place,
                passed=not failing,
                failing=tuple(check for check in failing if check),
            )

    def _left_by(self, view: RunView) -> str | None:
        """Return the folder of the base that a run has left: its id and its metrics are there."""
        for place in self._gone:
            before = self.runs.views.get(place)
            if before is None or before.id != view.id or place in self._moved:
                continue
            if before.bytes(layout.METRICS) == view.bytes(layout.METRICS):
                return place
        return None

    def _audited(self, view: RunView) -> Judged:
        context = AuditContext(
            view,
            policy=self._policy,
            repository=self._repository,
            siblings=partial(self._siblings.of, view),
            network=self._network,
        )
        return audit_run(context, today=self._today), context.policy


def _unreadable(problem: Problem) -> GateReason:
    """A change that makes a run unreadable does not pass for it."""
    name = Path(problem.file).name
    return GateReason(run=name, path=problem.file, check=None, message=problem.message)


def _not_compared(base: BaseRevision, error: ReportgenError) -> Problem:
    message = f"the runs of {base.as_base().label} could not be read: {error}"
    return Problem("base.unreadable", "error", ".", message)
