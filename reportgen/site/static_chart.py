"""Curves as geometry for inline SVG: what a page shows before, or without, JavaScript.

Coordinates are in a square of 1,000 units, stretched to the place a page gives it; labels stand
beside it as text at percentages, so that they keep their size on a phone and in print.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.site.shards import Floats, Steps, Values, coarse_places, non_finite_stretches

UNITS = 1000
_LINE_POINTS = 160
_SPARK_POINTS = 40
_SPIKE = 1000.0
_LABEL_GAP = 8.0  # percent of the height that one label needs


@dataclass(frozen=True, slots=True)
class Line:
    """One series to draw.

    Attributes:
        steps, values: One entry a point; NaN and infinities break the line and are marked.
        label: Its name.
        style: Colour and dash index.
    """

    steps: Steps | Sequence[int]
    values: Values
    label: str
    style: tuple[int, int]


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line in the square: an SVG path, its label's place (percent from the top), its marks."""

    path: str
    label: str
    colour: int
    dash: int
    label_top: float | None
    marks: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis: percent from the left, or from the top, and its text."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class StaticChart:
    """A chart as geometry: lines, ticks of both axes."""

    lines: tuple[DrawnLine, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    labelled: bool

    @property
    def empty(self) -> bool:
        """Whether there is no finite point to draw."""
        return not any(line.path for line in self.lines)


def static_chart(lines: Sequence[Line], *, labels: bool = True) -> StaticChart:
    """Return the geometry of a line chart over steps.

    Args:
        lines: What to draw; empty and wholly non-finite series are allowed.
        labels: Name each line at its end; only done for at most six lines.
    """
    y_low, y_high = _padded(*_bounds([_finite(line.values) for line in lines]))
    x_low, x_high = _range(*_bounds([line.steps for line in lines]))
    named = labels and 1 < len(lines) <= 6
    ends = [_end(line, y_low, y_high) for line in lines] if named else [None] * len(lines)
    tops = _apart(ends)
    return StaticChart(
        lines=tuple(
            DrawnLine(
                path=_path(line, _LINE_POINTS, (x_low, x_high), (y_low, y_high)),
                label=line.label,
                colour=line.style[0],
                dash=line.style[1],
                label_top=top,
                marks=_marks(line, x_low, x_high),
            )
            for line, top in zip(lines, tops, strict=True)
        ),
        x_ticks=_ticks(x_low, x_high, 5, whole=True),
        y_ticks=tuple(Tick(100 - tick.at, tick.text) for tick in _ticks(y_low, y_high, 4)),
        labelled=named,
    )


def sparkline(steps: Steps | Sequence[int], values: Values) -> str:
    """Return the SVG path of a small curve without axes; empty when nothing is finite."""
    finite = _finite(values)
    if not len(finite):
        return ""
    usual = _without_spikes(finite)
    x_range, y_range = _range(*_bounds([steps])), _padded(*_bounds([usual]))
    if len(usual) < len(finite):
        array = np.asarray(values, dtype=np.float64)
        values = np.where(np.isfinite(array), np.clip(array, *y_range), array)
    return _path(Line(steps, values, "", (0, 0)), _SPARK_POINTS, x_range, y_range)


def _without_spikes(finite: Floats) -> Floats:
    """Return the values that a small curve's scale is made of: all, unless a few are a thousand
    times larger than both the first and the median, as where a run diverged.
    """
    size = np.abs(finite)
    usual = size <= _SPIKE * max(float(size[0]), float(np.quantile(size, 0.5, method="lower")))
    return finite[usual] if 4 * int(usual.sum()) >= 3 * len(finite) else finite


def _finite(values: Values) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    return array[np.isfinite(array)]


def _bounds(columns: Sequence[Steps | Floats | Sequence[int]]) -> tuple[float, float]:
    """Return the least and the greatest of all columns; 0 and 1 when they are empty."""
    ends = [(float(np.min(c)), float(np.max(c))) for c in columns if len(c)]
    if not ends:
        return 0.0, 1.0
    return min(low for low, _ in ends), max(high for _, high in ends)


def _path(
    line: Line, points: int, x_range: tuple[float, float], y_range: tuple[float, float]
) -> str:
    places = coarse_places(line.values, points)
    parts: list[str] = []
    pen = "M"
    for place in places:
        value = float(line.values[place])
        if not math.isfinite(value):
            pen = "M"
            continue
        x = UNITS * _share(float(line.steps[place]), *x_range)
        y = UNITS * (1 - _share(value, *y_range))
        parts.append(f"{pen}{x:.4g} {y:.4g}")
        pen = "L"
    if len(parts) == 1:
        parts.append("h0.01")  # a lone point shows as a dot with round caps
    return "".join(parts)


def _marks(line: Line, x_low: float, x_high: float) -> tuple[float, ...]:
    stretches = non_finite_stretches(line.values)[:20]
    return tuple(
        round(100 * _share(float(line.steps[first]), x_low, x_high), 2) for first, _ in stretches
    )


def _share(value: float, low: float, high: float) -> float:
    """Return where ``value`` stands between two bounds, 0 to 1, without overflow."""
    span = high / 2 - low / 2
    return (value / 2 - low / 2) / span if span else 0.5


def _range(low: float, high: float) -> tuple[float, float]:
    return (low, high) if high > low else (low - 1, high + 1)


def _padded(low: float, high: float) -> tuple[float, float]:
    """Return bounds a little outside the data, never across zero, never infinite."""
    flat = high == low
    pad = (abs(low) * 0.1 or 1.0) if flat else (high / 2 - low / 2) * 0.1
    lower, upper = low - pad, high + pad
    if low >= 0 > lower:
        lower = 0.0
    if high <= 0 < upper:
        upper = 0.0
    limit = 1.7e308
    return max(lower, -limit), min(upper, limit)


def _ticks(low: float, high: float, count: int, *, whole: bool = False) -> tuple[Tick, ...]:
    """Return about ``count`` ticks at 1, 2 or 5 times a power of ten."""
    span = high / 2 - low / 2
    if not span > 0 or not math.isfinite(span):
        return ()
    raw = 2 * (span / count)
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 1e-300 else raw
    step = min((power * m for m in (1, 2, 5, 10)), key=lambda s: abs(math.log(s / raw)))
    if whole:
        step = max(step, 1.0)
    if not math.isfinite(step) or step <= 0:
        return ()
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    if last - first > 4 * count:
        return ()
    decimals = max(0, -math.floor(math.log10(step))) if step < 1 else 0
    return tuple(
        Tick(round(100 * _share(i * step, low, high), 2), _tick_text(i * step, decimals))
        for i in range(first, last + 1)
    )


def _tick_text(value: float, decimals: int) -> str:
    if value != 0 and (abs(value) >= 1e6 or decimals > 5):
        return f"{value:.3g}"
    return f"{value:.{decimals}f}" if decimals else f"{value:.0f}"


def _end(line: Line, low: float, high: float) -> float | None:
    finite = _finite(line.values)
    return 100 * (1 - _share(float(finite[-1]), low, high)) if len(finite) else None


def _apart(ends: Sequence[float | None]) -> list[float | None]:
    """Return label places in percent, moved apart where they would overlap."""
    order = sorted((end, place) for place, end in enumerate(ends) if end is not None)
    placed: list[float | None] = [None] * len(ends)
    floor = -math.inf
    tops: list[float] = []
    for end, _ in order:
        floor = max(end, floor + _LABEL_GAP)
        tops.append(floor)
    ceiling = 100.0
    for index in range(len(tops) - 1, -1, -1):
        tops[index] = min(tops[index], ceiling)
        ceiling = tops[index] - _LABEL_GAP
    for (_, place), top in zip(order, tops, strict=True):
        placed[place] = round(top, 2)
    return placed
