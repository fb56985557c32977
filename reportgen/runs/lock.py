"""Whether somebody still writes a run: an advisory lock on its metrics file.

The lock (flock) dies with its process, so a held lock means "running" and a free one without an
end means "ended without closing". It says nothing about a writer on another host.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Literal

from reportgen.errors import ReportgenError
from reportgen.fs.regular import open_regular
from reportgen.runs import layout

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None

Writing = Literal["held", "free", "unknown"]

_TRIES = 10
_PAUSE_SECONDS = 0.01


def hold(descriptor: int) -> bool:
    """Take the writer's lock on an open metrics file; False when another writer holds it.

    A reader that asks for :func:`state` holds the file for an instant, hence several tries.
    """
    if fcntl is None:
        return True
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError as error:
            if error.errno not in (11, 35):  # EAGAIN on Linux, on macOS; others: not supported
                return True
        time.sleep(_PAUSE_SECONDS)
    return False


def release(descriptor: int) -> None:
    """Give the writer's lock back."""
    if fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        except OSError:
            return


def state(folder: Path, place: str = layout.METRICS) -> Writing:
    """Return whether a writer on this host holds the lock of the run in ``folder``.

    Args:
        folder: The run folder.
        place: The metrics file; each rank of a job holds its own.
    """
    if fcntl is None:
        return "unknown"
    try:
        with open_regular(folder, place) as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError as error:
                return "held" if error.errno in (11, 35) else "unknown"
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            return "free"
    except (OSError, ReportgenError):
        return "unknown"
