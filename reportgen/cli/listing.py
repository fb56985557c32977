"""Runs read for a table: their rows, and what could not be read of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.cli.options import settings_of
from reportgen.cli.progress import progress
from reportgen.errors import NotFoundError, ReportgenError, UnreadableError, UsageError
from reportgen.fs.text import storable
from reportgen.runs.discovery import find_runs
from reportgen.runs.problems import Problem
from reportgen.runs.schema import Goal
from reportgen.runs.table import Row, row_of
from reportgen.runs.view import RunView
from reportgen.terminal import one_line

if TYPE_CHECKING:
    from reportgen.config import Settings

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One run of a listing.

    Attributes:
        row: Its columns.
        config: Its configuration as nested as it was given.
        tags: Its tags.
        headline: The metric that it is judged by, or None.
        goals: The direction of each of its metrics.
    """

    row: Row
    config: dict[str, Any]
    tags: dict[str, Any]
    headline: str | None
    goals: dict[str, Goal | None]


@dataclass(slots=True)
class Listing:
    """The runs that could be read, in path order, and every problem with its place."""

    runs: list[ListedRun] = field(default_factory=list)
    problems: list[tuple[str, Problem]] = field(default_factory=list)

    @property
    def in_part(self) -> bool:
        """Whether something could not be read."""
        return any(problem.severity == "error" for _, problem in self.problems)

    def plain_problems(self) -> list[dict[str, object]]:
        """Return the problems as plain values, each with the folder that it is about."""
        return [{"path": place, **problem.as_dict()} for place, problem in self.problems]


def roots_of(args: argparse.Namespace, settings: Settings) -> list[Path]:
    """Return the folders to look in: those named, else the roots that exist.

    Raises:
        UsageError: None is named and no root exists.
    """
    paths = list(args.path) or [root for root in settings.roots if root.is_dir()]
    if not paths:
        raise UsageError("no path given, and no root exists", fix="Name a folder that holds runs")
    return paths


def read_listing(args: argparse.Namespace) -> Listing:
    """Read the runs below the paths of a command line, and complain of what cannot be read.

    Raises:
        NotFoundError: A path does not exist, or there is no run.
        UnreadableError: There are runs and none can be read.
        UsageError, SettingsError: The command line or the settings are wrong.
    """
    settings = settings_of(args)
    paths = roots_of(args, settings)
    found = find_runs(paths)
    listing = Listing(problems=[(str(paths[0]), problem) for problem in found.problems])
    if not found.runs:
        raise NotFoundError(
            "holds no run",
            where=", ".join(map(str, paths)),
            expected="folders with run.yaml",
            fix="Other tools' logs come in by `reportgen import`",
        )
    with progress(args, "reading runs") as advance:
        for done, ref in enumerate(found.runs, 1):
            _read(ref.path, settings.goals, listing)
            advance(done, len(found.runs))
    complain(listing.problems)
    if not listing.runs:
        raise UnreadableError(f"none of the {len(found.runs)} runs could be read")
    return listing


def _read(folder: Path, goals: dict[str, Goal], listing: Listing) -> None:
    place = storable(str(folder))
    try:
        view = RunView(folder)
        listing.runs.append(_listed(view, goals))
    except ReportgenError as error:
        problem = Problem(error.problem or "run.unreadable", "error", "run.yaml", str(error))
        listing.problems.append((place, problem))
    else:
        listing.problems.extend((place, problem) for problem in view.problems)


def _listed(view: RunView, goals: dict[str, Goal]) -> ListedRun:
    return ListedRun(
        row=row_of(view, goals),
        config=view.config or {},
        tags=view.tags,
        headline=view.headline_metric,
        goals={name: view.goal(name, goals) for name in view.series},
    )


def complain(problems: Sequence[tuple[str, Problem]]) -> None:
    """Print what could not be read to standard error, one line each."""
    errors = [(place, problem) for place, problem in problems if problem.severity == "error"]
    for place, problem in errors[:_SHOWN]:
        line = f":{problem.line}" if problem.line else ""
        if problem.file == "run.yaml" and problem.message.startswith(Path(place).name):
            text = problem.message
        else:
            text = f"{place}/{problem.file}{line}: {problem.message}"
        print(f"reportgen: {one_line(text)}", file=sys.stderr)
    if len(errors) > _SHOWN:
        print(f"reportgen: {len(errors) - _SHOWN} more could not be read", file=sys.stderr)
