"""The command ``reportgen``: finds the chosen command, loads only that, maps errors to statuses.

0  fine
1  the gate fails, or a difference was found
2  refused or misused, nothing done
3  done in part: some input could not be read, or a limit was hit
4  a fault of reportgen itself
130, 141  interrupted; the reader of standard output went away
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, Protocol, cast

from reportgen import __version__
from reportgen.cli.table import COMMANDS, Command
from reportgen.errors import ReportgenError, UsageError
from reportgen.suggest import nearest
from reportgen.terminal import one_line

if TYPE_CHECKING:
    import argparse

    class CommandModule(Protocol):
        """What a module under ``reportgen.cli.commands`` offers."""

        def configure(self, parser: argparse.ArgumentParser) -> None: ...
        def run(self, args: argparse.Namespace) -> int: ...


PARTLY = 3
FAULT = 4
INTERRUPTED = 130
READER_GONE = 141

_SAYING = "reportgen logs runs to plain folders, audits them and publishes them as a static site."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; nothing is raised.

    Args:
        argv: The words after ``reportgen``; those of the process by default.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    _never_fail_to_encode()
    try:
        status = _dispatch(words)
        _flush()
    except SystemExit as stop:  # --help of a command ends so
        status = stop.code if isinstance(stop.code, int) else 0
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        status = READER_GONE
    except ReportgenError as error:
        _complain(str(error), words)
        status = error.exit_status
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            status = _fault(error, words)
        else:
            _discard_output()
            _complain(f"{error.strerror}. Free some space and run the command again.", words)
            status = PARTLY
    except Exception as error:
        status = _fault(error, words)
    return status


def _dispatch(words: list[str]) -> int:
    first = words[0] if words else None
    if first in ("--version", "-V"):
        print(f"reportgen {__version__}")
    elif first in ("--help", "-h"):
        print(_overview())
    elif first == "--print-completion":
        print(_completion(words[1:]))
    elif first is None:
        print(_welcome())
    else:
        command = _find(first)
        module = _load(command)
        return module.run(_parser(command, module).parse_args(words[1:]))
    return 0


def _find(word: str) -> Command:
    for command in COMMANDS:
        if command.name == word:
            return command
    if word.startswith("-"):
        raise UsageError(
            f"unknown option {word}",
            expected="a command before its options",
            fix="`reportgen --help` lists the commands.",
        )
    raise UsageError(
        f"unknown command {word!r}",
        fix=f"{nearest(word, [command.name for command in COMMANDS])} "
        "`reportgen --help` lists what each does.",
    )


def _load(command: Command) -> CommandModule:
    return cast("CommandModule", import_module(command.module))


def _parser(command: Command, module: CommandModule) -> argparse.ArgumentParser:
    from reportgen.cli.options import make_parser

    parser = make_parser(command.name, command.help)
    module.configure(parser)
    return parser


def _welcome() -> str:
    examples = [command for command in COMMANDS if command.example][:3]
    width = max((len(command.example) for command in examples), default=0)
    lines = [f"  {command.example:{width}}  {command.help}" for command in examples]
    return "\n".join([_SAYING, "", "Try first:", *lines, "", "All commands: reportgen --help"])


def _overview() -> str:
    width = max(len(command.name) for command in COMMANDS)
    lines = [f"  {command.name:{width}}  {command.help}" for command in COMMANDS]
    return "\n".join(
        [
            "usage: reportgen COMMAND ...",
            "",
            _SAYING,
            "",
            "commands:",
            *lines,
            "",
            "options:",
            "  --version                  print the version",
            "  --print-completion SHELL   print a completion script, for example for bash",
            "",
            "`reportgen COMMAND --help` explains one command.",
            "Exit status: 0 fine, 1 the gate fails or something differs, 2 refused,",
            "3 done in part, 4 a fault of reportgen.",
        ]
    )


def _completion(words: list[str]) -> str:
    import shtab

    from reportgen.cli.options import Parser, make_parser

    if len(words) != 1 or words[0] not in shtab.SUPPORTED_SHELLS:
        raise UsageError(
            "no such shell" if words else "no shell named",
            where="reportgen --print-completion",
            expected=" or ".join(shtab.SUPPORTED_SHELLS),
        )
    whole = Parser(prog="reportgen", description=_SAYING)
    commands = whole.add_subparsers(dest="command")
    for command in COMMANDS:
        # Each command's own parser is the parent, so completion offers exactly what it takes.
        own = make_parser(command.name, command.help)
        _load(command).configure(own)
        commands.add_parser(command.name, parents=[own], help=command.help, add_help=False)
    return shtab.complete(whole, shell=words[0])


def _fault(error: Exception, words: list[str]) -> int:
    cause = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    _complain(
        f"{cause}. This is a fault of reportgen, please report it: "
        "the same command with --debug prints what to send.",
        words,
    )
    return FAULT


def _complain(message: str, words: list[str]) -> None:
    own_words = words[: words.index("--")] if "--" in words else words
    if "--debug" in own_words:
        import traceback

        traceback.print_exc()
    if sys.stderr is not None:  # None when the shell closed it (2>&-)
        with suppress(OSError):
            sys.stderr.write(f"reportgen: {one_line(message)}\n")


def _never_fail_to_encode() -> None:
    """Names that the terminal's encoding lacks print as escapes in place of a crash."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _flush() -> None:
    if sys.stdout is not None:  # None when the shell closed it (>&-)
        sys.stdout.flush()


def _discard_output() -> None:
    """Keep the interpreter from flushing into the broken stream once more as it ends."""
    with suppress(OSError, ValueError):  # a stream of a test has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
