"""Read everything a site needs: the runs below some paths, and their audit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen.audit.policy import load_policy
from reportgen.audit.report import AuditReport
from reportgen.audit.runner import audit_runs
from reportgen.errors import NotFoundError, ReportgenError
from reportgen.runs.discovery import find_runs
from reportgen.runs.problems import Problem
from reportgen.runs.times import from_iso
from reportgen.runs.view import RunView
from reportgen.site.shards import Curve, CurveFiles, clock_of, curve_files, curve_of

Advance = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read.

    Attributes:
        views: The runs that could be read.
        report: Their audit.
        problems: Folders and runs that could not be read.
    """

    views: tuple[RunView, ...]
    report: AuditReport | None
    problems: tuple[Problem, ...]


def gather(
    paths: Sequence[Path],
    *,
    policy: Path | None = None,
    repository: Path | None = None,
    accept: Callable[[Sequence[RunView]], None] = lambda views: None,
    advance: Advance = lambda done, total: None,
) -> Gathered:
    """Return the runs at or below ``paths`` with their audit.

    Args:
        paths: Run folders, or folders that hold some.
        policy: File of the audit policy; the built-in one by default.
        repository: Repository that runs are judged against, in place of the one around each.
        accept: Called with the runs before the audit begins; may raise to refuse.
        advance: Called after each audited run with how many are done, and of how many.

    Raises:
        NotFoundError: A path does not exist, or no run lies below any of them.
        ReportgenError: None of the runs that were found can be read; the policy is wrong.
    """
    judge = load_policy(policy)
    views, problems = read_runs(paths)
    accept(views)
    report = audit_runs(paths, policy=judge, repository=repository, advance=advance)
    return Gathered(views, report, problems)


def read_runs(paths: Sequence[Path]) -> tuple[tuple[RunView, ...], tuple[Problem, ...]]:
    """Return the readable runs, and what could not be read.

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
            views.append(RunView(ref.path))
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


def curves_of(
    slugs: Sequence[str],
    views: Sequence[RunView],
    advance: Callable[[int], None] = lambda done: None,
) -> tuple[dict[tuple[str, str], Curve], dict[tuple[str, str], CurveFiles]]:
    """Return the line of each run and metric that has points, and its data files."""
    curves: dict[tuple[str, str], Curve] = {}
    files: dict[tuple[str, str], CurveFiles] = {}
    for done, (slug, view) in enumerate(zip(slugs, views, strict=True), 1):
        clock = clock_of(view.metrics.columns)
        for name, series in view.series.items():
            if len(series):
                curve = curve_of(series, clock)
                curves[slug, name] = curve
                files[slug, name] = curve_files(slug, name, curve)
        advance(done)
    return curves, files


def newest_moment(views: Sequence[RunView]) -> float | None:
    """Return the last moment that any run records: its end, or its start."""
    times = [from_iso(text) for view in views for text in (view.run.ended, view.run.created)]
    return max((time for time in times if time is not None), default=None)
