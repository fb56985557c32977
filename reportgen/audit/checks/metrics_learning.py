"""Did the model learn: measured on held-out data, with a loss that went down and stayed there?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from reportgen.audit.evidence import counted, listed, metrics_place, number, step_of
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity
from reportgen.audit.kinds import no_gradient_training
from reportgen.audit.progress import epochs_run
from reportgen.runs.goals import words_of
from reportgen.runs.metric_log import Series

_PRESENT = ("metrics.series-present",)


class SplitValidationPresent(Check):
    """Something was measured on data that the model did not train on."""

    id = "metrics.split-validation-present"
    severity = Severity.H
    title = "A validation metric is recorded"
    failure = "Nothing is measured on validation data"
    why = "A training metric alone cannot tell learning from memorising."
    fix = "Evaluate on held-out data and log it; it costs one pass over that data each time"
    command = 'run.log({"val/accuracy": accuracy}, step=step)'
    requires = _PRESENT

    def inapplicable(self, context: AuditContext) -> str | None:
        if context.run.run.kind == "unsupervised":
            return "a run of kind unsupervised trains without labels"
        return None

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        by_split: dict[str | None, list[Series]] = {}
        for series in view.series.values():
            by_split.setdefault(view.split(series.name), []).append(series)
        needed = 1 if view.run.kind == "evaluation" else 2
        validation = by_split.get("val", [])
        copied = [one for one in validation if _copied_from(one, by_split.get("train", []))]
        honest = [one for one in validation if one not in copied]
        enough = [one for one in honest if _finite_steps(one) >= needed]
        names = listed(sorted(view.series))
        where = [metrics_place(view)]
        if enough:
            longest = max(enough, key=_finite_steps)
            points = counted(_finite_steps(longest), "point")
            return self.passed(f"{longest.name} has {points}", inspected=len(validation))
        if copied:
            message = f"{copied[0].name} repeats the training series value by value"
            return self.failed(message, inspected=len(validation), where=where)
        if any(map(_finite_steps, honest)):
            message = f"{honest[0].name} has a single point"
            return self.partial(message, inspected=len(validation), where=where)
        if validation:
            message = f"{listed(one.name for one in validation)}: no finite value"
            return self.failed(message, inspected=len(validation), where=where)
        if any(map(_finite_steps, by_split.get("test", []))):
            return self.partial(f"only test metrics: {names}", where=where)
        return self.failed(f"no validation metric among {names}", where=where)


def _finite_steps(series: Series) -> int:
    if series.finite:
        return series.distinct_steps
    return len(
        {
            step
            for step, value in zip(series.steps, series.values, strict=True)
            if math.isfinite(value)
        }
    )


def _copied_from(series: Series, others: list[Series]) -> bool:
    """Tell whether a series holds, at three steps or more, exactly the values of another."""
    alike = [one for one in others if _may_repeat(one, series)]
    if not alike or series.distinct_steps < 3:
        return False
    own = dict(zip(series.steps, series.values, strict=True))
    if len(set(own.values())) < 2:
        return False
    by_step = (dict(zip(one.steps, one.values, strict=True)) for one in alike)
    return any(all(other.get(step) == value for step, value in own.items()) for other in by_step)


def _may_repeat(other: Series, series: Series) -> bool:
    """Tell whether a series may hold all values of another: cheap, and false for nearly all."""
    if other.steps is series.steps and series.steps_rise:
        return other.values == series.values
    return bool(len(series)) and series.values[-1] in other.values


class TrainingLoss(Check):
    """The training loss is logged at least once an epoch."""

    id = "metrics.training-loss"
    severity = Severity.H
    title = "The training loss has a course"
    failure = "The training loss has no course"
    why = "Divergence, leaks and learning-rate faults show in the training loss first."
    fix = "Log the training loss each step or epoch"
    command = 'run.log({"train/loss": loss}, step=step)'
    requires = _PRESENT

    def inapplicable(self, context: AuditContext) -> str | None:
        return no_gradient_training(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        where = [metrics_place(view)]
        losses = view.training_losses
        if not losses:
            names = listed(sorted(view.series))
            return self.failed(f"no training loss among {names}", where=where)
        longest = max(losses, key=lambda one: one.distinct_steps)
        points = longest.distinct_steps
        values = set(longest.values)
        if not any(map(math.isfinite, values)):
            message = f"{longest.name} has no finite value"
            return self.failed(message, inspected=len(losses), where=where)
        if points >= 3 and len(values) == 1:
            message = f"{longest.name} is {number(values.pop())} at each of {points} points"
            return self.failed(message, inspected=len(losses), where=where)
        epochs = epochs_run(view)
        message = f"{longest.name} has {counted(points, 'point')}"
        if epochs:
            message += f" for {number(epochs)} epochs"
        if points >= max(2, math.floor(epochs)):
            return self.passed(message, inspected=len(losses), where=where)
        return self.partial(message, inspected=len(losses), where=where)


class NotDiverged(Check):
    """The training loss ended at or below where it began.

    The series is cut into ten parts in order, each stood for by its median, so that one outlier
    decides nothing.
    """

    id = "metrics.not-diverged"
    severity = Severity.M
    title = "The training loss did not diverge"
    failure = "The training loss diverged"
    why = "What comes out of a diverged training is noise, whatever its metrics say."
    fix = "Stop on divergence, lower the learning rate, and look at the alerts of the run"
    command = 'reportgen.start_run(alerts=[reportgen.alert_when("train/loss", above=10)])'
    requires = _PRESENT

    def inapplicable(self, context: AuditContext) -> str | None:
        return None if context.run.training_losses else "there is no training loss"

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        loss = _main_loss(view.training_losses)
        points = loss.settled()
        if len(points) < 2:
            return self.inconclusive(f"{loss.name} has a single point")
        values = [value for _, value in points]
        broken = next((step for step, value in points if not math.isfinite(value)), None)
        medians = _tenths(values)
        last = medians[-1]
        count = len(points)
        if not (math.isfinite(values[-1]) and math.isfinite(last)):
            message = f"{loss.name} is not finite from step {broken} to the end"
            return self.failed(
                message,
                inspected=count,
                where=[step_of(view, broken or 0)],
                cause="metrics.series-finite",
            )
        finite = [value for value in medians if math.isfinite(value)]
        first, lowest = finite[0], min(finite)
        course = f"{loss.name}: first tenth {number(first)}, last {number(last)}"
        where = [step_of(view, points[-max(1, count // 10)][0])]
        if last > first:
            return self.failed(course, inspected=count, where=where)
        if broken is not None:
            return self.partial(
                f"{loss.name} was not finite at step {broken} and recovered",
                inspected=count,
                where=[step_of(view, broken)],
                cause="metrics.series-finite",
            )
        factor = context.policy.tolerances.divergence_factor
        if min(values) > 0 and last > factor * lowest:
            message = f"{course}, over {number(factor)} times the lowest, {number(lowest)}"
            return self.partial(message, inspected=count, where=where)
        if min(values) > 0 and max(finite) > factor * first:
            message = f"{course}, with {number(max(finite))} in between"
            return self.partial(message, inspected=count, where=where)
        return self.passed(course, inspected=count)


def _main_loss(losses: Sequence[Series]) -> Series:
    """Return the loss as a whole before its parts: ``train/loss`` before ``train/loss_box``."""
    words = {"train", "training", "loss", "batch", "epoch", "step", "total"}
    whole = [series for series in losses if words.issuperset(words_of(series.name))]
    return max(whole or losses, key=len)


def _tenths(values: Sequence[float]) -> list[float]:
    """Return the medians of the finite values of ten parts; NaN for a part without any."""
    parts = min(10, len(values))
    bounds = [index * len(values) // parts for index in range(parts + 1)]
    medians = []
    for start, end in pairwise(bounds):
        finite = [value for value in values[start:end] if math.isfinite(value)]
        medians.append(median(finite) if finite else math.nan)
    return medians


CHECKS: tuple[Check, ...] = (SplitValidationPresent(), TrainingLoss(), NotDiverged())
