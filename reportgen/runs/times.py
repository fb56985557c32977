"""Times as the standard writes them: ISO 8601, UTC, milliseconds, Z."""

from __future__ import annotations

from datetime import UTC, datetime

END_OF_TIME = 253_402_300_800.0
"""Seconds from 1970 to the year 10000, which ISO 8601 as written here does not reach."""


def to_iso(seconds: float) -> str:
    """Return seconds since 1970 as ``2026-11-23T10:15:00.123Z``.

    Raises:
        ValueError: Not a time from 1970 to 9999, as a file of other people may hold.
    """
    if not 0 <= seconds < END_OF_TIME:
        raise ValueError(f"{seconds!r} is no time from 1970 to 9999")
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def from_iso(text: str | None) -> float | None:
    """Return seconds since 1970, or None when ``text`` is no time this reader understands."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
