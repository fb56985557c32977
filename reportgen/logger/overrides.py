"""Which configuration keys a command line sets: ``--lr 0.1``, ``--model.width=64``, ``lr=0.1``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reportgen.errors import ReportgenError
from reportgen.fs.documents import load_yaml
from reportgen.fs.limits import Limits

_OPTION = re.compile(r"^--?(?P<name>[A-Za-z][\w.-]*)(?:=(?P<value>.*))?$", re.DOTALL)
_ASSIGNMENT = re.compile(r"^\+{0,2}(?P<name>[A-Za-z_][\w.@/]*)=(?P<value>.*)$", re.DOTALL)
_NUMBER = re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")
_SCALAR_LIMITS = Limits(document_bytes=10_000, nodes=1_000, depth=8)


def options_of(argv: Sequence[str]) -> dict[str, Any]:
    """Return the options of a command line by name, dashes as underscores.

    A value is read as YAML reads it, with ``1e-3`` a number; an option without one is True. The
    first word, the program, is left out.
    """
    return {name.replace("-", "_"): value for name, value in _pairs(argv[1:])}


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, Any]]:
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word == "--":
            return
        option, assignment = _OPTION.match(word), _ASSIGNMENT.match(word)
        if option and not _NUMBER.match(word):
            value: Any = option["value"]
            if value is not None:
                yield option["name"], scalar(value)
            elif position < len(words) and not _starts_option(words[position]):
                yield option["name"], scalar(words[position])
                position += 1
            else:
                yield option["name"], True
        elif assignment:
            yield assignment["name"], scalar(assignment["value"])


def _starts_option(word: str) -> bool:
    return word == "--" or (bool(_OPTION.match(word)) and not _NUMBER.match(word))


def scalar(text: str) -> Any:
    """Return what a word of a command line means: a number, a truth value, null, else text."""
    if _NUMBER.match(text):
        return float(text) if re.search(r"[.eE]", text) else int(text)
    try:
        value = load_yaml(text.encode("utf-8", "replace"), name="argv", limits=_SCALAR_LIMITS)
    except ReportgenError:
        return text
    return value if isinstance(value, bool | int | float | list) or value is None else text


def overrides_of(argv: Sequence[str], flat_config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration keys that a command line sets, with the values it gives.

    An option means the key of its whole name, else the one key whose last part it is.
    """
    by_last: dict[str, list[str]] = {}
    for key in flat_config:
        by_last.setdefault(key.rpartition(".")[2], []).append(key)
    found = {}
    for name, value in options_of(argv).items():
        keys = [name] if name in flat_config else by_last.get(name, [])
        if len(keys) == 1:
            found[keys[0]] = value
    return found
