"""How numbers of a run are written and read: strict JSON, with three strings for the rest."""

from __future__ import annotations

import math
from typing import Any

NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def to_stored(value: float) -> float | str:
    """Return ``value`` as it stands in a file: itself, or "NaN", "Infinity", "-Infinity"."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def from_stored(value: Any) -> float | None:
    """Return the number that a file holds, or None when it holds none.

    A truth value is no number, nor is text other than the three names; an integer too large
    for a double becomes an infinity of its sign.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return value
    if isinstance(value, int):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return NON_FINITE.get(value) if isinstance(value, str) else None
