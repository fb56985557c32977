"""``reportgen show``: one run, as much of it as fits a screen."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from typing import Any

from reportgen.cli.listing import complain
from reportgen.cli.options import add_json, add_settings, settings_of
from reportgen.cli.tables import duration, print_table, size, tab_separated
from reportgen.fs.text import storable
from reportgen.runs.resolve import resolve_run
from reportgen.runs.schema import MetricSummary, to_plain
from reportgen.runs.summary import summarise_series
from reportgen.runs.table import seconds_of
from reportgen.runs.view import RunView
from reportgen.terminal import one_line, use_color

OK, PARTLY = 0, 3
_METRIC_HEADERS = ("metric", "last", "at step", "best", "at step", "points", "goal")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("run", metavar="RUN", help="a path, an id, or a unique name")
    add_json(parser)
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    """Print one run and return the exit status.

    Raises:
        ReportgenError: No run is meant, several are, or it cannot be read.
    """
    settings = settings_of(args)
    view = resolve_run(args.run, settings.roots).load()
    metrics = {
        name: (summarise_series(series, goal), goal)
        for name, series in view.series.items()
        for goal in [view.goal(name, settings.goals)]
    }
    if args.json:
        _print_json(view, metrics)
    elif sys.stdout.isatty():
        _print_page(view, metrics)
    else:
        _print_lines(view, metrics)
    complain([(storable(str(view.folder)), problem) for problem in view.problems])
    in_part = any(problem.severity == "error" for problem in view.problems)
    return PARTLY if in_part else OK


def _facts(view: RunView) -> Iterator[tuple[str, Any]]:
    """Yield what identifies a run and where it came from, by name; None for what is not known."""
    yield "state", view.state
    yield "name", view.name
    yield "id", view.id
    yield "path", storable(str(view.folder))
    yield "project", view.project
    yield "group", view.group
    yield "kind", view.run.kind
    for key, value in view.tags.items():
        yield f"tags.{key}", value if isinstance(value, str) else repr(value)
    yield "notes", view.notes
    yield "created", view.run.created or None
    yield "ended", view.run.ended
    yield "seconds", seconds_of(view)
    yield "stopped_early", view.run.stopped_early
    yield "exit_code", view.run.exit_code
    command = view.run.command
    yield "command", shlex.join(command.argv) if command and command.argv else None
    git, environment = view.git, view.environment
    yield "commit", git.commit if git else None
    yield "branch", git.branch if git else None
    yield "dirty", git.dirty if git else None
    python = environment.python if environment else None
    yield "python", python.version if python else None
    yield "files", len(view.file_sizes)
    yield "bytes", sum(view.file_sizes.values())
    yield "checkpoints", len(view.checkpoints) or None


def _config(view: RunView) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of the configuration, spelled as the file spells them."""
    for key, value in view.flat_config.items():
        plain = value if isinstance(value, str | int | float | None) else repr(value)
        yield key, view.config_sources.get(key, plain)


def _print_lines(view: RunView, metrics: dict[str, Any]) -> None:
    """Print one fact a line, name and value: what a script greps for."""
    pairs = [pair for pair in _facts(view) if pair[1] is not None]
    pairs += [(f"config.{key}", value) for key, value in _config(view)]
    for name, (summary, goal) in metrics.items():
        for part, value in {**to_plain(summary), "goal": goal}.items():
            if value is not None:
                pairs.append((f"metrics.{name}.{part}", value))
    for pair in pairs:
        sys.stdout.write(tab_separated(pair) + "\n")


def _print_page(view: RunView, metrics: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.text import Text

    plain = not use_color(sys.stdout)
    console = Console(highlight=False, markup=False, emoji=False, no_color=plain)
    facts = {name: value for name, value in _facts(view) if value is not None}
    title = Text.assemble((one_line(facts.pop("name")), "bold"), f"  {facts.pop('state')}")
    console.print(title)
    facts["bytes"] = size(facts["bytes"])
    if "seconds" in facts:
        facts["seconds"] = duration(facts["seconds"])
    for name, value in facts.items():
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        console.print(Text.assemble((f"  {name:<13} ", "dim"), one_line(shown)), soft_wrap=True)
    if view.flat_config:
        print_table(("config", "value"), list(_config(view)))
    if metrics:
        rows = [_metric_row(name, *found) for name, found in metrics.items()]
        print_table(_METRIC_HEADERS, rows)


def _metric_row(name: str, summary: MetricSummary, goal: str | None) -> list[Any]:
    last, best = summary.last, summary.best
    return [name, last, summary.last_step, best, summary.best_step, summary.count, goal]


def _print_json(view: RunView, metrics: dict[str, Any]) -> None:
    from reportgen.fs.documents import dump_json
    from reportgen.runs.table import FIXED, row_of

    row = row_of(view)
    result = {
        "schema": "reportgen.show/1",
        **{name: row[name] for name in FIXED},
        "notes": view.notes,
        "tags": view.tags,
        "config": view.config,
        "metrics": {
            name: {**to_plain(summary), "goal": goal} for name, (summary, goal) in metrics.items()
        },
        "run": to_plain(view.run),
        "git": to_plain(view.git) if view.git else None,
        "environment": to_plain(view.environment) if view.environment else None,
        "data": to_plain(view.data) if view.data else None,
        "files": {"count": len(view.file_sizes), "bytes": sum(view.file_sizes.values())},
        "problems": [problem.as_dict() for problem in view.problems],
    }
    sys.stdout.write(dump_json(result).decode())
