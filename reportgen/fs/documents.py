"""YAML and JSON documents of other people: safe, bounded, with errors that name file and line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
import yaml

from reportgen.errors import LimitError, UnreadableError
from reportgen.fs.limits import DEFAULT_LIMITS, Limits
from reportgen.fs.parsed import Parsed
from reportgen.fs.text import hidden_character, storable
from reportgen.fs.yaml_guard import check_bounds, is_within
from reportgen.fs.yaml_values import ValueBuilder

_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BaseDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_REMEMBERED = 64


class _Loader(_BaseLoader):  # type: ignore[misc]
    """Remembers what plain words are: the same keys stand in the documents of every run."""

    def resolve(self, kind: Any, value: str | None, implicit: Any) -> Any:
        if kind is yaml.ScalarNode and implicit[0] and value and len(value) <= _REMEMBERED:
            return _tag_of(value)
        return super().resolve(kind, value, implicit)


@lru_cache(maxsize=8192)
def _tag_of(word: str) -> str:
    """Return the tag of a plain scalar, by the resolvers of the loader."""
    known: dict[str | None, list[Any]] = _Loader.yaml_implicit_resolvers
    for tag, pattern in (*known.get(word[0], ()), *known.get(None, ())):
        if pattern.match(word):
            return str(tag)
    return str(_Loader.DEFAULT_SCALAR_TAG)


class _Dumper(_BaseDumper):  # type: ignore[misc]
    """Writes a value that stands in two places twice: no anchors to follow."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


# Text that YAML 1.1 and 1.2 read differently is quoted, so that every reader sees text.
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|0o[0-7]+$"),
    list("-+.0123456789"),
)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("[yYnN]$"), list("yYnN"))


