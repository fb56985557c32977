"""``reportgen keep``: hold the commits of runs by references, or let them go."""

from __future__ import annotations

import argparse
from pathlib import Path

from reportgen.cli.options import add_json, add_settings, note, print_json, settings_of
from reportgen.cli.tables import print_table
from reportgen.reproduce.keep import Kept, keep, push, reference_of, release, repository_of
from reportgen.runs.resolve import resolve_runs

_HELP = """git removes commits that nothing points at, such as those of a branch that was squashed
and deleted. refs/reportgen/<id> holds the commit of a run; `reportgen bundle --with-code` keeps a
copy of its code.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = _HELP
    parser.add_argument(
        "run", nargs="+", metavar="RUN", help="a path, an id, or a unique name; several at once"
    )
    parser.add_argument(
        "--push", metavar="REMOTE", help="bring the reference to this remote of the repository too"
    )
    parser.add_argument(
        "--release", action="store_true", help="remove the reference; with --push there too"
    )
    parser.add_argument(
        "--repository",
        type=Path,
        metavar="DIR",
        help="the repository that holds the commit, in place of the one around the run",
    )
    add_json(parser)
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    """Keep or release the commits of every run named and return the exit status.

    All runs and repositories are found before the first reference is changed.

    Raises:
        ReportgenError: A run, its commit or its repository is not there, or git refused.
    """
    views = resolve_runs(args.run, settings_of(args).roots)
    places = [(view, repository_of(view, args.repository), reference_of(view)) for view in views]
    done: list[Kept] = []
    for view, top, ref in places:
        done.append(release(view, top) if args.release else keep(view, top))
        if args.push:
            push(top, args.push, ref, remove=args.release)
    if args.json:
        print_json(_result(args, done))
    else:
        print_table(("reference", "commit"), [[one.ref, one.commit or "released"] for one in done])
        same = sum(not one.changed for one in done)
        if same:
            note(args, f"{same} of {len(done)} had it so already.")
    return 0


def _result(args: argparse.Namespace, done: list[Kept]) -> dict[str, object]:
    return {
        "schema": "reportgen.keep/1",
        "pushed": args.push,
        "runs": [
            {"id": one.run, "ref": one.ref, "commit": one.commit, "changed": one.changed}
            for one in done
        ],
    }
