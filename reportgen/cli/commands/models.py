"""``reportgen models``: names for models, each bound to a checkpoint by its SHA-256."""

from __future__ import annotations

import argparse
import difflib
import sys
import time
from pathlib import Path

from reportgen.cli.options import add_json, add_settings, note, print_json, settings_of
from reportgen.cli.tables import print_table
from reportgen.config import Settings
from reportgen.errors import NotFoundError, UsageError
from reportgen.fs.text import storable
from reportgen.runs import layout
from reportgen.runs.model_document import Binding
from reportgen.runs.models import Promoted, bindings, plan_promotion, promote, read_registry
from reportgen.runs.redact import redact_text
from reportgen.runs.resolve import resolve_run
from reportgen.runs.schema import to_plain
from reportgen.runs.times import to_iso
from reportgen.terminal import printable

_HELP = """Without more words it lists the names below the roots. `reportgen models promote RUN
NAME@ALIAS` binds a name to the best checkpoint of a run, or to the one of --checkpoint, in
models.yaml beside the runs, and prints the change: commit it for review. What the alias stood for
before stays in its history. `reportgen verify` checks every hash.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = _HELP
    parser.add_argument(
        "action", nargs="?", choices=["promote"], help="bind a name to a checkpoint"
    )
    parser.add_argument("run", nargs="?", metavar="RUN", help="a path, an id, or a unique name")
    parser.add_argument("name", nargs="?", metavar="NAME@ALIAS", help="such as digits@champion")
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="this file of the run in place of its best checkpoint"
    )
    parser.add_argument("--note", metavar="TEXT", help="why, in a sentence")
    parser.add_argument("--dry-run", action="store_true", help="print the change and write nothing")
    add_json(parser)
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    """List names or promote a checkpoint, and return the exit status.

    Raises:
        ReportgenError: Nothing was done.
    """
    settings = settings_of(args)
    if args.action is None:
        _list(args, settings)
    else:
        _promote(args, settings)
    return 0


def _list(args: argparse.Namespace, settings: Settings) -> None:
    known = [root for root in settings.roots if (root / layout.MODELS).is_file()]
    found: list[tuple[Path, str, str, Binding]] = []
    for root in known:
        registry = read_registry(root)
        if registry is not None:
            found += [(root, *one) for one in bindings(registry)]
    if args.json:
        listed = [
            {"name": name, "alias": alias, "root": storable(str(root)), **to_plain(binding)}
            for root, name, alias, binding in found
        ]
        print_json({"schema": "reportgen.models-list/1", "models": listed})
        return
    if not found:
        roots = ", ".join(map(str, settings.roots))
        raise NotFoundError(
            "there is no models.yaml",
            where=roots or ".",
            expected="a registry of models beside the runs",
            fix="`reportgen models promote RUN NAME@ALIAS` starts one",
        )
    rows = [
        [f"{name}@{alias}", one.run, one.checkpoint, one.sha256[:12], one.promoted]
        for _, name, alias, one in found
    ]
    print_table(("model", "run", "checkpoint", "sha256", "since"), rows, spare=("since",))


def _promote(args: argparse.Namespace, settings: Settings) -> None:
    if not args.run or not args.name:
        raise UsageError(
            "a run and a name are needed",
            where="reportgen models promote",
            expected="RUN NAME@ALIAS",
            fix="For example: reportgen models promote RUN digits@champion",
        )
    text, secrets = redact_text(args.note) if args.note else (None, 0)
    if secrets:
        note(args, "The note held what looks like a secret; it is not written.")
    plan = plan_promotion(
        resolve_run(args.run, settings.roots),
        args.name,
        now=to_iso(time.time()),
        checkpoint=args.checkpoint,
        note=text,
        goals=settings.goals,
    )
    if plan.changed and not args.dry_run:
        try:
            promote(plan)
        except OSError as error:
            what = f"could not be written: {error.strerror}"
            raise UsageError(what, where=str(plan.path)) from None
    if args.json:
        print_json(_result(args, plan))
        return
    sys.stdout.write(printable(_difference(plan)))
    if not plan.changed:
        note(args, f"{args.name} stands for that checkpoint already.")


def _difference(plan: Promoted) -> str:
    name = storable(plan.path.name)
    lines = difflib.unified_diff(
        plan.before.splitlines(keepends=True),
        plan.after.splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
    )
    return "".join(lines)


def _result(args: argparse.Namespace, plan: Promoted) -> dict[str, object]:
    return {
        "schema": "reportgen.promotion/1",
        "path": storable(str(plan.path)),
        "name": args.name,
        "changed": plan.changed,
        "written": plan.changed and not args.dry_run,
        "binding": to_plain(plan.binding),
        "replaced": to_plain(plan.replaced) if plan.replaced is not None else None,
    }
