"""A comparison as the plain values of ``reportgen compare --json``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import structs

from reportgen.compare.comparison import COMPARE_SCHEMA, SECTIONS, Comparison
from reportgen.runs.numbers import NON_FINITE, to_stored

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


def comparison_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of :func:`comparison_document`."""
    schema = msgspec.json.schema(Comparison)
    found: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": schema["$ref"],
        "$defs": _with_names_of_numbers(schema["$defs"]),
    }
    whole = found["$defs"]["Comparison"]
    whole["properties"]["schema"] = {"const": COMPARE_SCHEMA}
    whole["properties"]["differing"] = {"type": "array", "items": {"enum": list(SECTIONS)}}
    kept = [name for name in whole["required"] if name not in SECTIONS]
    whole["required"] = ["schema", "differing", *kept]
    run = found["$defs"]["ComparedRun"]
    run["properties"]["path"] = {"type": "string"}
    run["required"] = [*run["required"], "path"]
    return found


def _with_names_of_numbers(schema: Any) -> Any:
    """Return a schema whose numbers may be the names of those that are not finite."""
    if isinstance(schema, list):
        return [_with_names_of_numbers(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "number":
        return {"anyOf": [schema, {"enum": list(NON_FINITE)}]}
    return {key: _with_names_of_numbers(part) for key, part in schema.items()}


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
