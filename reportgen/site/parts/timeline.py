"""What happened while a run was being written: alerts, and the attempts it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import orjson

from reportgen.runs import layout
from reportgen.runs.numbers import from_stored
from reportgen.runs.view import RunView
from reportgen.site.figures import duration, moment, number
from reportgen.site.text import clip

_BYTES = 4 * 2**20
ALERTS = 200
_TONES: dict[str, Literal["poor", "warn", "plain"]] = {
    "error": "poor",
    "warning": "warn",
    "warn": "warn",
}


@dataclass(frozen=True, slots=True)
class Alert:
    """One line of alerts.jsonl."""

    step: int | None
    when: str
    level: str
    tone: Literal["poor", "warn", "plain"]
    title: str
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: when it began, what it logged, how long it worked."""

    number: int
    began: str
    first: str
    last: str
    records: str
    took: str


def alerts_of(view: RunView) -> tuple[list[Alert], int]:
    """Return the first alerts in order, and how many more there are."""
    data = view.bytes(layout.ALERTS, limit=_BYTES) if view.exists(layout.ALERTS) else None
    found = []
    for line in (data or b"").split(b"\n"):
        try:
            raw = orjson.loads(line) if line.strip() else None
        except orjson.JSONDecodeError:
            continue  # a torn last line; the audit reports bad ones
        if isinstance(raw, dict):
            found.append(_alert(raw))
    return found[:ALERTS], max(0, len(found) - ALERTS)


def _alert(raw: dict[str, Any]) -> Alert:
    step, time, level = raw.get("step"), raw.get("time"), str(raw.get("level", ""))
    value = raw.get("value")
    known = isinstance(value, int | float | str) and not isinstance(value, bool)
    return Alert(
        step=step if isinstance(step, int) and not isinstance(step, bool) else None,
        when=moment(float(time), year=False) if isinstance(time, int | float) else "–",
        level=clip(level, 20),
        tone=_TONES.get(level, "plain"),
        title=clip(str(raw.get("title", "")), 200),
        text=clip(str(raw.get("text", "")), 500),
        value=number(from_stored(value)) if known else "–",
    )


def attempts_of(view: RunView) -> list[Attempt]:
    """Return the attempts of a resumed run; none for a run of one attempt."""
    columns = view.metrics.columns
    attempts = np.frombuffer(columns.attempts, dtype=np.uint16)
    if not len(attempts) or attempts[0] == attempts[-1]:
        return []
    steps = np.frombuffer(columns.steps, dtype=np.int64)
    times = np.frombuffer(columns.times, dtype=np.float64)
    found = []
    for attempt in np.unique(attempts).tolist():
        own = attempts == attempt
        timed = times[own & np.isfinite(times)]
        found.append(
            Attempt(
                number=attempt,
                began=moment(float(timed.min())) if len(timed) else "–",
                first=f"{int(steps[own][0]):,}",
                last=f"{int(steps[own][-1]):,}",
                records=f"{int(own.sum()):,}",
                took=duration(float(np.ptp(timed))) if len(timed) else "–",
            )
        )
    return found