def parse_yaml(data: bytes, *, name: str, limits: Limits = DEFAULT_LIMITS) -> Parsed:
    """Return the one document in ``data`` with what was noticed in it.

    Args:
        data: UTF-8 bytes, with or without a byte-order mark.
        name: The file, for messages.
        limits: Size, nesting and number of values; aliases count expanded.

    Raises:
        UnreadableError: Not YAML, several documents, or a tag that would build an object.
        LimitError: Larger, deeper or more expanded than ``limits``.
    """
    _check_size(data, name, limits)
    try:
        text = data.decode("utf-8-sig")
        if not is_within(text, limits):
            check_bounds(_Loader(text), name, limits)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            return Parsed() if node is None else ValueBuilder(loader, name).build(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise UnreadableError(
            _yaml_fault(error),
            where=_yaml_place(error, name),
            expected="one plain YAML document",
        ) from None
    except UnicodeDecodeError as error:
        raise UnreadableError(
            f"byte {error.start} is not UTF-8", where=name, expected="UTF-8 text"
        ) from None


def load_yaml(data: bytes, *, name: str, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Return the values of the one document in ``data``.

    Raises:
        UnreadableError, LimitError: As :func:`parse_yaml`, and for a key that stands twice.
    """
    return _without_duplicates(parse_yaml(data, name=name, limits=limits), name)


def parse_json(data: bytes, *, name: str, limits: Limits = DEFAULT_LIMITS) -> Parsed:
    """Return the JSON document in ``data`` with what was noticed in it.

    Raises:
        UnreadableError: Not strict JSON.
        LimitError: Larger or deeper than ``limits``.
    """
    _check_size(data, name, limits)
    try:
        value = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise UnreadableError(
            f"is not valid JSON: {error.msg}",
            where=f"{name}:{error.lineno}",
            expected="one strict JSON document",
        ) from None
    parsed = Parsed(value)
    keys = _check_json(parsed, name, limits, may_hide=not data.isascii() or b"\\u" in data)
    if data.count(b'":') > keys and (twice := key_that_stands_twice(data)) is not None:
        message = f"the key {twice!r:.80} stands twice; the last one counts"
        parsed.note("document.duplicate_key", "warning", message)
    return parsed


def load_json(data: bytes, *, name: str, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Return the values of the JSON document in ``data``.

    Raises:
        UnreadableError, LimitError: As :func:`parse_json`, and for a key that stands twice.
    """
    return _without_duplicates(parse_json(data, name=name, limits=limits), name)


def _check_size(data: bytes, name: str, limits: Limits) -> None:
    if len(data) > limits.document_bytes:
        raise LimitError(
            f"has {len(data)} bytes",
            where=name,
            expected=f"at most {limits.document_bytes}",
            problem="limits.bytes",
        )


def _without_duplicates(parsed: Parsed, name: str) -> Any:
    for note in parsed.notes:
        if note.id == "document.duplicate_key":
            raise UnreadableError(
                note.message.partition(";")[0],
                where=f"{name}:{note.line}" if note.line else name,
                expected="each key once",
            )
    return parsed.value


def _yaml_place(error: yaml.YAMLError, name: str) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"{name}:{mark.line + 1}" if mark is not None else name


def _yaml_fault(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return f"is not valid YAML: {problem[:160]}"


def _check_json(parsed: Parsed, name: str, limits: Limits, *, may_hide: bool) -> int:
    """Refuse deep nesting, note hidden characters, and return the number of keys."""
    keys = 0
    depth = 0
    level: list[Any] = [[parsed.value]]  # one list around the document, which is no level of it
    while level:
        if depth > limits.depth:
            raise LimitError(
                f"is nested deeper than {limits.depth}",
                where=name,
                expected=f"at most {limits.depth} levels",
                problem="limits.depth",
            )
        depth += 1
        below: list[Any] = []
        for value in level:
            children = value
            if type(value) is dict:
                keys += len(value)
                children = [*value, *value.values()] if may_hide else value.values()
            for child in children:
                if type(child) is dict or type(child) is list:
                    below.append(child)
                elif may_hide and type(child) is str and (hidden := hidden_character(child)):
                    message = f"holds {hidden}, which hides or reorders text"
                    parsed.note("text.bidi", "warning", message)
        level = below
    parsed.close()
    return keys


def key_that_stands_twice(data: bytes) -> str | None:
    """Return a key that stands twice in one object of a JSON text, or None."""
    twice: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                twice.append(key)
            seen.add(key)

    try:
        json.loads(data, object_pairs_hook=collect)
    except (ValueError, RecursionError):
        return None
    return twice[0] if twice else None


def dump_yaml(value: Any) -> str:
    """Return ``value`` (plain mappings, sequences, numbers, text) as YAML, keys in their order.

    Text that UTF-8 cannot hold is written as :func:`reportgen.fs.text.storable` makes it.
    """
    try:
        return _dump(value)
    except UnicodeEncodeError:
        return _dump(_storable(value))


def _dump(value: Any) -> str:
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, indent=2
    )
    return text


def dump_json(value: Any, *, indent: bool = True) -> bytes:
    """Return ``value`` as strict JSON bytes with a final newline; NaN becomes null.

    Text that UTF-8 cannot hold is written as :func:`reportgen.fs.text.storable` makes it.
    """
    options = orjson.OPT_APPEND_NEWLINE | (orjson.OPT_INDENT_2 if indent else 0)
    try:
        return orjson.dumps(value, option=options)
    except orjson.JSONEncodeError:
        # Lone surrogates, whole numbers beyond 64 bits and keys that are no text end here.
        text = json.dumps(
            _storable(value, strict=True),
            ensure_ascii=False,
            allow_nan=False,
            indent=2 if indent else None,
            separators=None if indent else (",", ":"),
        )
        return text.encode("utf-8") + b"\n"


def _storable(value: Any, *, strict: bool = False) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {_storable(key): _storable(part, strict=strict) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(part, strict=strict) for part in value]
    not_finite = isinstance(value, float) and not math.isfinite(value)
    return None if strict and not_finite else value
