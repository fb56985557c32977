"""``reportgen verify``: every hash of bundles, runs and models.yaml compared."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportgen.cli.options import add_json, note, print_json
from reportgen.cli.tables import print_table, size
from reportgen.errors import NotFoundError
from reportgen.fs.text import storable
from reportgen.reproduce.documents import (
    VERIFY_SCHEMA,
    FoundDifference,
    VerifiedPath,
    VerifyResult,
)
from reportgen.reproduce.verify import Verified, verify
from reportgen.runs.schema import to_plain
from reportgen.terminal import one_line

OK, DIFFERS, PARTLY = 0, 1, 3
_HELP = """A path is a bundle, packed or not, a run, or a folder of runs with its models.yaml. 0:
every hash is as it was; 1: a file was changed, is missing, or is one too many; 2: nothing to
compare with; 3: some runs have no seal to compare with, the others are as they were.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = _HELP
    parser.add_argument(
        "path", type=Path, nargs="+", metavar="PATH", help="a bundle, a run, or a folder of runs"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Compare and return the exit status.

    Raises:
        ReportgenError: There is nothing to compare with, or a bundle is none.
    """
    found = [one for path in args.path for one in verify(path)]
    if not any(one.sealed for one in found):
        raise NotFoundError(
            found[0].notes[0],
            where=str(found[0].path),
            expected="a run that ended by itself, or a bundle",
        )
    if args.json:
        print_json(_result(found))
    else:
        _print(args, found)
    if any(one.differences for one in found):
        return DIFFERS
    return OK if all(one.sealed for one in found) else PARTLY


def _print(args: argparse.Namespace, found: Sequence[Verified]) -> None:
    rows = [
        [_word(one), one.kind, storable(str(one.path)), one.files, size(one.bytes)] for one in found
    ]
    print_table(("result", "is", "path", "files", "size"), rows)
    for one in found:
        for path, fault, message in one.differences:
            line = f"{one.path}: {path}: {fault}: {message}"
            print(f"reportgen: {one_line(line)}", file=sys.stderr)
        for text in one.notes:
            note(args, f"{one.path}: {text}")


def _word(one: Verified) -> str:
    return "not sealed" if not one.sealed else "differs" if one.differences else "as it was"


def _result(found: Sequence[Verified]) -> dict[str, Any]:
    verified = [
        VerifiedPath(
            path=storable(str(one.path)),
            kind=one.kind,
            passed=one.passed,
            sealed=one.sealed,
            files=one.files,
            bytes=one.bytes,
            differences=[
                FoundDifference(path=storable(path), fault=fault, message=storable(message))
                for path, fault, message in one.differences
            ],
            notes=[storable(text) for text in one.notes],
        )
        for one in found
    ]
    passed = all(one.passed for one in found)
    return to_plain(VerifyResult(schema=VERIFY_SCHEMA, passed=passed, verified=verified))
