"""``reportgen compare``: two or more runs side by side."""

from __future__ import annotations

import argparse
import sys

from reportgen.cli import comparing
from reportgen.cli.comparison_text import print_comparison
from reportgen.compare.comparison import only_differences
from reportgen.compare.document import comparison_document
from reportgen.fs.documents import dump_json

OK, PARTLY = 0, 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("first", metavar="RUN", help="a path, an id, or a unique name")
    parser.add_argument("further", metavar="RUN", nargs="+", help="what it is compared with")
    comparing.configure(parser)


def run(args: argparse.Namespace) -> int:
    """Print the runs side by side and return the exit status.

    Raises:
        ReportgenError: A run is not there or cannot be read, or fewer than two are meant.
    """
    found = comparing.compare(args, [args.first, *args.further])
    shown = found.comparison if args.all else only_differences(found.comparison)
    if args.json:
        document = comparison_document(shown, found.places, found.comparison.differing_sections())
        sys.stdout.write(dump_json(document).decode())
    else:
        print_comparison(shown)
    found.complain()
    return PARTLY if found.in_part else OK
