"""Bounds on a YAML text, checked on its events before anything is built of it.

The parser of events keeps its own stack, so no text can exhaust memory or the stack of the
process; building nodes of a hundred thousand open brackets would end the process.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from reportgen.errors import LimitError, UnreadableError
from reportgen.fs.limits import Limits

_STARTS = (yaml.SequenceStartEvent, yaml.MappingStartEvent)
_ENDS = (yaml.SequenceEndEvent, yaml.MappingEndEvent)

_COLUMNS = 20
_INDENTED = re.compile(rf"[ \t?:-]{{{_COLUMNS}}}")


class _Open:
    """A list or mapping that is still open: its anchor, its values so far, its height."""

    __slots__ = ("anchor", "height", "size")

    def __init__(self, anchor: str | None) -> None:
        self.anchor = anchor
        self.size = 1
        self.height = 1


def is_within(text: str, limits: Limits) -> bool:
    """Tell whether a text stays within the bounds whatever it says, so that none need be checked.

    Without an alias nothing expands, and no character makes more than two values. A level takes a
    bracket, or a column of its own at the start of a line; a list may stand in the column of its
    key (yaml.org/spec/1.2.2, 8.2.1 to 8.2.3), so there are at most two levels a column.
    """
    brackets = text.count("[") + text.count("{")
    return (
        2 * len(text) < limits.nodes
        and 2 * _COLUMNS + brackets <= limits.depth
        and "*" not in text
        and _INDENTED.search(text) is None
    )


def check_bounds(loader: Any, name: str, limits: Limits) -> None:
    """Read the events of ``loader`` to the end; aliases count as what they stand for.

    Raises:
        LimitError: Deeper or, expanded, larger than ``limits`` (problem ``yaml.limits``).
        UnreadableError: An alias stands inside what it names.
        yaml.YAMLError: Not YAML.
    """
    anchors: dict[str, tuple[int, int]] = {}
    stack: list[_Open] = []
    events = 0
    while (event := loader.get_event()) is not None:
        kind = type(event)
        if kind in _STARTS:
            stack.append(_Open(event.anchor))
            _check_depth(len(stack), name, limits)
        elif kind in _ENDS:
            closed = stack.pop()
            if closed.anchor:
                anchors[closed.anchor] = (closed.size, closed.height)
            _add(stack, closed.size, closed.height, name, limits)
        elif kind is yaml.ScalarEvent:
            if event.anchor:
                anchors[event.anchor] = (1, 0)
            _add(stack, 1, 0, name, limits)
        elif kind is yaml.AliasEvent:
            if any(part.anchor == event.anchor for part in stack):
                raise UnreadableError(
                    "holds an alias to itself",
                    where=f"{name}:{event.start_mark.line + 1}",
                    expected="values that end",
                    problem="yaml.limits",
                )
            size, height = anchors.get(event.anchor, (1, 0))
            _check_depth(len(stack) + height, name, limits)
            _add(stack, size, height, name, limits)
        events += 1
        _check_size(events // 2, name, limits)


def _add(stack: list[_Open], size: int, height: int, name: str, limits: Limits) -> None:
    if stack:
        parent = stack[-1]
        parent.size += size
        parent.height = max(parent.height, height + 1)
        _check_size(parent.size, name, limits)


def _check_depth(depth: int, name: str, limits: Limits) -> None:
    if depth > limits.depth:
        raise LimitError(
            f"is nested deeper than {limits.depth}",
            where=name,
            expected=f"at most {limits.depth} levels",
            problem="yaml.limits",
        )


def _check_size(size: int, name: str, limits: Limits) -> None:
    if size > limits.nodes:
        raise LimitError(
            f"holds more than {limits.nodes} values",
            where=name,
            expected=f"at most {limits.nodes}, aliases expanded",
            problem="yaml.limits",
        )
