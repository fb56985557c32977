"""Which run of a group is the best by one metric: what a sweep chooses, and an audit recomputes."""

from __future__ import annotations

from pathlib import Path

from reportgen.errors import NotFoundError, ReportgenError
from reportgen.runs.discovery import find_runs
from reportgen.runs.schema import Goal
from reportgen.runs.summary import best_of
from reportgen.runs.times import from_iso
from reportgen.runs.view import RunView


def best_run(folder: Path, metric: str, goal: Goal) -> str | None:
    """Return the name of the finished run with the best value of a metric, or None.

    Each run counts by its best value; among equal ones the first that was started. Runs that
    cannot be read do not count.

    Args:
        folder: The group's folder.
        metric: The metric.
        goal: Its direction.
    """
    rated = []
    for path in runs_in(folder):
        try:
            view = RunView(path)
            series = view.series.get(metric) if view.run.status == "finished" else None
        except (ReportgenError, OSError):
            continue
        best = best_of(series.settled(), goal) if series is not None else None
        if best is not None:
            value = -best[1] if goal == "maximize" else best[1]
            rated.append((value, view.run.id, view.run.name))
    return min(rated)[2] if rated else None


def runs_in(folder: Path) -> list[Path]:
    """Return the run folders below a group's folder, none when there is no such folder."""
    try:
        return [found.path for found in find_runs([folder]).runs]
    except NotFoundError:
        return []


def started_before(folder: Path, moment: float) -> int:
    """Return how many runs of a group were started before a moment (seconds since 1970).

    Runs that do not say when they were started count as earlier.
    """
    to_the_millisecond = moment - 0.001  # as run.yaml has it
    return sum(_started(path) < to_the_millisecond for path in runs_in(folder))


def _started(path: Path) -> float:
    try:
        return from_iso(RunView(path).run.created) or 0.0
    except (ReportgenError, OSError):
        return 0.0
