"""``reportgen reproduce``: run a recorded run again elsewhere and judge what comes out."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from reportgen.cli.options import add_json, add_settings, note, print_json, settings_of
from reportgen.cli.progress import progress
from reportgen.errors import ReportgenError, UnavailableError, UsageError
from reportgen.reproduce.attempt import Attempt, judged, reproduce
from reportgen.reproduce.explain import BUDGET_SECONDS, explain
from reportgen.reproduce.ledger import check_ledger, document_of, entry_of, write_entry
from reportgen.reproduce.plan import Plan, Request, make_plan
from reportgen.reproduce.record import STEPS
from reportgen.reproduce.report import cannot_run, report_lines, write_plot
from reportgen.reproduce.statement import statement_of
from reportgen.reproduce.verdict import BAND
from reportgen.reproduce.workplace import Workplace
from reportgen.runs.resolve import resolve_run
from reportgen.runs.view import RunView
from reportgen.terminal import one_line, printable

OK, DIFFERS, CANNOT = 0, 1, 3
REPOSITORY = "REPORTGEN_REPO"
DATA = "REPORTGEN_DATA"
_HELP = """Restores commit and uncommitted changes into a new folder, makes the recorded environment
there, runs the recorded command and compares the metrics step by step. That is the code of whoever
made the run, run with your rights: the plan is shown first, and nothing is run without consent.
Your repository stays as it is; the run folder gets an entry in reproductions/.

Exit status: 0 identical or within the band, 1 it diverges or the environment is another,
2 refused and nothing run, 3 it cannot be run.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = _HELP
    parser.add_argument("run", metavar="RUN", help="a path, an id, or a unique name")
    what = parser.add_argument_group("what is run")
    what.add_argument(
        "--steps",
        type=int,
        nargs="?",
        const=STEPS,
        metavar="K",
        help=f"only the first K steps ({STEPS} without a number); the whole program by default",
    )
    what.add_argument("--yes", action="store_true", help="do it without asking")
    what.add_argument("--script", action="store_true", help="print reproduce.sh and run nothing")
    what.add_argument(
        "--replayed", type=Path, metavar="DIR", help="judge this rerun of it and run nothing"
    )
    place = parser.add_argument_group("where it runs")
    place.add_argument(
        "--env",
        default="new",
        metavar="new|current|PYTHON",
        help="make the recorded environment (default), use that of this command, or a Python",
    )
    place.add_argument(
        "--repository", type=Path, metavar="DIR", help="a repository that holds the commit"
    )
    place.add_argument(
        "--data", type=Path, metavar="DIR", help="holds inputs at their recorded paths"
    )
    place.add_argument("--into", type=Path, metavar="DIR", help="the new folder, which is kept")
    place.add_argument(
        "--allow-links", action="store_true", help="take a patch that makes links or submodules"
    )
    place.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a variable of threads or kernels otherwise than recorded; without = it is unset",
    )
    place.add_argument(
        "--limit", type=float, metavar="SECONDS", help="give the command up after so long"
    )
    verdict = parser.add_argument_group("the verdict")
    verdict.add_argument(
        "--band", type=float, default=BAND, metavar="X", help=f"relative band, {BAND:g} by default"
    )
    verdict.add_argument(
        "--calibrate", action="store_true", help="run twice and widen the band to what that shows"
    )
    verdict.add_argument(
        "--explain",
        type=float,
        nargs="?",
        const=BUDGET_SECONDS,
        metavar="SECONDS",
        help=f"on a difference, set one factor back at a time ({BUDGET_SECONDS:g} s by default)",
    )
    verdict.add_argument("--verdict-only", action="store_true", help="print the verdict alone")
    verdict.add_argument(
        "--ledger", type=Path, metavar="DIR", help="keep the entry here, not in the run folder"
    )
    verdict.add_argument("--signer", metavar="NAME", help="who says so, as the entry claims it")
    verdict.add_argument(
        "--statement", type=Path, metavar="FILE", help="write an in-toto Statement to sign"
    )
    add_json(parser)
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    """Reproduce a run and return the exit status.

    Raises:
        ReportgenError: Nothing was run.
    """
    _check(args)
    view = resolve_run(args.run, settings_of(args).roots)
    if args.script:
        from reportgen.script import reproduce_script

        sys.stdout.write(reproduce_script(view))
        return OK
    if args.statement is not None and view.manifest is None:
        raise UsageError("the run is not sealed, so nothing can be stated of it", where=view.name)
    if args.statement is not None and not args.statement.absolute().parent.is_dir():
        raise UsageError("its folder does not exist", where=f"--statement {args.statement}")
    check_ledger(view.folder, args.ledger)
    began = time.time()
    try:
        plan = make_plan(view, _request(args))
    except UnavailableError as error:
        return _not_possible(args, view, error)
    attempt = _attempt(args, plan)
    entry = entry_of(attempt, now=began, signer=args.signer)
    place = write_entry(entry, view.folder, args.ledger)
    plot = write_plot(attempt, place.with_suffix(".svg"))
    if args.statement is not None:
        _write_statement(args.statement, statement_of(view, entry))
    if args.json:
        print_json(document_of(entry, attempt))
    elif args.verdict_only:
        print(attempt.verdict)
    else:
        print(printable("\n".join(report_lines(attempt))))
        note(args, f"entry {place}" + (f", plot {plot}" if plot else ""))
        if args.replayed is None:
            note(args, f"replayed in {attempt.folder}, log {attempt.log}")
    return {"identical": OK, "within-band": OK, "cannot-run": CANNOT}.get(attempt.verdict, DIFFERS)


