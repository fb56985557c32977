"""Plain mappings to typed documents, tolerantly: a bad key costs that key, not the document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from reportgen.errors import SchemaError
from reportgen.fs.parsed import KeyPath
from reportgen.runs.problems import Problem
from reportgen.runs.schema import Document

Doc = TypeVar("Doc", bound=Document)
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<where>\$[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_ANY_KEY = "..."
_ROUNDS = 200
_BAD_KEYS_SHOWN = 20
_PROBED = 2_000


def convert(raw: Any, kind: type[Doc], *, name: str) -> Doc:
    """Return ``raw`` as a ``kind``.

    Raises:
        SchemaError: With the place and what was expected there.
    """
    try:
        return msgspec.convert(_normalised(raw, kind, {}), kind, strict=False)
    except msgspec.ValidationError as error:
        what, where = _fault(error)
        raise SchemaError(f"{where}: {what}", where=name) from None


def convert_tolerantly(
    raw: Any, kind: type[Doc], *, name: str, sources: Mapping[KeyPath, str] | None = None
) -> tuple[Doc | None, list[Problem]]:
    """Return ``raw`` as a ``kind`` without the keys that do not fit, and what did not fit.

    Args:
        raw: Plain values.
        kind: The document.
        name: The file, for messages.
        sources: How scalars of the file were spelled (:class:`reportgen.fs.parsed.Parsed`): a
            branch called ``on`` or a version ``3.10`` is text where text is declared.

    Returns:
        The document, or None when a required key is missing, and the problems.
    """
    spelled = sources or {}
    value = _normalised(raw, kind, spelled)
    try:
        return msgspec.convert(value, kind, strict=False), []
    except msgspec.ValidationError:
        value = _fitted(value, msgspec.inspect.type_info(kind), (), spelled)
    problems: list[Problem] = []
    gone: Counter[str] = Counter()
    document = None
    for _ in range(_ROUNDS):
        try:
            document = msgspec.convert(value, kind, strict=False)
            break
        except msgspec.ValidationError as error:
            what, where = _fault(error)
            message = f"{_as_in_the_file(where, gone)}: {what}"
            problems.append(Problem("schema.mismatch", "warning", name, message))
            value, removed = _without(value, where, kind)
            if not removed:
                break
    if len(problems) > _BAD_KEYS_SHOWN:
        rest = f"{len(problems) - _BAD_KEYS_SHOWN} more keys do not fit"
        last = [] if document is not None else problems[-1:]
        problems = [
            *problems[:_BAD_KEYS_SHOWN],
            Problem("schema.mismatch", "warning", name, rest),
            *last,
        ]
    return document, problems


def _fault(error: msgspec.ValidationError) -> tuple[str, str]:
    match = _PLACE.match(str(error))
    return (match["what"], match["where"] or "$") if match else (str(error), "$")


def _as_in_the_file(where: str, gone: Counter[str]) -> str:
    """Return ``where`` with the positions of the file, and count an entry that is removed."""
    head, bracket, tail = where.partition("[")
    position, _, rest = tail.partition("]")
    if not bracket or not position.isdigit():
        return where
    shown = f"{head}[{int(position) + gone[head]}]{rest}"
    if not rest:
        gone[head] += 1
    return shown


# -- text where text is declared -----------------------------------------------------------


def _fitted(value: Any, declared: Any, path: KeyPath, sources: Mapping[KeyPath, str]) -> Any:
    """Return ``value`` with scalars spelled out where only text fits, and blanks left out where
    null does not fit.
    """
    types = declared.types if isinstance(declared, msgspec.inspect.UnionType) else (declared,)
    if isinstance(value, Mapping):
        for kind in types:
            if isinstance(kind, msgspec.inspect.StructType):
                return _fitted_struct(value, kind, path, sources)
            if isinstance(kind, msgspec.inspect.DictType):
                return {
                    key: _fitted(part, kind.value_type, (*path, key), sources)
                    for key, part in value.items()
                }
    elif isinstance(value, list):
        for kind in types:
            if isinstance(kind, msgspec.inspect.ListType):
                return [
                    _fitted(part, kind.item_type, (*path, position), sources)
                    for position, part in enumerate(value)
                ]
    elif _only_text(types):
        return _spelled(value, path, sources)
    return value


def _spelled(value: Any, path: KeyPath, sources: Mapping[KeyPath, str]) -> Any:
    if not isinstance(value, bool | int | float):
        return value
    return sources.get(path, str(value).lower() if isinstance(value, bool) else repr(value))


def _fitted_struct(
    value: Mapping[str, Any], declared: Any, path: KeyPath, sources: Mapping[KeyPath, str]
) -> dict[str, Any]:
    fields = {part.encode_name: part.type for part in declared.fields}
    return {
        key: _fitted(part, fields[key], (*path, key), sources) if key in fields else part
        for key, part in value.items()
        if part is not None or key not in fields or _takes_null(fields[key])
    }


def _only_text(types: tuple[Any, ...]) -> bool:
    kinds = msgspec.inspect
    allowed = kinds.StrType | kinds.NoneType
    return any(isinstance(kind, kinds.StrType) for kind in types) and all(
        isinstance(kind, allowed) for kind in types
    )


def _takes_null(declared: Any) -> bool:
    types = declared.types if isinstance(declared, msgspec.inspect.UnionType) else (declared,)
    return any(
        isinstance(kind, msgspec.inspect.NoneType | msgspec.inspect.AnyType) for kind in types
    )


# -- removal of what does not fit ----------------------------------------------------------


def _without(value: Any, where: str, kind: type[Document]) -> tuple[Any, bool]:
    """Return ``value`` without what stands at ``where``, and whether anything was there."""
    steps = [name or index for name, index in _STEP.findall(where)]
    if _ANY_KEY not in steps:
        return _removed(value, steps) if steps else (value, False)
    # The message does not say which key of a mapping is at fault: each is tried alone.
    position = steps.index(_ANY_KEY)
    above, below = steps[:position], steps[position + 1 :]
    if _ANY_KEY in below:
        below = below[: below.index(_ANY_KEY)]
    done = False
    for key in _faulty_keys(value, steps, position, kind):
        value, removed = _removed(value, [*above, key, *below])
        done = done or removed
    return (value, True) if done else _removed(value, above)


def _faulty_keys(value: Any, steps: list[str], position: int, kind: type[Document]) -> list[str]:
    above = steps[:position]
    mapping = value
    for step in above:
        mapping = mapping[int(step)] if isinstance(mapping, list) else mapping[step]
    if not isinstance(mapping, Mapping) or len(mapping) > _PROBED:
        return []
    faulty = []
    for key, part in mapping.items():
        try:
            msgspec.convert(_replaced(value, above, {key: part}), kind, strict=False)
        except msgspec.ValidationError as error:
            if [name or index for name, index in _STEP.findall(_fault(error)[1])] == steps:
                faulty.append(key)
    return faulty


def _replaced(value: Any, steps: list[str], new: Any) -> Any:
    if not steps:
        return new
    head: Any = int(steps[0]) if isinstance(value, list) else steps[0]
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[head] = _replaced(value[head], steps[1:], new)
    return copy


def _removed(value: Any, steps: list[str]) -> tuple[Any, bool]:
    head: Any = int(steps[0]) if isinstance(value, list) else steps[0]
    there = head < len(value) if isinstance(value, list) else head in value
    if not there:
        return value, False
    copy: Any = list(value) if isinstance(value, list) else dict(value)
    if len(steps) == 1:
        del copy[head]
        return copy, True
    copy[head], done = _removed(copy[head], steps[1:])
    return copy, done


def _normalised(raw: Any, kind: type[Document], sources: Mapping[KeyPath, str]) -> Any:
    """Expand the short forms that the standard allows: a bare version, a bare argument list."""
    if not isinstance(raw, Mapping):
        return raw
    value = dict(raw)
    if kind.__name__ == "Environment" and isinstance(value.get("python"), str | int | float):
        value["python"] = {"version": _spelled(value["python"], ("python",), sources)}
    if kind.__name__ == "Run" and isinstance(value.get("command"), list):
        words = enumerate(value["command"])
        argv = [_spelled(word, ("command", position), sources) for position, word in words]
        value["command"] = {"argv": argv}
    return value
