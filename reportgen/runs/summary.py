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
    points = series.settled()
    if not points:
        return MetricSummary(count=0)
    last_step, last = points[-1]
    summary = MetricSummary(last=to_stored(last), last_step=last_step, count=len(points))
    best = best_of(points, goal) if goal else None
    if best is not None:
        summary.best_step, summary.best = best[0], to_stored(best[1])
    return summary


def summarise(log: MetricLog, definitions: Mapping[str, MetricDefinition]) -> Summary:
    """Return the summary of a metrics file."""
    return Summary(
        metrics={
            name: summarise_series(series, goal_of(name, definitions))
            for name, series in log.series.items()
        }
    )
