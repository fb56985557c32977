"""Plain mappings to typed documents, tolerantly: a bad key costs that key, not the document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from reportgen.errors import SchemaError
from reportgen.runs.problems import Problem
from reportgen.runs.schema import Document

Doc = TypeVar("Doc", bound=Document)
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<where>\$[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_BAD_KEYS_SHOWN = 20


def convert(raw: Any, kind: type[Doc], *, name: str) -> Doc:
    """Return ``raw`` as a ``kind``.

    Raises:
        SchemaError: With the place and what was expected there.
    """
    try:
        return msgspec.convert(_normalised(raw, kind), kind, strict=False)
    except msgspec.ValidationError as error:
        what, where = _fault(error)
        raise SchemaError(f"{where}: {what}", where=name) from None


def convert_tolerantly(raw: Any, kind: type[Doc], *, name: str) -> tuple[Doc | None, list[Problem]]:
    """Return ``raw`` as a ``kind`` without the keys that do not fit, and what did not fit.

    Returns:
        The document, or None when a required key is missing or nothing is left, and the problems.
    """
    value = _normalised(raw, kind)
    problems: list[Problem] = []
    for _ in range(_BAD_KEYS_SHOWN):
        try:
            return msgspec.convert(value, kind, strict=False), problems
        except msgspec.ValidationError as error:
            what, where = _fault(error)
            problems.append(Problem("schema.mismatch", "warning", name, f"{where}: {what}"))
            value, removed = _without(value, where)
            if not removed:
                break
    return None, problems


def _fault(error: msgspec.ValidationError) -> tuple[str, str]:
    match = _PLACE.match(str(error))
    return (match["what"], match["where"] or "$") if match else (str(error), "$")


def _without(value: Any, where: str) -> tuple[Any, bool]:
    """Return a copy of ``value`` without the key at ``where``; wildcards remove the key above."""
    steps: list[str] = []
    for name, index in _STEP.findall(where):
        if index == "...":
            break
        steps.append(name or index)
    return (value, False) if not steps else _removed(value, steps)


def _removed(value: Any, steps: list[str]) -> tuple[Any, bool]:
    head, rest = steps[0], steps[1:]
    if isinstance(value, Mapping):
        if head not in value:
            return value, False
        copy: Any = dict(value)
        if not rest:
            del copy[head]
            return copy, True
        copy[head], done = _removed(copy[head], rest)
        return copy, done
    if isinstance(value, list) and head.isdigit() and int(head) < len(value):
        copy = list(value)
        if not rest:
            del copy[int(head)]
            return copy, True
        copy[int(head)], done = _removed(copy[int(head)], rest)
        return copy, done
    return value, False


def _normalised(raw: Any, kind: type[Document]) -> Any:
    """Expand the short forms that the standard allows: a bare version, a bare argument list."""
    if not isinstance(raw, Mapping):
        return raw
    value = dict(raw)
    if kind.__name__ == "Environment" and isinstance(value.get("python"), str | int | float):
        value["python"] = {"version": str(value["python"])}
    if kind.__name__ == "Run" and isinstance(value.get("command"), list):
        value["command"] = {"argv": [str(word) for word in value["command"]]}
    for key in ("created", "ended"):
        if kind.__name__ == "Run" and hasattr(value.get(key), "isoformat"):
            value[key] = value[key].isoformat()
    return value
