"""The environment variables that change a run's numbers: set and unset again for a replay.

Recorded variables of any other name are left alone: ``PATH``, ``LD_PRELOAD`` or ``RANK`` of the
machine that recorded a run have no place in somebody else's process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.runs.variables import NUMERIC_VARIABLES

_MAX_CHARACTERS = 1000


def numeric_variables(recorded: Mapping[str, Any] | None) -> dict[str, str | None]:
    """Return the numeric variables that a run recorded, with None for "was not set".

    What it did not look at is not in the result, neither to be set nor to be unset. A value of
    odd characters counts as not set; no library reads such a one.
    """
    known = recorded or {}
    return {name: _plain(known[name]) for name in NUMERIC_VARIABLES if name in known}


def _plain(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > _MAX_CHARACTERS:
        return None
    return value if value.isascii() and value.isprintable() else None
