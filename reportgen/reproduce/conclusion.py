"""Is it the same conclusion? The final metric of a replay beside what seeds alone vary it by.

With n recorded runs of one experiment that differ in their seeds, a further run of it lies, with
the confidence named, in the prediction interval m ± t·s·sqrt(1 + 1/n), where m and s are mean and
standard deviation of the n and t the quantile of Student's t with n - 1 degrees of freedom
(for example Hahn and Meeker, Statistical Intervals, 1991, section 4.2).
"""

from __future__ import annotations

import importlib
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reportgen.errors import ReportgenError
from reportgen.runs.discovery import find_runs
from reportgen.runs.numbers import to_stored
from reportgen.runs.schema import Goal
from reportgen.runs.view import RunView

CONFIDENCE = 0.95
LEAST = 3
"""Fewer seeds give an interval that holds nearly anything."""
METHOD = "prediction interval by Student's t"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What the final metric says.

    Attributes:
        same: Whether it lies within the interval; None when that cannot be told.
        reason: Why not; else None.
        metric: Which one.
        replayed: Its best value by its goal, else its last, of the replay.
        recorded: The same of the recorded run.
        n: How many recorded runs with distinct seeds the interval is from.
        low, high: The interval.
        method: Its name.
        confidence: Of it.
    """

    same: bool | None
    reason: str | None = None
    metric: str | None = None
    replayed: float | None = None
    recorded: float | None = None
    n: int = 0
    low: float | None = None
    high: float | None = None
    method: str = METHOD
    confidence: float = CONFIDENCE

    def record(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            key: to_stored(value) if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }

    @property
    def line(self) -> str:
        """One line for people."""
        if self.same is None or self.low is None or self.high is None:
            return f"cannot be told: {self.reason}"
        word = "same" if self.same else "another"
        place = "within" if self.same else "outside"
        interval = f"[{self.low:.5g}, {self.high:.5g}]"
        how = f"{self.confidence:.0%} {self.method}, n = {self.n}"
        return f"{word}: {self.metric} {self.replayed:.5g} is {place} {interval} ({how})"


def conclude(recorded: RunView, replayed: RunView) -> Conclusion:
    """Return whether the final metric of a replay is one that the recorded seeds lead to expect.

    Args:
        recorded: The run, among the others of its group.
        replayed: A replay to its end.
    """
    metric = recorded.headline_metric
    if metric is None:
        return Conclusion(None, "no metric on validation data has a goal")
    goal = recorded.goal(metric)
    value = final_value(replayed, metric, goal)
    own = final_value(recorded, metric, goal)
    if value is None or own is None:
        return Conclusion(None, f"{metric} has no finite value", metric)
    values = [
        other
        for view in replicates_of(recorded)
        if (other := final_value(view, metric, goal)) is not None
    ]
    return judge_value(metric, own, value, values)


def judge_value(
    metric: str, recorded: float, replayed: float, values: Sequence[float]
) -> Conclusion:
    """Return where a replayed value lies among recorded ones.

    Args:
        metric: Its name.
        recorded, replayed: Values of the run and of its replay.
        values: Of every recorded run of the experiment, the run itself among them.
    """
    n = len(values)
    if n < LEAST:
        seeds = "1 recorded seed" if n == 1 else f"{n} recorded seeds"
        reason = f"{seeds} of this experiment, {LEAST} are needed"
        return Conclusion(None, reason, metric, replayed, recorded, n)
    try:
        stats = importlib.import_module("scipy.stats")
    except ImportError:
        reason = "scipy is not installed; pip install 'reportgen-runs[stats]'"
        return Conclusion(None, reason, metric, replayed, recorded, n)
    scale = statistics.stdev(values) * math.sqrt(1 + 1 / n)
    mean = statistics.fmean(values)
    low = high = mean
    if scale > 0:
        low, high = map(float, stats.t.interval(CONFIDENCE, n - 1, loc=mean, scale=scale))
    same = low <= replayed <= high
    return Conclusion(same, None, metric, replayed, recorded, n, low, high)


def final_value(view: RunView, metric: str, goal: Goal | None) -> float | None:
    """Return the best value of a metric by its goal, its last without one; None if not finite."""
    series = view.series.get(metric)
    values = [value for _, value in series.settled()] if series is not None else []
    if goal is None:
        values = values[-1:]
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return None
    return min(finite) if goal == "minimize" else max(finite)


def replicates_of(view: RunView) -> list[RunView]:
    """Return the finished runs beside a run that share setting, code and data, one a seed.

    The run itself is the first.
    """
    found = {_seeds_of(view): view} if view.run.status == "finished" else {}
    for ref in find_runs([view.absolute_folder.parent]).runs:
        if ref.path.absolute() == view.absolute_folder:
            continue
        try:
            other = RunView(ref.path)
            alike = other.experiment == view.experiment and other.group == view.group
        except ReportgenError:
            continue
        if alike and other.run.status == "finished" and other.id != view.id:
            found.setdefault(_seeds_of(other), other)
    return list(found.values())


def _seeds_of(view: RunView) -> str:
    seeds = (view.environment.seeds if view.environment else None) or {}
    return repr(sorted((key, repr(value)) for key, value in seeds.items()))
