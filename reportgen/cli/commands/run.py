"""``reportgen run``: any command as a tracked run, ending with the command's own exit status."""

from __future__ import annotations

import argparse
from pathlib import Path

from reportgen.cli.options import tag_of
from reportgen.errors import UsageError
from reportgen.logger.external import CommandRequest, run_command


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--name", help="name of the run; project/group/name gives all three")
    parser.add_argument("--project", help="first folder below the root")
    parser.add_argument("--group", help="second folder below the root")
    parser.add_argument(
        "--tag", action="append", default=[], metavar="K=V", help="a tag; may be repeated"
    )
    parser.add_argument(
        "--config",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="a configuration file that the command does not name itself; may be repeated",
    )
    parser.add_argument("--root", type=Path, metavar="DIR", help="the folder of all runs")
    parser.add_argument(
        "command",
        nargs=argparse.REMAINDER,
        metavar="-- COMMAND",
        help="the program and its arguments",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit status, 128 + n when it died of signal n.

    Raises:
        UsageError: There is no command, no such program, or an option is wrong.
    """
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        raise UsageError(
            "there is no command",
            where="reportgen run",
            expected="a command after --",
            fix="For example: reportgen run -- python train.py",
        )
    return run_command(
        CommandRequest(
            command=command,
            name=args.name,
            project=args.project,
            group=args.group,
            tags=dict(map(tag_of, args.tag)),
            config_files=args.config,
            root=args.root,
        )
    )
