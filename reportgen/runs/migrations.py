"""Older run folders, brought to the present version in memory; newer ones are refused.

Each step takes the documents of version ``n`` as plain mappings (by place in the folder) and
returns those of ``n + 1``. Files on disk are never rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from reportgen.errors import NewerVersionError, SchemaError
from reportgen.runs import layout

CURRENT = 1
Documents = dict[str, Any]
MIGRATIONS: Mapping[int, Callable[[Documents], Documents]] = {}
"""Version n -> the step from n to n + 1; version 1 is the first, so there is none yet."""

_SCHEMA = re.compile(r"^reportgen\.run/(\d{1,6})(?:\.\d{1,6})?\Z")


def version_of(run: Mapping[str, Any], *, where: str = layout.RUN) -> int:
    """Return the major version that a run.yaml declares.

    Args:
        run: Its plain values.
        where: The file, for messages.

    Raises:
        SchemaError: ``schema`` is absent or names another format.
        NewerVersionError: It is newer than this reportgen reads.
    """
    declared = run.get("schema")
    match = _SCHEMA.match(declared) if isinstance(declared, str) else None
    if match is None:
        raise SchemaError(
            f"$.schema is {declared!r:.60}",
            where=where,
            expected=f"'reportgen.run/{CURRENT}'",
            fix="Is this run folder written by another tool? Then `reportgen import` reads it",
        )
    version = int(match[1])
    if version > CURRENT:
        raise NewerVersionError(
            f"$.schema is {declared!r}, newer than this reportgen reads",
            where=where,
            expected=f"reportgen.run/{CURRENT} or older",
            fix="Update reportgen (distribution reportgen-runs)",
        )
    if version < 1:
        raise SchemaError(f"$.schema is {declared!r}", where=where, expected="version 1")
    return version


def migrate(documents: Documents, version: int) -> Documents:
    """Return ``documents`` of ``version`` in the form of :data:`CURRENT`."""
    for step in range(version, CURRENT):
        documents = MIGRATIONS[step](documents)
    return documents
