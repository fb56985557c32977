"""Scores by the date of the run, as geometry in per cent: it is drawn without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from reportgen.audit.report import RunAudit
from reportgen.site.model import Record, Tone

_POINTS = 500
_LEVELS = (0, 25, 50, 75, 100)
_EDGE = 2.0
_TWO_DAYS = 2 * 86_400


@dataclass(frozen=True, slots=True)
class Dot:
    """A run: percent from the left, and from the top to its low and its high end."""

    x: float
    low: float
    high: float
    tone: Tone
    words: str
    page: str


@dataclass(frozen=True, slots=True)
class History:
    """The runs that record when they began.

    Attributes:
        dots: In order of their start, the newest five hundred.
        levels: Percent from the top of the lines, and the score that each stands for.
        dates: Percent from the left, and the day (UTC).
        left: How many runs are left out, as older or without a date.
    """

    dots: tuple[Dot, ...]
    levels: tuple[tuple[float, int], ...]
    dates: tuple[tuple[float, str], ...]
    left: int

    @property
    def worth_drawing(self) -> bool:
        """Whether there is a course: two runs or more."""
        return len(self.dots) > 1


def history_of(judged: Sequence[tuple[Record, RunAudit]]) -> History:
    """Return the scores of runs by their start."""
    dated = [
        (record.created, record, run)
        for record, run in judged
        if record.created is not None and run.score.low is not None
    ]
    dated.sort(key=lambda one: (one[0], one[1].slug))
    kept = dated[-_POINTS:]
    first, last = (kept[0][0], kept[-1][0]) if kept else (0.0, 0.0)
    return History(
        dots=tuple(_dot(record, run, _across(when, first, last)) for when, record, run in kept),
        levels=tuple((_down(level), level) for level in _LEVELS),
        dates=_dates(first, last) if kept else (),
        left=len(judged) - len(kept),
    )


def _dot(record: Record, run: RunAudit, x: float) -> Dot:
    low, high = run.score.low or 0, run.score.high or 0
    tone: Tone = record.audit.tone if record.audit else "plain"
    score = str(low) if low == high else f"{low} to {high}"
    word = record.audit.word if record.audit else ""
    words = f"{record.name}: {score}, {run.level}, {word}"
    return Dot(x, _down(low), _down(high), tone, words, record.page)


def _across(when: float, first: float, last: float) -> float:
    """Return percent from the left, with room for half a dot at either end."""
    share = (when - first) / (last - first) if last > first else 0.5
    return round(_EDGE + share * (100 - 2 * _EDGE), 2)


def _down(score: int) -> float:
    return round(96 - 0.92 * score, 2)


def _dates(first: float, last: float) -> tuple[tuple[float, str], ...]:
    """Return the first and the last day and the one between, with the hour where all are near."""
    pattern = "%Y-%m-%d" if last - first > _TWO_DAYS else "%Y-%m-%d %H:%M"
    found: dict[str, float] = {}
    for when in (first, (first + last) / 2, last):
        text = datetime.fromtimestamp(when, UTC).strftime(pattern)
        found.setdefault(text, _across(when, first, last))
    return tuple((x, text) for text, x in found.items())
