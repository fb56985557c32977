"""The configuration as an outline: nested keys in order, each value as YAML would write it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.site.groups import shown
from reportgen.site.text import VALUE_LIMIT, clip

_DEEPEST = 12
_KEYS = 5_000


@dataclass(frozen=True, slots=True)
class ConfigRow:
    """One key.

    Attributes:
        depth: Nesting, from 0.
        key: Its own name.
        path: Its dotted name, for searching and linking.
        value: Text of a leaf; None for a mapping whose keys follow.
    """

    depth: int
    key: str
    path: str
    value: str | None


def config_rows(config: Mapping[Any, Any]) -> tuple[list[ConfigRow], int]:
    """Return the rows of a configuration and how many more there are."""
    rows: list[ConfigRow] = []
    left = 0
    for row in _walk(config, "", 0):
        if len(rows) < _KEYS:
            rows.append(row)
        else:
            left += 1
    return rows, left


def _walk(config: Mapping[Any, Any], prefix: str, depth: int) -> Iterator[ConfigRow]:
    for key, value in config.items():
        name = clip(str(key))
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and value and depth < _DEEPEST:
            yield ConfigRow(depth, name, path, None)
            yield from _walk(value, f"{path}.", depth + 1)
        else:
            yield ConfigRow(depth, name, path, clip(shown(value), VALUE_LIMIT))
