"""``reportgen import``: another tool's logs to run folders."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reportgen.cli.importing import (
    Imported,
    complain_of_imports,
    import_runs,
    importer_of,
    others_in,
)
from reportgen.cli.options import add_json, note
from reportgen.cli.progress import progress
from reportgen.cli.tables import print_table
from reportgen.errors import NotFoundError, UnreadableError
from reportgen.fs.documents import dump_json
from reportgen.importers import IMPORTERS, by_name
from reportgen.importers.interface import ImportOptions

OK, PARTLY = 0, 3
_SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "source", metavar="SOURCE", type=Path, help="a file or a folder that the tool wrote"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="RUNS",
        required=True,
        help="the folder that the run folders are written to",
    )
    parser.add_argument(
        "--from",
        dest="kind",
        metavar="KIND",
        choices=[importer.kind for importer in IMPORTERS],
        help=f"what it is, of {', '.join(one.kind for one in IMPORTERS)}; found out by default",
    )
    parser.add_argument(
        "--every-folder",
        action="store_true",
        help="take each folder of logs for a run, also where one job wrote several",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Write the run folders; the status is 3 when something could not be read.

    Raises:
        NotFoundError: There is no source, or it holds no run.
        UnreadableError: Nothing in it could be read.
        UsageError: It is of no known kind, or the output cannot be written.
    """
    if not args.source.exists():
        raise NotFoundError("there is no such file or folder", where=str(args.source))
    importer = by_name(args.kind) if args.kind else importer_of(args.source)
    options = ImportOptions(every_folder=args.every_folder)
    with progress(args, "importing runs") as advance:
        result = import_runs(
            importer,
            args.source,
            args.output,
            options,
            advance=lambda done: advance(done, done),
        )
    _refuse_nothing(args, result)
    if args.json:
        sys.stdout.write(dump_json(result.as_dict()).decode())
    else:
        _print(args, result)
    for other in [] if args.kind or args.quiet else others_in(args.source, importer):
        note(args, f"Also there: {other.title}, which --from {other.kind} imports")
    complain_of_imports(result.unreadable)
    return PARTLY if result.unreadable else OK


def _refuse_nothing(args: argparse.Namespace, result: Imported) -> None:
    if result.runs:
        return
    if result.unreadable:
        path, message = result.unreadable[0]
        raise UnreadableError(message, where=path)
    raise NotFoundError(f"holds no run of {result.title}", where=str(args.source))


def _print(args: argparse.Namespace, result: Imported) -> None:
    headers = ("state", "name", "source", "series", "points", "config", "left out", "path")
    rows = [
        (
            written.state,
            facts["name"],
            facts["source"],
            facts["series"],
            facts["points"],
            facts["config_keys"],
            len(facts["left_out"]),
            str(written.folder),
        )
        for written, facts in result.runs
    ]
    print_table(headers, rows, spare=("source", "left out"))
    states = [written.state for written, _ in result.runs]
    counts = [f"{states.count(s)} {s}" for s in ("new", "updated", "unchanged") if s in states]
    note(args, f"{result.title}: {', '.join(counts)} in {args.output}")
    for problem in result.problems[:_SHOWN]:
        note(args, f"{problem.file}: {problem.message}")
