from __future__ import annotations

import argparse
import shlex
from importlib import import_module
from pathlib import Path

import pytest

import reportgen.cli.commands
from reportgen.cli.main import main
from reportgen.cli.options import make_parser
from reportgen.cli.table import COMMANDS, Command

MODULES = {
    path.stem
    for path in Path(reportgen.cli.commands.__path__[0]).glob("*.py")
    if path.stem[0] != "_"
}


def test_every_module_has_a_row_and_every_row_a_module() -> None:
    own = [command.module.rpartition(".")[2] for command in COMMANDS]
    assert sorted(own) == sorted(MODULES)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_is_complete(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    module = import_module(command.module)
    assert module.__doc__.startswith(f"``reportgen {command.name}")
    assert callable(module.run)
    assert command.help
    assert not command.help.endswith(".")
    assert main([command.name, "--help"]) == 0
    assert command.help[1:] in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_option_has_help(command: Command) -> None:
    parser = make_parser(command.name, command.help)
    import_module(command.module).configure(parser)
    silent = [
        action.dest
        for action in parser._actions
        if not action.help or action.help == argparse.SUPPRESS
    ]
    assert silent == []


@pytest.mark.parametrize(
    "command", [row for row in COMMANDS if row.example], ids=lambda command: command.name
)
def test_an_example_is_a_line_that_parses(command: Command) -> None:
    program, name, *words = shlex.split(command.example)
    assert (program, name) == ("reportgen", command.name)
    parser = make_parser(command.name, command.help)
    import_module(command.module).configure(parser)
    assert parser.parse_args(words)
