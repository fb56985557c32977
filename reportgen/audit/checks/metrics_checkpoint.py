"""Is the model that stands for the run the one that validation chose?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median

from reportgen.audit.evidence import at, counted, number, stated
from reportgen.audit.headline import headline_metric, is_test_metric
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity, Where
from reportgen.audit.kinds import no_model
from reportgen.errors import LimitError, UnreadableError
from reportgen.runs import layout
from reportgen.runs.goals import goal_of
from reportgen.runs.numbers import from_stored
from reportgen.runs.schema import Checkpoint
from reportgen.runs.summary import best_of
from reportgen.runs.view import RunView

_ROUND = 1e-6  # a value may have been a 32-bit number in between
Points = Sequence[tuple[int, float]]


class CheckpointBestByValidation(Check):
    """The checkpoint that is used is that of the best step of the validation metric."""

    id = "metrics.checkpoint-best-by-validation"
    severity = Severity.H
    title = "The best checkpoint is the best by validation"
    failure = "The checkpoint that is used is not the best by validation"
    why = "A model of another step than the reported one has another metric than the reported one."
    fix = "Keep the checkpoint of the best validation metric, and rate each as it is saved"
    command = (
        'run.save_checkpoint(model, optimizer, epoch=epoch, metric=("val/accuracy", accuracy))'
    )
    requires = ("metrics.series-present", "artifacts.checkpoint-present")

    def inapplicable(self, context: AuditContext) -> str | None:
        policy = context.run.run.checkpoints
        if policy is not None and policy.keep_last == 1 and policy.best is None:
            return "the policy keeps the last checkpoint alone"
        return no_model(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        rated = {path: one for path, one in view.checkpoints.items() if one.step is not None}
        count = len(view.checkpoints)
        if not rated:
            message = f"none of {counted(count, 'checkpoint')} says at which step it was saved"
            return self.failed(message, inspected=count, where=[Where(file=layout.CHECKPOINTS)])
        metric = _metric_of(context, rated)
        place = at(view, layout.RUN, "checkpoints")
        if metric is None or not _is_of_validation(view, metric):
            named = (
                f"rated by {metric}, no metric of validation" if metric else "rated by no metric"
            )
            return self.failed(f"checkpoints are {named}", inspected=count, where=[place])
        series = view.series.get(metric)
        points = [one for one in series.settled() if math.isfinite(one[1])] if series else []
        goal = goal_of(metric, view.definitions, context.policy.goals)
        best = best_of(points, goal) if goal else None
        if goal is None or best is None:
            what = "has no finite value" if goal else "has no goal: is more better, or less?"
            return self.failed(f"{metric} {what}", inspected=count, where=[place])
        false = list(_false_ratings(rated, metric, points))
        if false:
            where = [Where(file=_beside(path)) for path, _ in false[:3]]
            return self.failed(stated(text for _, text in false), inspected=count, where=where)
        try:
            used = _used(context, rated)
        except LimitError as error:
            return self.inconclusive(f"{error.where}: {error.what}")
        if used is None:
            message = "the best model has the hash of no checkpoint that says its step"
            return self.failed(message, inspected=count, where=[Where(file=layout.CHECKPOINTS)])
        return self._compared(view, used, rated, metric, points, best)

    def _compared(
        self,
        view: RunView,
        used: str,
        rated: Mapping[str, Checkpoint],
        metric: str,
        points: Points,
        best: tuple[int, float],
    ) -> CheckResult:
        count, step = len(rated), rated[used].step or 0
        value = _value_at(points, step)
        told = f"{used} is of step {step:,}"
        if value is not None and math.isclose(value, best[1], rel_tol=_ROUND):
            message = f"{told}, the best of {metric}: {number(value)}"
            return self.passed(message, inspected=count)
        reached = "before the first value" if value is None else number(value)
        message = f"{told} ({reached}), {metric} is best at step {best[0]:,} ({number(best[1])})"
        last = step == max(one.step or 0 for one in rated.values())
        if last and value is not None and abs(value - best[1]) <= _noise(points):
            message += ", within the noise of its values"
            return self.partial(message, inspected=count, where=[Where(file=_beside(used))])
        return self.failed(message, inspected=count, where=[Where(file=_beside(used))])


def _metric_of(context: AuditContext, rated: Mapping[str, Checkpoint]) -> str | None:
    policy = context.run.run.checkpoints
    if policy is not None and policy.best:
        return policy.best
    names = [one.metric.name for one in rated.values() if one.metric]
    return max(names, key=names.count) if names else headline_metric(context)


def _is_of_validation(view: RunView, metric: str) -> bool:
    """Tell whether a metric may choose a model; a run without labels has that of its training."""
    if is_test_metric(view, metric):
        return False
    return view.split(metric) == "val" or view.run.kind == "unsupervised"


def _false_ratings(
    rated: Mapping[str, Checkpoint], metric: str, points: Points
) -> Iterator[tuple[str, str]]:
    """Yield the checkpoints that say another value than was logged up to their step."""
    for path, one in rated.items():
        if one.metric is None or one.metric.name != metric:
            continue
        said = from_stored(one.metric.value)
        logged = _value_at(points, one.step or 0)
        if said is None or not math.isfinite(said):
            continue
        if logged is None or not math.isclose(said, logged, rel_tol=_ROUND, abs_tol=1e-12):
            then = "nothing was logged" if logged is None else f"{number(logged)} was logged"
            text = f"{path} says {metric} {number(said)} at step {one.step:,}, where {then}"
            yield path, text


def _value_at(points: Points, step: int) -> float | None:
    """Return the last value up to a step: a model is rated, logged and saved in any order."""
    before = [value for at_step, value in points if at_step <= step]
    return before[-1] if before else None


def _used(context: AuditContext, rated: Mapping[str, Checkpoint]) -> str | None:
    """Return the checkpoint that stands for the run; None when it is none of those described.

    That is the one promoted, else the one called best, else the best by the ratings, else the
    last.

    Raises:
        LimitError: A file is too large to be hashed.
    """
    view = context.run
    by_hash = {(one.sha256 or "").lower(): path for path, one in rated.items() if one.sha256}
    try:
        promoted = [one for one in context.promotions if one.run in (view.id, view.name)]
    except UnreadableError:
        promoted = []
    if promoted:
        return by_hash.get(promoted[-1].sha256)
    called = [path for path in view.file_sizes if _is_called_best(path)]
    described = [path for path in called if path in rated]
    if described:
        return max(described, key=lambda path: rated[path].step or 0)
    if called:
        return by_hash.get(context.digest(called[0]))
    metric = _metric_of(context, rated)
    goal = goal_of(metric, view.definitions, context.policy.goals) if metric else None
    values = {
        path: value
        for path, one in rated.items()
        if one.metric and one.metric.name == metric
        if (value := from_stored(one.metric.value)) is not None and math.isfinite(value)
    }
    policy = view.run.checkpoints
    if values and goal and (policy is None or policy.best):
        return (min if goal == "minimize" else max)(values, key=values.__getitem__)
    return max(rated, key=lambda path: rated[path].step or 0)


def _is_called_best(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return folder in ("", layout.CHECKPOINTS) and name.startswith("best") and ".json" not in name


def _beside(path: str) -> str:
    return f"{path.rsplit('.', 1)[0]}.json"


def _noise(points: Points) -> float:
    """Return the median change from value to value in the second half of a series."""
    late = [value for _, value in points[len(points) // 2 :]]
    changes = [abs(right - left) for left, right in pairwise(late)]
    return median(changes) if len(changes) > 1 else 0.0


CHECKS: tuple[Check, ...] = (CheckpointBestByValidation(),)
