"""YAML nodes to plain values, with notes on what other readers take for something else.

YAML 1.1, as PyYAML and with it most training code reads it, turns ``no`` into False, ``3.10``
into 3.1 and ``12:30`` into 750. The value is that of YAML 1.1; the text as written is kept
beside it. Dates stay text, and keys are always text: plain values only.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from reportgen.errors import UnreadableError
from reportgen.fs.parsed import KeyPath, Parsed, Severity
from reportgen.fs.text import hidden_character

_CORE = "tag:yaml.org,2002:"
_STR, _NULL, _BOOL = f"{_CORE}str", f"{_CORE}null", f"{_CORE}bool"
_INT, _FLOAT, _TIME = f"{_CORE}int", f"{_CORE}float", f"{_CORE}timestamp"
_SEQUENCE, _MAPPING, _MERGE = f"{_CORE}seq", f"{_CORE}map", f"{_CORE}merge"
_TUPLE = f"{_CORE}python/tuple"
_TEXT_TAGS = frozenset({_STR, _TIME, _MERGE, f"{_CORE}value"})
_BOOLS = {"yes": True, "no": False, "true": True, "false": False, "on": True, "off": False}
_PLAIN_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_TELLING_INT = re.compile(r"[-+]?0[xb]", re.IGNORECASE)
_ZERO_AT_END = re.compile(r"[0-9]+\.[0-9]+0")
_EXPONENT_ONLY = re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+")


class ValueBuilder:
    """Builds the values of one document.

    Args:
        loader: The loader that composed the nodes; its number parsers are used.
        name: The file, for messages.
    """

    def __init__(self, loader: Any, name: str) -> None:
        self.loader = loader
        self.name = name
        self.parsed = Parsed()

    def build(self, node: yaml.Node) -> Parsed:
        """Return the document whose root is ``node``; its depth and size are bounded.

        Raises:
            UnreadableError: A tag that would build an object (problem ``yaml.tag``), a key that
                is no scalar, or a value that its explicit tag does not fit.
        """
        self.parsed.value = self._value(node, ())
        self.parsed.close()
        return self.parsed

    def _value(self, node: yaml.Node, path: KeyPath | None) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, yaml.MappingNode):
            self._expect_tag(node, _MAPPING)
            return self._mapping(node, path)
        if node.tag == _TUPLE:
            self._note("yaml.tag", "info", node, "a Python tuple is read as a list")
        else:
            self._expect_tag(node, _SEQUENCE)
        return [
            self._value(child, None if path is None else (*path, position))
            for position, child in enumerate(node.value)
        ]

    def _mapping(self, node: Any, path: KeyPath | None) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                for source in self._merged(value_node):
                    merged = {**source, **merged}
                continue
            key = self._key(key_node)
            if key in own:
                message = f"the key {key!r:.80} stands twice; the last one counts"
                self._note("document.duplicate_key", "warning", key_node, message)
                self._forget(path, key)
            own[key] = self._value(value_node, None if path is None else (*path, key))
        return {**merged, **own} if merged else own

    def _forget(self, path: KeyPath | None, key: str) -> None:
        """Drop the spellings below a key that a later one replaces."""
        above = (*(path or ()), key)
        for place in [place for place in self.parsed.sources if place[: len(above)] == above]:
            del self.parsed.sources[place]

    def _merged(self, node: yaml.Node) -> list[dict[str, Any]]:
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not all(isinstance(part, yaml.MappingNode) for part in parts):
            raise self._fault(node, "merges (<<) something that is no mapping", "a mapping")
        return [self._mapping(part, None) for part in parts]

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._fault(node, "has a list or mapping as a key", "text as keys")
        if node.tag in (_NULL, _BOOL) and not node.style:
            self._note(
                "yaml.ambiguous",
                "warning",
                node,
                f"the key {node.value} is text here and {node.tag.removeprefix(_CORE)} elsewhere",
            )
        elif not node.tag.startswith(_CORE):
            self._expect_tag(node, _STR)
        self._look(node)
        return str(node.value)

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath | None) -> Any:
        value, says = self._read_scalar(node)
        text: str = node.value
        if says is not None:
            severity: Severity = "info" if node.tag in (_TIME, _FLOAT) else "warning"
            self._note("yaml.ambiguous", severity, node, f"{text:.60} {says}")
        if path is not None and not isinstance(value, str) and _printed(value) != text:
            self.parsed.sources[path] = text
        return value

    def _read_scalar(self, node: yaml.ScalarNode) -> tuple[Any, str | None]:
        """Return the value, and what is surprising about it, if anything."""
        text, tag, plain = node.value, node.tag, not node.style
        if tag in _TEXT_TAGS:
            self._look(node)
            if tag == _TIME:
                return text, "is kept as text; other readers make a date of it"
            if plain and _EXPONENT_ONLY.fullmatch(text):
                return text, "is text in YAML 1.1; a number is written like 1.0e+3"
            return text, None
        if tag == _NULL:
            return None, None
        if tag == _BOOL and text.lower() in _BOOLS:
            value = _BOOLS[text.lower()]
            known = text.lower() in ("true", "false")
            return value, None if known else f"is read as {value}"
        if tag in (_INT, _FLOAT):
            return self._number(node)
        if tag != _BOOL:
            self._expect_tag(node, _STR)
        raise self._fault(node, f"{text!r:.60} is neither true nor false", "a value of its tag")

    def _number(self, node: yaml.ScalarNode) -> tuple[Any, str | None]:
        text: str = node.value
        try:
            if node.tag == _FLOAT:
                number = float(self.loader.construct_yaml_float(node))
                if math.isinf(number) and "inf" not in text.lower():
                    return number, "is larger than any number of double precision"
                return number, "loses its last zero" if _ZERO_AT_END.fullmatch(text) else None
            whole = int(self.loader.construct_yaml_int(node))
        except (ValueError, IndexError):
            if re.fullmatch(r"[-+0-9_]+", text):
                return text, "has too many digits for a number and is kept as text"
            raise self._fault(node, f"{text!r:.60} is no number", "a number") from None
        telling = _PLAIN_INT.fullmatch(text) or _TELLING_INT.match(text)
        return whole, None if telling else f"is read as {whole}"

    def _look(self, node: yaml.ScalarNode) -> None:
        hidden = hidden_character(node.value)
        if hidden:
            message = f"holds {hidden}, which hides or reorders text"
            self._note("text.bidi", "warning", node, message)

    def _note(self, kind: str, severity: Severity, node: yaml.Node, message: str) -> None:
        self.parsed.note(kind, severity, message, node.start_mark.line + 1)

    def _expect_tag(self, node: yaml.Node, tag: str) -> None:
        if node.tag != tag:
            shown = str(node.tag).replace(_CORE, "!!")
            raise UnreadableError(
                f"carries the tag {shown:.80}, which would build an object",
                where=f"{self.name}:{node.start_mark.line + 1}",
                expected="plain YAML without tags",
                problem="yaml.tag",
            )

    def _fault(self, node: yaml.Node, what: str, expected: str) -> UnreadableError:
        where = f"{self.name}:{node.start_mark.line + 1}"
        return UnreadableError(what, where=where, expected=expected)


def _printed(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else repr(value)