def _check(args: argparse.Namespace) -> None:
    if args.steps is not None and args.steps < 1:
        raise UsageError(f"is {args.steps}", where="--steps", expected="a number from 1 on")
    if not 0 <= args.band < 1:
        raise UsageError(f"is {args.band}", where="--band", expected="from 0 to below 1")
    for option, seconds in (("--explain", args.explain), ("--limit", args.limit)):
        if seconds is not None and not seconds > 0:
            raise UsageError(f"is {seconds}", where=option, expected="seconds above 0")
    if args.replayed is not None and (args.calibrate or args.explain is not None):
        raise UsageError("runs nothing", where="--replayed", expected="no --calibrate, --explain")


def _request(args: argparse.Namespace) -> Request:
    repository = args.repository or _folder_named(REPOSITORY)
    return Request(
        steps=args.steps,
        environment="current" if args.replayed is not None else args.env,
        repository=repository,
        data=args.data or _folder_named(DATA),
        into=args.into,
        allow_links=args.allow_links,
        calibrate=args.calibrate,
        band=args.band,
        limit=args.limit,
        variables=dict(map(_variable, args.set)),
    )


def _variable(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    return name, value if equals else None


def _folder_named(variable: str) -> Path | None:
    named = os.environ.get(variable)
    return Path(named) if named else None


def _attempt(args: argparse.Namespace, plan: Plan) -> Attempt:
    if args.replayed is not None:
        return judged(plan, RunView(args.replayed))
    _show(args, plan)
    _ask(args)

    def explainer(attempt: Attempt, workplace: Workplace) -> None:
        explain(attempt, workplace, args.explain, lambda line: note(args, line))

    with progress(args, "steps") as advance:
        return reproduce(
            plan,
            say=lambda line: note(args, line),
            progress=advance,
            explain=None if args.explain is None else explainer,
        )


def _show(args: argparse.Namespace, plan: Plan) -> None:
    if args.quiet and args.yes:
        return
    print("This runs the code of whoever made the run, with your rights:", file=sys.stderr)
    for heading, line in plan.lines():
        print(f"  {heading:9}  {one_line(line)}", file=sys.stderr)


def _ask(args: argparse.Namespace) -> None:
    """Go on only with consent.

    Raises:
        UsageError: There is none; nothing was run.
    """
    if args.yes:
        return
    if sys.stdin is None or not sys.stdin.isatty() or not sys.stderr.isatty():
        raise UsageError(
            "nobody is there to be asked, so nothing was run",
            where="reportgen reproduce",
            fix="Read the plan above, then pass --yes.",
        )
    print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError("declined, nothing was run", where="reportgen reproduce")


def _not_possible(args: argparse.Namespace, view: RunView, error: ReportgenError) -> int:
    """Say why there cannot be a replay; nothing was tried, so the ledger gets no entry."""
    if args.json:
        print_json(cannot_run(view, str(error)))
    elif args.verdict_only:
        print("cannot-run")
    else:
        print(one_line(f"cannot-run: {error}"))
    return CANNOT


def _write_statement(place: Path, statement: object) -> None:
    from reportgen.fs.atomic import write_bytes
    from reportgen.fs.documents import dump_json

    try:
        write_bytes(place, dump_json(statement))
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}", where=str(place), expected="a file name"
        ) from None
