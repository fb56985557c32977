"""Last and best of each series: what summary.yaml holds and what the auditor recomputes."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence

from reportgen.runs.goals import goal_of
from reportgen.runs.metric_log import MetricLog, Series
from reportgen.runs.numbers import to_stored
from reportgen.runs.schema import Goal, MetricDefinition, MetricSummary, Summary


def best_of(points: Sequence[tuple[int, float]], goal: Goal) -> tuple[int, float] | None:
    """Return ``(step, value)`` of the first best finite point, or None when there is none."""
    finite = [(step, value) for step, value in points if math.isfinite(value)]
    if not finite:
        return None
    return (min if goal == "minimize" else max)(finite, key=operator.itemgetter(1))


def summarise_series(series: Series, goal: Goal | None) -> MetricSummary:
    """Return the summary of one series; a metric without a goal has no best."""
    if series.finite and series.is_settled and not series.exact and len(series):
        return _summary_of_finite(series, goal)
    points = series.settled()
    if not points:
        return MetricSummary(count=0)
    last_step, last = points[-1]
    summary = MetricSummary(last=to_stored(last), last_step=last_step, count=len(points))
    best = best_of(points, goal) if goal else None
    if best is not None:
        summary.best_step, summary.best = best[0], to_stored(best[1])
    return summary


def _summary_of_finite(series: Series, goal: Goal | None) -> MetricSummary:
    """The same for a series whose values all count, at the speed of its columns."""
    steps, values = series.steps, series.values
    summary = MetricSummary(last=to_stored(values[-1]), last_step=steps[-1], count=len(series))
    if goal:
        best = min(values) if goal == "minimize" else max(values)
        summary.best_step, summary.best = steps[values.index(best)], to_stored(best)
    return summary


def summarise(log: MetricLog, definitions: Mapping[str, MetricDefinition]) -> Summary:
    """Return the summary of a metrics file."""
    return Summary(
        metrics={
            name: summarise_series(series, goal_of(name, definitions))
            for name, series in log.series.items()
        }
    )
