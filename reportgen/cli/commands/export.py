"""``reportgen export``: runs as tables and documents for other tools."""

from __future__ import annotations

import argparse
from pathlib import Path

from reportgen.cli.listing import complain, roots_of
from reportgen.cli.options import add_json, add_settings, note, print_json, settings_of
from reportgen.cli.tables import print_table
from reportgen.errors import NotFoundError, ReportgenError, UnreadableError, UsageError
from reportgen.exporters import EXPORTERS, by_name
from reportgen.exporters.interface import Exporter
from reportgen.fs.text import storable
from reportgen.runs.discovery import find_runs
from reportgen.runs.problems import Problem
from reportgen.runs.view import RunView

OK, PARTLY = 0, 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = "formats:\n" + "\n".join(f"  {one.name:10} {one.title}" for one in EXPORTERS)
    parser.add_argument(
        "path",
        nargs="*",
        type=Path,
        metavar="RUNS",
        help="a run, or a folder that holds runs; the roots of the settings by default",
    )
    parser.add_argument(
        "--to", metavar="FORMAT,...", required=True, help="one or more of the formats below"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        required=True,
        help="the folder that the files are written to, made if need be",
    )
    add_json(parser)
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    """Write the files; the status is 3 when a run could not be read, or not whole.

    Raises:
        NotFoundError: There is no run.
        UnreadableError: There are runs and none can be read.
        UsageError: A format is not known, or the output cannot be written.
        UnavailableError: A format needs a package that is not installed.
    """
    exporters = [by_name(word.strip()) for word in dict.fromkeys(args.to.split(","))]
    views, problems = _views(roots_of(args, settings_of(args)))
    files = [path for one in exporters for path in _exported(one, views, args.output)]
    for view in views:
        problems += [(storable(str(view.folder)), problem) for problem in view.problems]
    complain(problems)
    rows = [(str(path), path.stat().st_size) for path in files]
    if args.json:
        names = ("path", "bytes")
        found = [dict(zip(names, row, strict=True)) for row in rows]
        print_json({"schema": "reportgen.exported/1", "runs": len(views), "files": found})
    else:
        print_table(("file", "bytes"), rows)
        note(args, f"Wrote {len(views)} {'run' if len(views) == 1 else 'runs'} to {args.output}")
    in_part = any(problem.severity == "error" for _, problem in problems)
    return PARTLY if in_part else OK


def _views(paths: list[Path]) -> tuple[list[RunView], list[tuple[str, Problem]]]:
    found = find_runs(paths)
    if not found.runs:
        raise NotFoundError(
            "holds no run", where=", ".join(map(str, paths)), expected="folders with run.yaml"
        )
    problems = [(str(paths[0]), problem) for problem in found.problems]
    views = []
    for ref in found.runs:
        try:
            views.append(RunView(ref.path))
        except ReportgenError as error:
            problem = Problem(error.problem or "run.unreadable", "error", "run.yaml", str(error))
            problems.append((storable(str(ref.path)), problem))
    if not views:
        complain(problems)
        raise UnreadableError(f"none of the {len(found.runs)} runs could be read")
    return views, problems


def _exported(exporter: Exporter, views: list[RunView], target: Path) -> list[Path]:
    try:
        return exporter.export(views, target)
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror or type(error).__name__}",
            where=str(error.filename or target),
            fix="Name a folder that you may write to.",
        ) from None
