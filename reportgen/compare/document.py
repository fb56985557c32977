"""A comparison as the plain values of ``reportgen compare --json``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import structs

from reportgen.compare.comparison import COMPARE_SCHEMA, SECTIONS, Comparison
from reportgen.runs.numbers import to_stored

_FACTS = ("data", "config", "environment", "seeds", "command")


def comparison_document(
    comparison: Comparison,
    places: Sequence[str],
    differing: Sequence[str],
    chosen: Sequence[str] = SECTIONS,
) -> dict[str, Any]:
    """Return a comparison as plain values; non-finite numbers are the three strings.

    Args:
        comparison: What to return.
        places: The folder of each run.
        differing: Parts in which the runs differ.
        chosen: Parts to return.
    """
    plain = {name: getattr(comparison, name) for name in structs.asdict(comparison)}
    left_out = [name for name in SECTIONS if name not in chosen]
    document = {
        "schema": COMPARE_SCHEMA,
        **{name: _plain(value) for name, value in plain.items() if name not in left_out},
        "differing": list(differing),
    }
    for run, place in zip(document["runs"], places, strict=True):
        run["path"] = place
    return document


def _plain(value: Any) -> Any:
    """Return structs, mappings and sequences as JSON has them."""
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return to_stored(value)
    return value if isinstance(value, str | int | None) else str(value)
