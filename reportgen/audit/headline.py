"""The metric that a run is judged by."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.audit.interface import AuditContext
from reportgen.errors import LimitError, UnreadableError
from reportgen.runs.goals import split_of
from reportgen.runs.view import RunView


def headline_metric(context: AuditContext) -> str | None:
    """Return the metric of the checkpoints, else of the search, else of the policy's goals, else
    the first of the validation split, else of the test split, else any; None without metrics.
    """
    view = context.run
    return next((name for name in _candidates(context) if name in view.series), None)


def is_test_metric(view: RunView, name: str) -> bool:
    """Tell whether a metric is of the test split: declared, or by its name whatever is declared."""
    return view.split(name) == "test" or split_of(name, {}) == "test"


def searched_metric(context: AuditContext) -> str | None:
    """Return the metric that the run's group was searched by, None when it was not."""
    try:
        return context.sweep.metric if context.sweep else None
    except (UnreadableError, LimitError):
        return None


def _candidates(context: AuditContext) -> Iterator[str]:
    view = context.run
    policy = view.run.checkpoints
    yield from (name for name in (policy and policy.best, searched_metric(context)) if name)
    yield from context.policy.goals
    if view.headline_metric:
        yield view.headline_metric
    for split in ("val", "test"):
        yield from (name for name in view.series if view.split(name) == split)
    yield from view.series
