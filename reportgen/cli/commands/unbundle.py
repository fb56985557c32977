"""``reportgen unbundle``: unpack what ``reportgen bundle`` wrote, all of it or nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

from reportgen.cli.options import add_json, note, print_json
from reportgen.errors import UsageError
from reportgen.fs.text import storable
from reportgen.reproduce.unbundle import RUN, unpack

_HELP = """Every name, size and hash is checked before the first byte is written. Only regular files
are made, inside one new folder. That nothing was changed is what this tells, not who made it.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = _HELP
    parser.add_argument("file", type=Path, metavar="FILE", help="the bundle")
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        metavar="DIR",
        help="a folder to make; by default the bundle's own name, here",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Unpack a bundle and return the exit status.

    Raises:
        ReportgenError: It was refused; nothing was written.
    """
    try:
        folder, read = unpack(args.file, args.folder)
    except PermissionError as error:
        where = str(error.filename or args.folder or ".")
        raise UsageError(f"cannot be written: {error.strerror}", where=where) from None
    files = read.check.files + 1
    if args.json:
        run_ = read.bundle.document.get("run")
        known = run_ if isinstance(run_, dict) else {}
        print_json(
            {
                "schema": "reportgen.unbundled/1",
                "folder": storable(str(folder)),
                "files": files,
                "bytes": read.check.bytes,
                "run": {str(key): storable(str(value)) for key, value in known.items()},
            }
        )
    else:
        print(storable(str(folder)))
        note(args, f"{files} files, every hash as listed")
        note(args, f"`bash {storable(str(folder / RUN / 'reproduce.sh'))}` runs it again")
    return 0
