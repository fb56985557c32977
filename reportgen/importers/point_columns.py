"""Points one by one, as the columns of :class:`reportgen.importers.interface.Points`."""

from __future__ import annotations

import math
import re
from array import array
from typing import Final

import numpy as np

from reportgen.fs.limits import Limits
from reportgen.importers.interface import Points

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WORDS: Final = {
    **dict.fromkeys(("nan", "+nan", "-nan"), math.nan),
    **dict.fromkeys(("inf", "+inf", "infinity", "+infinity"), math.inf),
    **dict.fromkeys(("-inf", "-infinity"), -math.inf),
}
_LARGEST_STEP: Final = 2**63 - 1


class PointColumns:
    """Collects points.

    Args:
        limits: Points and series that are taken.

    Attributes:
        refused: Points beyond the limits.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._names: dict[str, int] = {}
        self._name_of = array("i")
        self._steps = array("q")
        self._times = array("d")
        self._values = array("d")
        self._attempts = array("i")
        self.refused = 0

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, name: str, step: int, time: float | None, value: float, attempt: int = 1) -> None:
        """Take a point; ``time`` in seconds since 1970, None where it was not recorded."""
        known = self._names.get(name)
        full = len(self._steps) >= self._limits.points or abs(step) > _LARGEST_STEP
        if known is None and not full:
            full = len(self._names) >= self._limits.series
            full = full or len(name) > self._limits.name_characters
        if full:
            self.refused += 1
            return
        self._name_of.append(self._names.setdefault(name, len(self._names)))
        self._steps.append(step)
        self._times.append(math.nan if time is None else time)
        self._values.append(value)
        self._attempts.append(attempt)

    def points(self) -> Points:
        """Return all points in the order of time; each series keeps the order it was given in."""
        attempts = np.array(self._attempts, dtype=np.int32)
        points = Points(
            list(self._names),
            np.array(self._name_of, dtype=np.int32),
            np.array(self._steps, dtype=np.int64),
            np.array(self._times, dtype=np.float64),
            np.array(self._values, dtype=np.float64),
            attempts,
        )
        clock = points.times.copy()
        for index in range(len(self._names)):
            of_series = points.name_of == index
            clock[of_series] = np.fmax.accumulate(clock[of_series])
        order = np.lexsort((clock, attempts))
        return points.chosen(order)


def number_in(text: str) -> float | None:
    """Return the number that a text is, None when it is none: ``1_0`` and ``１`` are none."""
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped):
        return float(stripped)
    return _WORDS.get(stripped.lower())


def value_in(text: str) -> bool | int | float | str:
    """Return a setting that was kept as text: as a number or a truth where that is written the
    same way again, so that nothing is lost.

    >>> value_in("64"), value_in("0.1"), value_in("True"), value_in("007"), value_in("1e3")
    (64, 0.1, True, '007', '1e3')
    """
    if text in ("True", "False"):
        return text == "True"
    if len(text) <= 25 and _NUMBER.fullmatch(text):
        if text.lstrip("-").isdigit():
            return int(text) if str(int(text)) == text else text
        number = float(text)
        return number if repr(number) == text else text
    return text
