"""How numbers, sizes, durations and times are written: the same way on every page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from reportgen.runs.numbers import from_stored, to_stored


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with at most ``digits`` significant digits; NaN and infinities by name.

    >>> number(0.97777), number(1200.0), number(0.000012345), number(None)
    ('0.9778', '1200', '1.234e-05', '–')
    """
    if value is None:
        return "–"
    if not math.isfinite(value):
        return str(to_stored(value))
    if value == int(value) and abs(value) < 10**digits:
        return str(int(value))
    if value != 0 and not 1e-4 <= abs(value) < 1e6:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}e{exponent}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
    shown = f"{value:.{decimals}f}"
    exact = "." in shown and float(shown) == value
    return shown.rstrip("0").rstrip(".") if exact else shown


def column_decimals(values: Iterable[float | None], spreads: Iterable[float | None] = ()) -> int:
    """Return the decimals that one column is written with.

    Two significant digits of the largest spread, else four of the largest value; at most six
    decimals.
    """
    finite = [abs(v) for v in values if v is not None and math.isfinite(v) and v != 0]
    positive = [s for s in spreads if s is not None and math.isfinite(s) and s > 0]
    if positive:
        decimals = 1 - math.floor(math.log10(max(positive)))
    elif finite:
        decimals = 3 - math.floor(math.log10(max(finite)))
    else:
        decimals = 0
    if finite and not positive and all(value == int(value) for value in finite):
        return 0
    return min(max(decimals, 0), 6)


def fixed(value: float | None, decimals: int) -> str:
    """Return ``value`` with ``decimals``, or by name or as by :func:`number` where that misleads.

    A value that the decimals would turn to zero, or one of a million and more, is written in
    its own precision.
    """
    if value is None or not math.isfinite(value):
        return number(value)
    shown = f"{value:.{decimals}f}"
    misleading = abs(value) >= 1e7 or (value != 0 and float(shown) == 0)
    return number(value, 3) if misleading else shown


def mean_and_spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Return the mean and the sample standard deviation (n - 1); None for a single value."""
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return mean, None
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, math.sqrt(variance)


def stored(value: Any) -> str:
    """Return a value of summary.yaml as text."""
    if value is None:
        return "–"
    plain = from_stored(value)
    return str(value) if plain is None else number(plain, 6)


def size(count: int | None) -> str:
    """Return a number of bytes in decimal units: ``1.2 MB``."""
    if count is None:
        return "–"
    if count < 1000:
        return f"{count} bytes" if count != 1 else "1 byte"
    power = next((p for p in (1, 2, 3) if count < 999.5 * 1000**p), 4)
    unit = ("kB", "MB", "GB", "TB")[power - 1]
    amount = count / 1000**power
    return f"{amount:.1f} {unit}" if amount < 99.5 else f"{amount:.0f} {unit}"


def duration(seconds: float | None) -> str:
    """Return a span of time in its two largest units: ``4 min 31 s``."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, per, below, per_below in (
        ("d", 86_400, "h", 3_600),
        ("h", 3_600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= per:
            rest = whole % per // per_below
            return f"{whole // per} {unit} {rest} {below}" if rest else f"{whole // per} {unit}"
    return f"{whole} s"


def moment(seconds: float | None, *, year: bool = True) -> str:
    """Return a time in UTC for people: ``23 Nov 2026, 10:15``."""
    if seconds is None:
        return "–"
    try:
        time = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return "–"
    day = f"{time.day} {_MONTHS[time.month - 1]}"
    return f"{day} {time.year}, {time:%H:%M}" if year else f"{day}, {time:%H:%M}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return ``1 run``, ``2 runs``, ``1,200 runs``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
