"""Series of several runs point by point, within a tolerance. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from reportgen.runs.schema import Goal
from reportgen.runs.summary import best_of

Points = Sequence[tuple[int, float]]
"""``(step, value)`` in the order that counts, as ``Series.settled`` returns it."""


class MetricValue(Struct, frozen=True, kw_only=True):
    """One series of one run; ``best`` is by the metric's goal, None without one."""

    last: float
    last_step: int
    best: float | None
    best_step: int | None
    count: int


class StepDifference(Struct, frozen=True, kw_only=True):
    """The first step at which two series are further apart than the tolerance.

    Attributes:
        step: The step.
        first, second: The values there; None where the run logged none.
    """

    step: int
    first: float | None
    second: float | None


class SeriesComparison(Struct, frozen=True, kw_only=True):
    """Two series.

    Attributes:
        state: ``same`` in every digit, ``within`` the tolerance, or ``differs``.
        shared: Steps that both have.
        largest: Greatest relative difference at a shared step; None when there is none.
        first_difference: Where they first differ by more than the tolerance.
    """

    state: Literal["same", "within", "differs"]
    shared: int
    largest: float | None
    first_difference: StepDifference | None


class MetricComparison(Struct, frozen=True, kw_only=True):
    """One metric of several runs.

    Attributes:
        name: The metric.
        goal: Its direction; None when it is unknown or the runs do not agree on it.
        values: One a run; None where it was not logged.
        state: ``same``, ``within``, ``differs``, or ``partial``: not every run has it.
        changes: Value less that of the first run, one a run: best values where there is a goal,
            else last ones; None where one of the two is missing.
        best: Position of the run with the best value; None without a goal, or when runs tie.
        series: Each further run against the first, point by point; None where one is missing.
    """

    name: str
    goal: Goal | None
    values: tuple[MetricValue | None, ...]
    state: Literal["same", "within", "differs", "partial"]
    changes: tuple[float | None, ...]
    best: int | None
    series: tuple[SeriesComparison | None, ...]


def relative_difference(left: float, right: float) -> float:
    """Return ``|left - right| / max(|left|, |right|)``: 0 for equal values, NaN equals itself,
    infinity where only one of them is finite.
    """
    if left == right or (math.isnan(left) and math.isnan(right)):
        return 0.0
    if not (math.isfinite(left) and math.isfinite(right)):
        return math.inf
    # Halves, since the difference of two large numbers of unlike sign may be no finite number.
    return 2 * (abs(left / 2 - right / 2) / max(abs(left), abs(right)))


def compare_series(first: Points, second: Points, tolerance: float = 0.0) -> SeriesComparison:
    """Return where two series differ; a step logged twice counts by its last value.

    Args:
        first, second: Points of the two runs.
        tolerance: Relative difference up to which two values are alike, as
            :func:`relative_difference` has it.
    """
    left, right = dict(first), dict(second)
    largest: float | None = None
    earliest: int | None = None
    for step in sorted(left.keys() | right.keys()):
        apart = math.inf
        if step in left and step in right:
            apart = relative_difference(left[step], right[step])
            largest = apart if largest is None else max(largest, apart)
        if apart > tolerance and earliest is None:
            earliest = step
    found = None
    if earliest is not None:
        found = StepDifference(step=earliest, first=left.get(earliest), second=right.get(earliest))
    state: Literal["same", "within", "differs"] = (
        "differs" if found else "within" if largest else "same"
    )
    return SeriesComparison(
        state=state,
        shared=len(left.keys() & right.keys()),
        largest=largest,
        first_difference=found,
    )


def compare_metrics(
    runs: Sequence[Mapping[str, Points]],
    goals: Mapping[str, Goal | None],
    tolerance: float = 0.0,
) -> list[MetricComparison]:
    """Return every metric that any run logged, in order of first appearance.

    Args:
        runs: The series of each run by metric.
        goals: Direction of each metric.
        tolerance: As :func:`compare_series` takes it.
    """
    names = dict.fromkeys(name for run in runs for name, points in run.items() if points)
    return [
        _compared(name, [run.get(name) or () for run in runs], goals.get(name), tolerance)
        for name in names
    ]


def _compared(
    name: str, runs: Sequence[Points], goal: Goal | None, tolerance: float
) -> MetricComparison:
    values = tuple(_value(points, goal) for points in runs)
    series = tuple(
        compare_series(runs[0], points, tolerance) if runs[0] and points else None
        for points in runs[1:]
    )
    telling = [None if value is None else _telling(value) for value in values]
    return MetricComparison(
        name=name,
        goal=goal,
        values=values,
        state=_state(values, series),
        changes=tuple(_change(telling[0], one) for one in telling),
        best=_best(telling, goal),
        series=series,
    )


def _value(points: Points, goal: Goal | None) -> MetricValue | None:
    if not points:
        return None
    last_step, last = points[-1]
    best = best_of(points, goal) if goal else None
    return MetricValue(
        last=last,
        last_step=last_step,
        best=best[1] if best else None,
        best_step=best[0] if best else None,
        count=len(points),
    )


def _telling(value: MetricValue) -> float:
    return value.last if value.best is None else value.best


def _change(base: float | None, value: float | None) -> float | None:
    return None if base is None or value is None else value - base


def _state(
    values: Iterable[MetricValue | None], series: Sequence[SeriesComparison | None]
) -> Literal["same", "within", "differs", "partial"]:
    if any(value is None for value in values):
        return "partial"
    states = {one.state for one in series if one is not None}
    return "differs" if "differs" in states else "within" if "within" in states else "same"


def _best(values: Sequence[float | None], goal: Goal | None) -> int | None:
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if goal is None or len(finite) < 2:
        return None
    best = min(finite) if goal == "minimize" else max(finite)
    return values.index(best) if finite.count(best) == 1 else None
