"""Read everything a site needs: the runs below some paths, and their audit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen.audit.policy import load_policy
from reportgen.audit.report import AuditReport
from reportgen.errors import NotFoundError, ReportgenError
from reportgen.runs.discovery import find_runs
from reportgen.runs.problems import Problem
from reportgen.runs.schema import Goal
from reportgen.runs.times import from_iso
from reportgen.runs.view import RunView
from reportgen.site.audits import Audits
from reportgen.site.memory import Memory
from reportgen.site.model import Derived, derived_of
from reportgen.site.recalled import RecalledView

Advance = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read.

    Attributes:
        views: The runs that could be read.
        report: Their audit.
        problems: Folders and runs that could not be read.
        audits: What the audits depend on; None when they were made elsewhere.
        derived: What pages derive from each run, in the order of ``views``; as far as it is known.
    """

    views: tuple[RunView, ...]
    report: AuditReport | None
    problems: tuple[Problem, ...]
    audits: Audits | None = None
    derived: tuple[Derived, ...] = ()


def gather(
    paths: Sequence[Path],
    *,
    policy: Path | None = None,
    goals: Mapping[str, Goal] | None = None,
    repository: Path | None = None,
    accept: Callable[[Sequence[RunView]], None] = lambda views: None,
    advance: Advance = lambda done, total: None,
    memory: Memory | None = None,
) -> Gathered:
    """Return the runs at or below ``paths`` with their audit.

    Args:
        paths: Run folders, or folders that hold some.
        policy: File of the audit policy; the built-in one by default.
        goals: Directions of metrics, from the settings.
        repository: Repository that runs are judged against, in place of the one around each.
        accept: Called with the runs before the audit begins; may raise to refuse.
        advance: Called after each audited run with how many are done, and of how many.
        memory: What an earlier build kept of these runs.

    Raises:
        NotFoundError: A path does not exist, or no run lies below any of them.
        ReportgenError: None of the runs that were found can be read; the policy is wrong.
    """
    judge = load_policy(policy)
    views, problems = read_runs(paths, memory)
    accept(views)
    audits = Audits(views, judge, repository, memory)
    derived: list[Derived] = []

    def derive(view: RunView) -> None:
        kept = memory.known(view.folder) if memory else None
        derived.append(kept.derived if kept else derived_of(view, goals or {}))
        advance(len(derived), len(views))

    report = audits.report(problems, derive)
    return Gathered(views, report, problems, audits, tuple(derived))


def read_runs(
    paths: Sequence[Path], memory: Memory | None = None
) -> tuple[tuple[RunView, ...], tuple[Problem, ...]]:
    """Return the readable runs, and what could not be read; see :func:`gather`.

    Raises:
        NotFoundError: As :func:`gather`.
        ReportgenError: As :func:`gather`.
    """
    found = find_runs(paths)
    problems = list(found.problems)
    views = []
    first: ReportgenError | None = None
    for ref in found.runs:
        try:
            kept = memory.recall(ref.path) if memory else None
            views.append(RecalledView(ref.path, kept.facts) if kept else RunView(ref.path))
        except ReportgenError as error:
            first = first or error
            place = f"{ref.relative}" if ref.relative != "." else ref.path.name
            problems.append(Problem("run.unreadable", "error", place, str(error)))
    if not views:
        if first is not None:
            raise first
        raise NotFoundError(
            "no run was found",
            where=", ".join(map(str, paths)),
            expected="run folders at or below it, each with run.yaml",
            fix="Log one with `reportgen run -- python train.py`, or reportgen.start_run(...)",
        )
    return tuple(views), tuple(problems)


def newest_moment(views: Sequence[RunView]) -> float | None:
    """Return the last moment that any run records: its end, or its start."""
    times = [from_iso(text) for view in views for text in (view.run.ended, view.run.created)]
    return max((time for time in times if time is not None), default=None)
