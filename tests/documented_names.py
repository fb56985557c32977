"""What a document names in backticks, held against what there is."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection
from importlib import import_module

from published_checks import CATEGORIES, check_ids

import reportgen
from reportgen.cli.options import make_parser
from reportgen.cli.table import COMMANDS
from reportgen.logger.run import ActiveRun
from reportgen.runs import layout

_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_TICKED = re.compile(r"`([^`\n]+)`")
_CALLABLE = re.compile(r"(?:reportgen\.)?(\w+)\((.*)\)", re.DOTALL)
_PLACES = {getattr(layout, name) for name in dir(layout) if name.isupper() and name[0] != "_"}


def unknown_names(text: str, others: Collection[str] = ()) -> list[str]:
    """Return what a text names in backticks, outside of its blocks, that does not exist.

    Args:
        text: Markdown.
        others: What it may name besides: keys, values and names of other tools.
    """
    named = dict.fromkeys(_TICKED.findall(_BLOCK.sub("", text)))
    return [name for name in named if name not in others and not exists(name)]


def exists(name: str) -> bool:
    """Tell whether reportgen has a check, command, file, function or argument of this name."""
    if name in _PLACES or name in reportgen.__all__ or name.split("/")[0] in _PLACES:
        return True
    if re.fullmatch(rf"(?:{CATEGORIES})\.[a-z-]+", name):
        return name in check_ids()
    if name.startswith("reportgen "):
        return _is_command(name.split()[1:])
    if name.startswith("run."):
        member = re.match(r"run\.(\w+)", name)
        known = {*dir(ActiveRun), *inspect.get_annotations(ActiveRun), "folder"}
        return member is not None and member[1] in known
    call = _CALLABLE.fullmatch(name)
    if call:
        return _is_call(call[1], call[2])
    return name.removeprefix("reportgen.") in reportgen.__all__


def _is_command(words: list[str]) -> bool:
    for command in COMMANDS:
        if command.name == words[0]:
            parser = make_parser(command.name, command.help)
            import_module(command.module).configure(parser)
            own = words[: words.index("--")] if "--" in words else words
            options = {word.split("=")[0] for word in own if word.startswith("--")}
            return options <= set(parser._option_string_actions)
    return False


def _is_call(function: str, arguments: str) -> bool:
    if function not in reportgen.__all__:
        return False
    parameters = inspect.signature(getattr(reportgen, function)).parameters
    return set(re.findall(r"(\w+)=", arguments)) <= set(parameters)
