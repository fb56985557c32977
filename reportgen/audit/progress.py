"""How far a run went: by its plan, by its steps. Pure."""

from __future__ import annotations

from itertools import pairwise
from statistics import median

from reportgen.audit.evidence import last_step
from reportgen.runs.view import RunView


def epochs_run(view: RunView) -> float:
    """Return how many of the planned epochs were run; 0 when no number is recorded."""
    planned = view.run.planned
    if planned is None or not planned.epochs:
        return 0.0
    if not planned.steps:
        return 0.0 if view.run.stopped_early or view.run.status != "finished" else planned.epochs
    return planned.epochs * min(1.0, (last_step(view) + 1) / planned.steps)


def median_gap(view: RunView) -> float:
    """Return the median distance of the steps of the densest series; 1 when there is none."""
    longest = max(view.series.values(), key=len, default=None)
    if longest is None or longest.distinct_steps < 2:
        return 1.0
    steps = longest.steps if longest.steps_rise else sorted(set(longest.steps))
    return median([right - left for left, right in pairwise(steps)])


def first_step(view: RunView) -> int:
    """Return the least step of any metric, 0 when there is none."""
    return min((min(one.steps) for one in view.series.values() if len(one)), default=0)


def examples_of(view: RunView, split: str) -> int | None:
    """Return how many examples a split has, by data.yaml; None when that does not say."""
    described = view.data.splits.get(split) if view.data else None
    count = described.get("count") if isinstance(described, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else None
