"""Which checkpoint of a run is its model: the best by the metric it was kept for, else the last."""

from __future__ import annotations

from collections.abc import Mapping

from reportgen.runs.numbers import from_stored
from reportgen.runs.schema import Checkpoint, Goal
from reportgen.runs.view import RunView


def best_checkpoint(view: RunView, goals: Mapping[str, Goal] | None = None) -> str | None:
    """Return the path of a run's best checkpoint, or None when it has none.

    Without a metric of known direction it is the file of the tracker layout that is called best,
    else the last by epoch and step.

    Args:
        view: The run.
        goals: Directions of metrics from the settings.
    """
    metric = _metric(view)
    goal = view.goal(metric, goals) if metric else None
    if metric and goal:
        rated = {path: _value(described, metric) for path, described in view.checkpoints.items()}
        known = {path: value for path, value in rated.items() if value is not None}
        if known:
            sign = 1 if goal == "maximize" else -1
            return max(known, key=lambda path: (sign * known[path], path))
    named = [path for path in view.checkpoints if path.rsplit("/", 1)[-1].startswith("best")]
    if len(named) == 1:
        return named[0]
    return max(view.checkpoints, key=lambda path: _order(view, path), default=None)


def _metric(view: RunView) -> str | None:
    """The metric of the policy, else the one that every rated checkpoint names."""
    if view.run.checkpoints is not None and view.run.checkpoints.best:
        return view.run.checkpoints.best
    names = {one.metric.name for one in view.checkpoints.values() if one.metric is not None}
    return names.pop() if len(names) == 1 else None


def _value(described: Checkpoint, metric: str) -> float | None:
    if described.metric is None or described.metric.name != metric:
        return None
    value = from_stored(described.metric.value)
    return None if value is None or value != value else value


def _order(view: RunView, path: str) -> tuple[float, float, str]:
    described = view.checkpoints[path]
    epoch = -1.0 if described.epoch is None else float(described.epoch)
    return (epoch, -1.0 if described.step is None else float(described.step), path)
