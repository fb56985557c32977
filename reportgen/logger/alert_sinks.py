"""Where alerts go: the seam for webhooks and mail, and the sink that every run has."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from reportgen.errors import UsageError
from reportgen.logger.alert_rules import AlertRule, Level
from reportgen.logger.values import type_name

_LOGGING_LEVEL: dict[Level, int] = {
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert.

    Attributes:
        time: Seconds since 1970.
        level: ``info``, ``warning`` or ``error``.
        title: One line.
        text: What happened.
        run: Name of the run.
        step: Training step, or None.
        metric: The metric that it is about, or None.
        value: The metric's value, or None.
    """

    time: float
    level: Level
    title: str
    text: str
    run: str
    step: int | None = None
    metric: str | None = None
    value: float | None = None


class AlertSink(Protocol):
    """Takes alerts, one at a time, on a thread that is not the training's."""

    @property
    def name(self) -> str:
        """What it is called in a warning about it."""

    def send(self, alert: Alert) -> None:
        """Deliver an alert; whatever it raises is warned of once and harms nothing.

        It should give up after ten seconds by itself: the next alert waits for it.
        """


class LogSink:
    """Says each alert in one line through the ``reportgen`` logger, and so in training.log."""

    name = "log"

    def send(self, alert: Alert) -> None:
        """Log the alert at the logging level of its own."""
        logger = logging.getLogger("reportgen")
        at = f" (step {alert.step})" if alert.step is not None else ""
        text = "" if alert.text in ("", alert.title) else f": {alert.text}"
        logger.log(_LOGGING_LEVEL[alert.level], "alert: %s%s%s", alert.title, at, text)


def rules_and_sinks(alerts: Iterable[Any]) -> tuple[list[AlertRule], list[AlertSink]]:
    """Divide what ``start_run(alerts=[...])`` was given into rules and sinks.

    Raises:
        UsageError: Something among them is neither.
    """
    rules: list[AlertRule] = []
    sinks: list[AlertSink] = []
    try:
        listed = list(alerts)
    except TypeError:
        listed = [alerts]
    for alert in listed:
        if callable(getattr(alert, "watch", None)):
            rules.append(alert)
        elif callable(getattr(alert, "send", None)) and hasattr(alert, "name"):
            sinks.append(alert)
        else:
            raise UsageError(
                f"holds a value of type {type_name(alert)}",
                where="start_run(alerts=)",
                expected="rules of alert_when, and sinks of alert_by_webhook or alert_by_mail",
            )
    return rules, sinks
