"""What sending an alert elsewhere has in common: which alerts, how long, how often."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from reportgen.errors import UsageError
from reportgen.logger.alert_rules import LEVELS, Level
from reportgen.logger.alert_sinks import Alert

TIMEOUT: Final = 3.0
"""Seconds that one attempt may take to connect, and to answer."""

_PAUSES = (0.5, 1.5)


def deliver(attempt: Callable[[], None]) -> None:
    """Call ``attempt`` until it succeeds, at most three times with pauses between.

    Raises:
        UnavailableError: The other side refused: asking again would not help.
        OSError: The last attempt's fault.
    """
    for pause in _PAUSES:
        try:
            return attempt()
        except OSError:
            time.sleep(pause)
    return attempt()


def at_least(alert: Alert, level: Level) -> bool:
    """Tell whether an alert is as serious as ``level``."""
    return LEVELS.index(alert.level) >= LEVELS.index(level)


def checked_level(level: Any, where: str) -> Level:
    """Return a level.

    Raises:
        UsageError: It is none.
    """
    if level not in LEVELS:
        raise UsageError(f"level is {level!r:.40}", where=where, expected=", ".join(LEVELS))
    found: Level = level
    return found


def headline(alert: Alert) -> str:
    """Return an alert in one line."""
    at = f", step {alert.step}" if alert.step is not None else ""
    return " ".join(f"[{alert.level}] {alert.title} (run {alert.run}{at})".split())
