"""Command lines as comparable facts: options by their names, so that their order does not matter.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from reportgen.compare.differences import Section
from reportgen.runs.schema import Command

_OVERRIDE = re.compile(r"[+~]{0,2}[A-Za-z_][\w./@-]*=")
_NUMBER = re.compile(r"-[\d.]")


def command_section(command: Command | None) -> Section:
    """Return program, arguments, folder and interpreter of a command line.

    Args:
        command: Of run.yaml.
    """
    if command is None or not command.argv:
        return Section(unrecorded={"": "no command is recorded"})
    facts: dict[str, Any] = {"program": command.argv[0], **arguments_of(command.argv[1:])}
    for key in ("cwd", "interpreter", "notebook"):
        value = getattr(command, key)
        if value is not None:
            facts[key] = value
    return Section(facts=facts)


def arguments_of(words: Sequence[str]) -> dict[str, Any]:
    """Return the arguments behind a program's name by option.

    ``--lr 0.1``, ``--lr=0.1`` and ``lr=0.1`` have a name, a bare option is True, an option given
    several times has all its values, and other words are ``argument 1``, ``argument 2``, ...

    >>> arguments_of(["fit", "--lr", "0.1", "--fast", "model.width=64"])
    {'argument 1': 'fit', '--lr': '0.1', '--fast': True, 'model.width': '64'}
    """
    found: dict[str, list[Any]] = {}
    positional = 0
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if _is_option(word):
            name, equals, value = word.partition("=")
            if equals:
                found.setdefault(name, []).append(value)
            elif rest and not _is_option(rest[0]) and not _OVERRIDE.match(rest[0]):
                found.setdefault(name, []).append(rest.pop(0))
            else:
                found.setdefault(name, []).append(True)
        elif _OVERRIDE.match(word):
            name, _, value = word.partition("=")
            found.setdefault(name, []).append(value)
        else:
            positional += 1
            found[f"argument {positional}"] = [word]
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _is_option(word: str) -> bool:
    return word.startswith("-") and len(word) > 1 and not _NUMBER.match(word)
