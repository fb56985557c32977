"""Is it the same run? The recorded series and the replayed ones, step by step in a band. Pure."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from reportgen.compare.metrics import Points, compare_series, relative_difference
from reportgen.runs.numbers import to_stored
from reportgen.script.comparison import MEASURES_THE_MACHINE

Word = Literal["identical", "within-band", "diverges", "cannot-run", "other-environment"]
BAND = 1e-5
"""Greatest relative difference that rounding explains within the first steps on a CPU: other
kernels and thread counts changed the beginnings of small networks by at most 4e-7."""
MARGIN = 4.0
"""A calibrated band is so many times what two replays differed by."""


@dataclass(frozen=True, slots=True)
class SeriesVerdict:
    """One series.

    Attributes:
        name: The metric.
        points: How many were compared.
        largest: Greatest relative difference of a step that both have.
        first: Step, recorded and replayed value where they first differ by more than the band;
            None for a value that one side does not have.
        last: Step, recorded and replayed value of the last step that both have.
    """

    name: str
    points: int
    largest: float
    first: tuple[int, float | None, float | None] | None
    last: tuple[int, float, float] | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the comparison of all series found.

    Attributes:
        word: The verdict; ``cannot-run`` when there was nothing to compare.
        band: Greatest relative difference that counted as equal.
        series: Every series that was compared.
        left_out: Series that measure the machine.
        extra: Series that only the replay has.
    """

    word: Word
    band: float
    series: tuple[SeriesVerdict, ...] = ()
    left_out: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @property
    def largest(self) -> float:
        """Greatest relative difference at a step that both sides have."""
        return max((one.largest for one in self.series), default=0.0)

    @property
    def first(self) -> SeriesVerdict | None:
        """The series that leaves the band first, the one that leaves it furthest among equals."""
        found = [one for one in self.series if one.first is not None]
        return min(found, key=_how_early, default=None)

    @property
    def first_difference(self) -> dict[str, Any] | None:
        """The same as a record of it."""
        worst = self.first
        if worst is None or worst.first is None:
            return None
        step, recorded, replayed = worst.first
        return {
            "series": worst.name,
            "step": step,
            "recorded": None if recorded is None else to_stored(recorded),
            "replayed": None if replayed is None else to_stored(replayed),
        }

    def metrics(self) -> dict[str, dict[str, Any]]:
        """Return recorded and replayed value of each series at the last step that both have."""
        return {
            one.name: {
                "recorded": to_stored(one.last[1]),
                "replayed": to_stored(one.last[2]),
                "step": one.last[0],
            }
            for one in self.series
            if one.last is not None
        }


def _how_early(one: SeriesVerdict) -> tuple[int, float]:
    """Order by the step of the first difference, then the largest difference first."""
    step, recorded, replayed = one.first or (0, None, None)
    missing = recorded is None or replayed is None
    return step, -(math.inf if missing else relative_difference(recorded or 0.0, replayed or 0.0))


def judge(
    recorded: Mapping[str, Points],
    replayed: Mapping[str, Points],
    *,
    stop: int | None = None,
    band: float = BAND,
    other_environment: bool = False,
) -> Judgement:
    """Return whether a replay gave the recorded series.

    Series that measure the machine (seconds, memory, throughput) are left out. A step that one
    side lacks is a difference, a series that only the replay has is not.

    Args:
        recorded, replayed: Points of each series.
        stop: The last step that counts; None for all.
        band: Greatest relative difference, as
            :func:`reportgen.compare.metrics.relative_difference` has it, that counts as equal.
        other_environment: The environment is another in what computes, so that a difference
            says nothing of the run.
    """
    found = []
    left_out = []
    for name, points in recorded.items():
        if MEASURES_THE_MACHINE.search(name):
            left_out.append(name)
        elif before := _until(points, stop):
            found.append(_series(name, before, _until(replayed.get(name, ()), stop), band))
    extra = tuple(name for name in replayed if name not in recorded)
    word: Word = "identical"
    if not any(one.points for one in found):
        word = "diverges" if found else "cannot-run"
    elif any(one.first is not None for one in found):
        word = "diverges"
    elif any(one.largest for one in found):
        word = "within-band"
    if word == "diverges" and other_environment:
        word = "other-environment"
    return Judgement(word, band, tuple(found), tuple(left_out), extra)


def _until(points: Points, stop: int | None) -> Sequence[tuple[int, float]]:
    return points if stop is None else [point for point in points if point[0] <= stop]


def _series(name: str, recorded: Points, replayed: Points, band: float) -> SeriesVerdict:
    compared = compare_series(recorded, replayed, band)
    there = dict(replayed)
    shared = [(step, value, there[step]) for step, value in recorded if step in there]
    at = compared.first_difference
    return SeriesVerdict(
        name=name,
        points=compared.shared,
        largest=compared.largest or 0.0,
        first=None if at is None else (at.step, at.first, at.second),
        last=shared[-1] if shared else None,
    )


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far two replays of one run differ from each other.

    Attributes:
        replays: How many were made.
        largest: Greatest relative difference between them.
        faults: Series in which one of them has steps that the other has not.
    """

    replays: int
    largest: float
    faults: tuple[str, ...] = field(default=())

    def band(self, least: float) -> float:
        """Return the band that this justifies, never below ``least``; ``least`` where the replays
        have nothing in common.
        """
        if self.faults or not math.isfinite(self.largest):
            return least
        return max(least, MARGIN * self.largest)


def calibrate(
    one: Mapping[str, Points], other: Mapping[str, Points], stop: int | None = None
) -> Calibration:
    """Return how far two replays differ, in the series and steps that a verdict looks at."""
    found = judge(one, other, stop=stop, band=sys.float_info.max)
    faults = tuple(series.name for series in found.series if series.first is not None)
    return Calibration(2, found.largest, faults)
