"""``reportgen bundle``: one run as one file for somebody else, checked for secrets first."""

from __future__ import annotations

import argparse
from pathlib import Path

from reportgen.cli.options import add_json, add_settings, note, print_json, settings_of
from reportgen.cli.tables import size
from reportgen.fs.text import storable
from reportgen.reproduce.bundle import BundleRequest, Made, make_bundle
from reportgen.runs.resolve import resolve_run

_HELP = """The bundle holds the whole run folder, a README, results.csv, a manifest with every hash,
an RO-Crate description, and what the options add. The same run gives the same bytes. Everything
is searched for secrets first; a hit is named by file, line and rule, and nothing is written.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = _HELP
    parser.add_argument("run", metavar="RUN", help="a path, an id, or a unique name")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="the bundle to write: NAME.tar.gz or NAME.zip",
    )
    parser.add_argument(
        "--with-code", action="store_true", help="add the recorded code, without its history"
    )
    parser.add_argument(
        "--with-wheels",
        action="store_true",
        help="add the recorded packages, so that no network is needed",
    )
    parser.add_argument(
        "--with-data", action="store_true", help="add recorded inputs that git does not hold"
    )
    parser.add_argument("--dockerfile", action="store_true", help="add a Dockerfile")
    parser.add_argument("--conda", action="store_true", help="add an environment.yml for conda")
    parser.add_argument(
        "--repository",
        type=Path,
        metavar="DIR",
        help="take the code from this repository in place of the one around the run",
    )
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="PATTERN",
        help="hand files on although a rule for secrets hit them: named as the refusal names them, "
        "or by a pattern such as 'code:tests/*'",
    )
    add_json(parser)
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    """Write a bundle and return the exit status.

    Raises:
        ReportgenError: Nothing was written.
    """
    view = resolve_run(args.run, settings_of(args).roots)
    request = BundleRequest(
        code=args.with_code,
        wheels=args.with_wheels,
        data=args.with_data,
        dockerfile=args.dockerfile,
        conda=args.conda,
        repository=args.repository,
        allowed=tuple(args.allow),
    )
    made = make_bundle(view, args.output, request, say=lambda text: note(args, text))
    for one in made.notes:
        note(args, f"not in the bundle: {one}")
    if args.json:
        print_json(_result(made))
    else:
        print(f"{storable(str(made.target))}: {made.files} files, {size(made.size)}")
        note(
            args,
            f"`reportgen unbundle {storable(str(made.target))}` unpacks it, every hash checked",
        )
    return 0


def _result(made: Made) -> dict[str, object]:
    return {
        "schema": "reportgen.bundled/1",
        "bundle": storable(str(made.target)),
        "files": made.files,
        "bytes": made.size,
        "run": {key: storable(str(value)) for key, value in made.document["run"].items()},
        "code": made.document["code"],
        "wheels": made.document["wheels"],
        "notes": [storable(one) for one in made.notes],
    }
