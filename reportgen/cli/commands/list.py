"""``reportgen list``: runs as a table, chosen by a condition, sorted by any column."""

from __future__ import annotations

import argparse
import math
import operator
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportgen.cli.listing import ListedRun, Listing, read_listing
from reportgen.cli.options import add_json, add_settings, note
from reportgen.cli.tables import duration, print_table
from reportgen.errors import UsageError

OK, PARTLY = 0, 3
_MOST_SETTINGS = 4
_MOST_METRICS = 3
_SPARE = ("created", "seconds", "project", "group")
_HELP = """conditions:
  val/accuracy > 0.85 and tags.author == "j"     and, or, not, == != < <= > >=, in, not in
  state in ("failed", "interrupted")             text in quotes, numbers, True, False, None
  0.01 <= config.lr < 0.1 or "mlp" in name       a part of a text
  `val/top-5` > 0.9                              a name with - or blanks stands in backticks

names: state, name, project, group, created, seconds, path, config.KEY, tags.KEY, metrics.NAME;
a metric, a key or a tag alone where that is clear. A metric is its best value by its goal, the
last one without a goal. A run without the value meets no condition on it but != and == None.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = _HELP
    parser.add_argument(
        "path",
        nargs="*",
        type=Path,
        help="a run, or a folder that holds runs; the roots of the settings by default",
    )
    parser.add_argument("--all", action="store_true", help="archived runs too")
    parser.add_argument("--where", metavar="CONDITION", help="only runs that meet it, see below")
    parser.add_argument(
        "--sort",
        metavar="NAME",
        help="by this column; a metric from its best value on, anything else upwards",
    )
    parser.add_argument("--reverse", action="store_true", help="the other way round")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N runs only")
    parser.add_argument(
        "--columns",
        metavar="NAME,...",
        help="these columns, or all; by default identity, what differs and the main metrics",
    )
    add_json(parser)
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    """Print the table and return the exit status.

    Raises:
        ReportgenError: Nothing was listed.
    """
    if args.limit is not None and args.limit < 0:
        raise UsageError(f"is {args.limit}", where="--limit", expected="0 or more")
    listing = read_listing(args)
    runs, hidden = _chosen(args, listing)
    if args.json:
        _print_json(listing, runs, hidden)
    else:
        columns = _columns(args.columns, listing, runs)
        cells = [[_cell(one, name) for name in columns] for one in runs]
        spare = _SPARE if args.columns is None else ()
        if left_out := print_table(columns, cells, spare=spare):
            names = ", ".join(left_out)
            note(args, f"No room for {names}. A wider terminal or --columns shows them.")
        if hidden:
            word = "run is" if hidden == 1 else "runs are"
            note(args, f"{hidden} archived {word} left out; --all lists them too.")
        elif not runs:
            note(args, f"None of the {len(listing.runs)} runs meets the condition.")
    return PARTLY if listing.in_part else OK


def _chosen(args: argparse.Namespace, listing: Listing) -> tuple[list[ListedRun], int]:
    """Return the runs to list, and how many more there were but for their being archived.

    Whoever asks for ``archived`` in the condition says himself which are meant.
    """
    from reportgen.runs.query import Query, resolved
    from reportgen.runs.table import columns_of

    runs = listing.runs
    names = columns_of(one.row for one in runs)
    every = args.all
    if args.where is not None:
        query = Query(args.where, names)
        runs = [one for one in runs if query.matches(one.row)]
        every = every or "archived" in query.asked
    shown = runs if every else [one for one in runs if not one.row["archived"]]
    hidden, runs = len(runs) - len(shown), shown
    if args.sort is not None:
        runs = _sorted(runs, resolved(args.sort, names), backwards=args.reverse)
    elif args.reverse:
        runs = runs[::-1]
    return runs[: args.limit], hidden


def _sorted(runs: Sequence[ListedRun], column: str, *, backwards: bool) -> list[ListedRun]:
    """Sort by one column: numbers, then text, then the rest; what is missing comes last."""
    metric = column.removeprefix("metrics.")
    goals = [one.goals.get(metric) for one in runs] if metric != column else []
    down = ("maximize" in goals) != backwards
    ranks = [(_rank(one.row.get(column)), one) for one in runs]
    present = [(rank, one) for rank, one in ranks if rank is not None]
    present.sort(key=operator.itemgetter(0), reverse=down)
    return [one for _, one in present] + [one for rank, one in ranks if rank is None]


def _rank(value: Any) -> tuple[int, Any] | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, int | float):
        return 0, value
    return (1, value) if isinstance(value, str) else (2, repr(value))


def _columns(wanted: str | None, listing: Listing, runs: Sequence[ListedRun]) -> list[str]:
    from reportgen.runs.query import resolved
    from reportgen.runs.table import columns_of

    known = columns_of(one.row for one in listing.runs)
    if wanted == "all":
        return ["state", *(name for name in known if name != "state")]
    if wanted is not None:
        return [resolved(name.strip(), known) for name in wanted.split(",")]
    rows = [one.row for one in runs]
    chosen = ["state", "name"]
    chosen += [name for name in ("project", "group") if len({row[name] for row in rows}) > 1]
    settings = [name for name in known if name.startswith("config.")]
    differ = [name for name in settings if len({repr(row.get(name)) for row in rows}) > 1]
    return [*chosen, "created", "seconds", *differ[:_MOST_SETTINGS], *_metrics(runs)]


def _metrics(runs: Sequence[ListedRun]) -> list[str]:
    """Return the metrics that most runs are judged by, else the first ones with a goal."""
    headlines = [one.headline for one in runs if one.headline is not None]
    names = sorted(dict.fromkeys(headlines), key=lambda name: -headlines.count(name))
    if not names:
        with_goal = [name for one in runs for name, goal in one.goals.items() if goal]
        names = list(dict.fromkeys(with_goal))
    return [f"metrics.{name}" for name in names[:_MOST_METRICS]]


def _cell(one: ListedRun, column: str) -> Any:
    value = one.row.get(column)
    if not sys.stdout.isatty():
        return value
    if column == "seconds":
        return duration(value)
    if column == "created" and isinstance(value, str):
        return value[:16].replace("T", " ")
    return value


def _print_json(listing: Listing, runs: Sequence[ListedRun], hidden: int) -> None:
    from reportgen.fs.documents import dump_json
    from reportgen.runs.numbers import to_stored
    from reportgen.runs.table import FIXED

    plain = [
        {
            **{name: one.row[name] for name in FIXED},
            "tags": one.tags,
            "config": one.config,
            "metrics": {
                name: None if value is None else to_stored(value)
                for name in one.goals
                for value in [one.row[f"metrics.{name}"]]
            },
        }
        for one in runs
    ]
    result = {
        "schema": "reportgen.list/1",
        "runs": plain,
        "archived_left_out": hidden,
        "problems": listing.plain_problems(),
    }
    sys.stdout.write(dump_json(result).decode())
