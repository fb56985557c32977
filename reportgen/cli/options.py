"""What the commands share: the parser, common options, and the rules of output.

Results go to standard output, everything else to standard error.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from reportgen.errors import UsageError
from reportgen.suggest import nearest
from reportgen.terminal import one_line

if TYPE_CHECKING:
    from reportgen.config import Settings

_UNKNOWN = "unrecognized arguments: "


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one message with the next step, and no usage dump."""

    def error(self, message: str) -> NoReturn:
        fix = f"`{self.prog} --help` lists what it takes."
        word = message.removeprefix(_UNKNOWN).split(" ")[0].split("=")[0]
        if message.startswith(_UNKNOWN + "-"):
            options = [name for name in self._option_string_actions if name.startswith("--")]
            fix = f"{nearest(word, options)} {fix}"
        raise UsageError(message, where=self.prog.removeprefix("reportgen "), fix=fix)


def make_parser(name: str, description: str) -> Parser:
    """Return the parser of one command, with the options that every command has."""
    parser = Parser(
        prog=f"reportgen {name}",
        description=description[:1].upper() + description[1:] + ".",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--quiet", action="store_true", help="print results and errors only")
    parser.add_argument("--debug", action="store_true", help="add the traceback to an error")
    return parser


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``, for a command that has a result."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add ``--settings`` and ``--root``, for a command that ``settings_of`` then serves."""
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="read this in place of the nearest reportgen.toml or pyproject.toml",
    )
    parser.add_argument(
        "--root",
        action="append",
        metavar="DIR",
        help="search this folder for runs; may be repeated",
    )


def settings_of(args: argparse.Namespace, **overrides: Any) -> Settings:
    """Return the settings in force; ``overrides`` are further values from the command line.

    Raises:
        SettingsError: A file, a variable or a value is wrong.
    """
    from reportgen.config import load_settings

    return load_settings(file=args.settings, overrides={"roots": args.root, **overrides})


def tag_of(text: str) -> tuple[str, Any]:
    """Return name and value of a tag as it is typed: ``goal=baseline``, or a word, which is true.

    Raises:
        UsageError: It has no name.
    """
    from reportgen.logger.overrides import scalar

    key, equals, value = text.partition("=")
    if not key:
        raise UsageError(f"the tag {text!r:.80} has no name", expected="name=value, or a word")
    return key, scalar(value) if equals else True


def note(args: argparse.Namespace, text: str) -> None:
    """Print one line that is no result to standard error, unless ``--quiet``."""
    if not args.quiet and sys.stderr is not None:
        print(one_line(text), file=sys.stderr)


def print_json(result: object) -> None:
    """Print a result as indented JSON to standard output."""
    import orjson

    print(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
