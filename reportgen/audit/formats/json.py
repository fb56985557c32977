"""The report as JSON, ``reportgen.audit/1``: the fields of :mod:`reportgen.audit.report`."""

from __future__ import annotations

from typing import Any

import msgspec

from reportgen.audit.report import AuditReport


def render(report: AuditReport) -> str:
    """Return the report as indented, strict JSON; half characters of odd file names replaced."""
    plain = msgspec.to_builtins(report)
    data = msgspec.json.format(msgspec.json.encode(_encodable(plain)), indent=2)
    return data.decode() + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the report."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**dialect, **msgspec.json.schema(AuditReport)}


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    return value
