"""The scale of a parameter, found from its values: linear, logarithmic, or categories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, pstdev
from typing import Any, Literal

from reportgen.runs.numbers import from_stored
from reportgen.site.figures import number
from reportgen.site.groups import shown
from reportgen.site.text import clip

Kind = Literal["linear", "log", "category"]
_LOG_FROM = 10.0
_TICKS = 5
_CATEGORY = 40


@dataclass(frozen=True, slots=True)
class Scale:
    """Where values stand between 0 and 1.

    Attributes:
        kind: How.
        low, high: Of the numbers; 0 and 1 for categories.
        categories: In order, as text; empty for numbers.
        ticks: ``(place, text)``.
    """

    kind: Kind
    low: float
    high: float
    categories: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]

    def place(self, value: Any) -> float | None:
        """Return where a value stands; None for one that has no place."""
        if self.kind == "category":
            text = category(value)
            if text not in self.categories:
                return None
            last = len(self.categories) - 1
            return self.categories.index(text) / last if last else 0.5
        found = as_number(value)
        if found is None or not math.isfinite(found) or (self.kind == "log" and found <= 0):
            return None
        return _share(found, self.low, self.high, self.kind)


def as_number(value: Any) -> float | None:
    """Return a configuration value as a number; None for what is none."""
    return None if isinstance(value, bool | str) else from_stored(value)


def category(value: Any) -> str:
    """Return a configuration value as the name of a category."""
    return clip(shown(value), _CATEGORY)


def scale_of(values: Sequence[Any]) -> Scale:
    """Return the scale of a parameter.

    Numbers are on a logarithmic scale when all are positive, the largest is ten times the
    smallest or more, and their ratios are more even than their differences.
    """
    numbers = [as_number(value) for value in values]
    finite = sorted({n for n in numbers if n is not None and math.isfinite(n)})
    if not finite or any(n is None for n in numbers):
        return _categories(values)
    kind: Kind = "log" if _geometric(finite) else "linear"
    low, high = finite[0], finite[-1]
    chosen = finite if len(finite) <= _TICKS else _even(low, high, kind)
    ticks = tuple((_share(value, low, high, kind), number(value, 3)) for value in chosen)
    return Scale(kind, low, high, (), ticks)


def _categories(values: Sequence[Any]) -> Scale:
    names = tuple(sorted({category(value) for value in values}))
    last = len(names) - 1
    places = (place / last if last else 0.5 for place in range(len(names)))
    return Scale("category", 0.0, 1.0, names, tuple(zip(places, names, strict=True)))


def _geometric(values: Sequence[float]) -> bool:
    if values[0] <= 0 or values[-1] < _LOG_FROM * values[0]:
        return False
    gaps = [high - low for low, high in pairwise(values)]
    ratios = [math.log(high) - math.log(low) for low, high in pairwise(values)]
    return len(values) == 2 or pstdev(ratios) / fmean(ratios) < pstdev(gaps) / fmean(gaps)


def _even(low: float, high: float, kind: Kind) -> list[float]:
    shares = [place / (_TICKS - 1) for place in range(_TICKS)]
    if kind == "log":
        return [math.exp(math.log(low) + s * (math.log(high) - math.log(low))) for s in shares]
    return [low * (1 - s) + high * s for s in shares]


def _share(value: float, low: float, high: float, kind: Kind) -> float:
    if kind == "log":
        value, low, high = math.log(value), math.log(low), math.log(high)
    span = high / 2 - low / 2
    share = (value / 2 - low / 2) / span if span else 0.5
    return round(min(max(share, 0.0), 1.0), 6)
