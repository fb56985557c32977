"""``reportgen diff``: what changed from one run to another, for people and for gates."""

from __future__ import annotations

import argparse
import sys

from reportgen.cli import comparing
from reportgen.cli.comparison_text import print_changes, print_comparison
from reportgen.compare.comparison import SECTIONS, only_differences
from reportgen.compare.document import comparison_document
from reportgen.errors import UsageError
from reportgen.fs.documents import dump_json
from reportgen.suggest import nearest

OK, DIFFERENT, PARTLY = 0, 1, 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = "Exit status 1 when the runs differ in a part that was asked for."
    parser.add_argument("first", metavar="A", help="a path, an id, or a unique name")
    parser.add_argument("second", metavar="B", help="the run that it is held against")
    parser.add_argument(
        "--only",
        metavar="PART,...",
        help=f"these parts alone, of {', '.join(SECTIONS)}",
    )
    comparing.configure(parser)


def run(args: argparse.Namespace) -> int:
    """Print what differs and return the exit status.

    Raises:
        ReportgenError: A run is not there or cannot be read, or an option is wrong.
    """
    chosen = _chosen(args.only)
    found = comparing.compare(args, [args.first, args.second])
    shown = found.comparison if args.all else only_differences(found.comparison)
    differing = [name for name in found.comparison.differing_sections() if name in chosen]
    if args.json:
        document = comparison_document(shown, found.places, differing, chosen)
        sys.stdout.write(dump_json(document).decode())
    else:
        print_comparison(shown, chosen)
        if "code" in chosen:
            print_changes(shown.code, everything=args.all)
        print(f"\nThey differ in {', '.join(differing)}." if differing else "\nNo difference.")
    found.complain()
    if differing:
        return DIFFERENT
    return PARTLY if found.in_part else OK


def _chosen(only: str | None) -> list[str]:
    if only is None:
        return list(SECTIONS)
    chosen = [word.strip() for word in only.split(",")]
    for word in chosen:
        if word not in SECTIONS:
            raise UsageError(
                f"there is no part {word!r}",
                where="--only",
                expected=", ".join(SECTIONS),
                fix=nearest(word, SECTIONS),
            )
    return [section for section in SECTIONS if section in chosen]
