"""The lock files of a run, each read once for all runs that have the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.audit.interface import AuditContext
from reportgen.errors import UnreadableError
from reportgen.fs.hashing import sha256_bytes
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.runs import layout

if TYPE_CHECKING:
    from reportgen.runs.lock_files import Lock


def locks_of(context: AuditContext) -> tuple[list[Lock], dict[str, str]]:
    """Return the lock files that can be read, and what is wrong with each of the others."""
    locks: list[Lock] = []
    faults: dict[str, str] = {}
    for path in context.run.below(layout.LOCK):
        name = path.removeprefix(f"{layout.LOCK}/")
        data = context.run.bytes(path, limit=DEFAULT_LIMITS.document_bytes)
        if data is None:
            faults[name] = "cannot be read"
            continue
        try:
            locks.append(_remembered(context, name, data))
        except UnreadableError as error:
            faults[name] = error.what
    return locks, faults


def _remembered(context: AuditContext, name: str, data: bytes) -> Lock:
    from reportgen.runs.lock_files import read_lock  # its parsers cost time, and few runs have one

    return context.repository.remembered(
        ("lock", name, sha256_bytes(data)), lambda: read_lock(name, data)
    )
