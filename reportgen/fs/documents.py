"""YAML and JSON documents of other people: safe, bounded, with errors that name file and line."""

from __future__ import annotations

from typing import Any

import orjson
import yaml

from reportgen.errors import LimitError, UnreadableError
from reportgen.fs.limits import DEFAULT_LIMITS, Limits

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def load_yaml(data: bytes, *, name: str, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Return the one document in ``data`` as plain Python values.

    Args:
        data: UTF-8 bytes, with or without a byte-order mark.
        name: The file, for messages.
        limits: Size, nesting and node bounds; aliases count expanded.

    Raises:
        UnreadableError: Not YAML, several documents, a duplicate key, or a tag that would build
            an object.
        LimitError: Larger, deeper or more expanded than ``limits``.
    """
    if len(data) > limits.document_bytes:
        raise LimitError(
            f"has {len(data)} bytes", where=name, expected=f"at most {limits.document_bytes}"
        )
    try:
        loader = _Loader(data.decode("utf-8-sig"))
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _check_nodes(node, name, limits)
            return loader.construct_document(node)
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
    except (RecursionError, ValueError, OverflowError) as error:
        raise UnreadableError(
            f"{type(error).__name__}: {str(error)[:120]}", where=name, expected="plain YAML"
        ) from None


def _check_nodes(root: yaml.Node, name: str, limits: Limits) -> None:
    """Refuse alias bombs and deep nesting before anything walks the built values."""
    sizes: dict[int, int] = {}
    active: set[int] = set()

    def size_of(node: yaml.Node, depth: int) -> int:
        key = id(node)
        if key in active:
            raise UnreadableError("holds an alias to itself", where=name)
        if key in sizes:
            return sizes[key]
        if depth > limits.depth:
            raise LimitError(f"is nested deeper than {limits.depth}", where=name)
        total = 1
        if isinstance(node, yaml.ScalarNode):
            sizes[key] = total
            return total
        active.add(key)
        if isinstance(node, yaml.MappingNode):
            _check_duplicates(node, name)
        for child in _children(node):
            total += size_of(child, depth + 1)
            if total > limits.nodes:
                raise LimitError(f"holds more than {limits.nodes} values", where=name)
        active.discard(key)
        sizes[key] = total
        return total

    size_of(root, 0)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _check_duplicates(node: yaml.MappingNode, name: str) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise UnreadableError(
                    f"the key {key.value!r:.80} stands twice",
                    where=f"{name}:{key.start_mark.line + 1}",
                    expected="each key once",
                )
            seen.add(key.value)


def _yaml_place(error: yaml.YAMLError, name: str) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"{name}:{mark.line + 1}" if mark is not None else name


def _yaml_fault(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"is not valid YAML: {problem[:160]}"


def dump_yaml(value: Any) -> str:
    """Return ``value`` (plain mappings, sequences, numbers, text) as YAML, keys in their order."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, indent=2
    )
    return text


def load_json(data: bytes, *, name: str, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Return the JSON document in ``data``.

    Raises:
        UnreadableError: Not strict JSON.
        LimitError: Larger than ``limits.document_bytes``.
    """
    if len(data) > limits.document_bytes:
        raise LimitError(
            f"has {len(data)} bytes", where=name, expected=f"at most {limits.document_bytes}"
        )
    try:
        return orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise UnreadableError(
            f"is not valid JSON: {error.msg}",
            where=f"{name}:{error.lineno}",
            expected="one strict JSON document",
        ) from None


def dump_json(value: Any, *, indent: bool = True) -> bytes:
    """Return ``value`` as strict JSON bytes with a final newline; NaN becomes null."""
    options = orjson.OPT_APPEND_NEWLINE | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(value, option=options)
