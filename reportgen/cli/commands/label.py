"""``reportgen label``: tags, note, group and archived of runs, kept beside their seals."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from reportgen.cli.options import add_json, add_settings, note, settings_of, tag_of
from reportgen.cli.tables import print_table
from reportgen.errors import ReportgenError, UsageError
from reportgen.fs.text import storable
from reportgen.runs import layout
from reportgen.runs.labels import Change, LabelEdit, edit_labels, read_labels, tags_in_force
from reportgen.runs.redact import redact_value
from reportgen.runs.resolve import resolve_runs
from reportgen.runs.view import RunView
from reportgen.suggest import nearest
from reportgen.terminal import one_line

OK, PARTLY = 0, 3
_HELP = """The edits go to labels.yaml in the run folder, which is outside the seal and wins over
run.yaml; run.yaml stays as it was. What is printed is what reads differently: before and after.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = _HELP
    parser.add_argument(
        "run", nargs="+", metavar="RUN", help="a path, an id, or a unique name; several at once"
    )
    parser.add_argument(
        "--tag", action="append", default=[], metavar="K=V", help="set a tag; may be repeated"
    )
    parser.add_argument(
        "--untag", action="append", default=[], metavar="K", help="take a tag away; likewise"
    )
    parser.add_argument("--notes", metavar="TEXT", help='the note; "" takes it away')
    parser.add_argument("--group", metavar="NAME", help='the group; "" takes it away')
    archived = parser.add_mutually_exclusive_group()
    archived.add_argument(
        "--archive", dest="archived", action="store_true", default=None, help="hide it in lists"
    )
    archived.add_argument(
        "--unarchive", dest="archived", action="store_false", default=None, help="show it again"
    )
    add_json(parser)
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    """Edit the labels of every run named and return the exit status.

    All runs are found and their labels read before the first is changed.

    Raises:
        ReportgenError: Nothing was done.
    """
    edit = _edit(args)
    views = resolve_runs(args.run, settings_of(args).roots)
    _check(views, edit)
    done: list[tuple[RunView, list[Change]]] = []
    failed: list[ReportgenError] = []
    for view in views:
        try:
            done.append((view, _apply(view, edit)))
        except ReportgenError as error:
            failed.append(error)
    if failed and not done:
        raise failed[0]
    if args.json:
        _print_json(done, failed)
    else:
        _print(args, done)
    for fault in failed:
        print(f"reportgen: {one_line(str(fault))}", file=sys.stderr)
    return PARTLY if failed else OK


def _edit(args: argparse.Namespace) -> LabelEdit:
    tags = dict(map(tag_of, args.tag))
    for key, value in tags.items():
        if value is None:
            raise UsageError(
                f"{key} has no value", where="--tag", expected="name=value", fix=f"--untag {key}"
            )
        if key in args.untag:
            raise UsageError(f"{key} is both set and taken away", expected="--tag or --untag")
    kept, in_tags = redact_value(tags)
    notes, in_notes = redact_value(args.notes)
    group, in_group = redact_value(args.group)
    if secrets := in_tags + in_notes + in_group:
        note(args, f"{secrets} of the texts held what looks like a secret; it is not written.")
    edit = LabelEdit(kept, tuple(args.untag), notes, group, args.archived)
    if edit == LabelEdit():
        raise UsageError(
            "nothing to change",
            where="reportgen label",
            expected="--tag, --untag, --notes, --group, --archive or --unarchive",
            fix="`reportgen show RUN` prints what a run has",
        )
    return edit


def _check(views: Sequence[RunView], edit: LabelEdit) -> None:
    """Refuse labels that could not be written again, and a tag that no run has."""
    known: dict[str, Any] = {}
    for view in views:
        try:
            known.update(tags_in_force(view.run, read_labels(view.folder)[1]))
        except OSError as error:
            raise _refused("read", view, error) from None
    for key in edit.untag:
        if key not in known:
            raise UsageError(
                f"no run has the tag {key!r}", where="--untag", fix=nearest(key, known)
            )


def _apply(view: RunView, edit: LabelEdit) -> list[Change]:
    try:
        return edit_labels(view.folder, view.run, edit)
    except OSError as error:
        raise _refused("written", view, error) from None


def _refused(what: str, view: RunView, error: OSError) -> UsageError:
    where = f"{view.folder}/{layout.LABELS}"
    return UsageError(f"could not be {what}: {error.strerror}", where=where)


def _print(args: argparse.Namespace, done: Sequence[tuple[RunView, list[Change]]]) -> None:
    rows = [
        [view.name, change.field, _cell(change.before), _cell(change.after)]
        for view, changes in done
        for change in changes
    ]
    if rows:
        print_table(("run", "field", "before", "after"), rows)
    if same := sum(not changes for _, changes in done):
        note(args, f"{same} of {len(done)} had it so already." if rows else "It was so already.")


def _cell(value: Any) -> Any:
    plain = value is None or isinstance(value, str | int | float | bool)
    return value if plain else repr(value)


def _print_json(
    done: Sequence[tuple[RunView, list[Change]]], failed: Sequence[ReportgenError]
) -> None:
    from reportgen.fs.documents import dump_json

    runs = [
        {
            "id": view.id,
            "name": view.name,
            "path": storable(str(view.folder)),
            "changes": [
                {"field": change.field, "before": change.before, "after": change.after}
                for change in changes
            ],
        }
        for view, changes in done
    ]
    result = {
        "schema": "reportgen.label/1",
        "runs": runs,
        "failed": [storable(str(error)) for error in failed],
    }
    sys.stdout.write(dump_json(result).decode())
