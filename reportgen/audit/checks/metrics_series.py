"""Is the course of the training recorded: enough points, finite, to the planned end?"""

from __future__ import annotations

import math

from reportgen.audit.evidence import at, counted, last_step, listed, metrics_place, number, step_of
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity
from reportgen.audit.kinds import is_unended
from reportgen.audit.plan import steps_made
from reportgen.audit.progress import median_gap
from reportgen.runs import layout
from reportgen.runs.goals import words_of
from reportgen.runs.view import RunView

_END = "metrics.run-completed"
_PRESENT = ("metrics.series-present",)


class SeriesPresent(Check):
    """At least one metric has a course over steps."""

    id = "metrics.series-present"
    severity = Severity.B
    title = "Metrics are recorded over steps"
    failure = "No metric has a course"
    why = "A single number says nothing of how it was reached, and nothing can be recomputed."
    fix = "Log metrics with their step while the training runs; it costs a line in the loop"
    command = 'run.log({"train/loss": loss}, step=step)'

    def inapplicable(self, context: AuditContext) -> str | None:
        kind = context.run.run.kind
        return "a run of kind evaluation has no course" if kind == "evaluation" else None

    def judge(self, context: AuditContext) -> CheckResult:
        series = context.run.series
        points = sum(map(len, series.values()))
        where = [metrics_place(context.run)]
        if not points:
            return self.failed("no metric record", inspected=0, where=where)
        longest = max(series.values(), key=lambda one: one.distinct_steps)
        steps = longest.distinct_steps
        if steps < 2:
            return self.partial(
                f"{counted(len(series), 'metric')}, none at more than one step",
                inspected=len(series),
                where=where,
            )
        message = (
            f"{counted(len(series), 'series', 'series')}, {counted(points, 'point')}, "
            f"{longest.name} at {counted(steps, 'step')}"
        )
        return self.passed(message, inspected=len(series), where=where)


class SeriesFinite(Check):
    """No NaN and no infinity; what recovered is worth half."""

    id = "metrics.series-finite"
    severity = Severity.H
    title = "Every metric is finite"
    failure = "A metric is NaN or infinite"
    why = "A NaN that stays means that the model of the end was not trained any more."
    fix = "Lower the learning rate or clip gradients, and log the gradient norm to see it coming"
    requires = _PRESENT

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        if all(one.finite for one in view.series.values()):
            points_read = sum(map(len, view.series.values()))
            message = f"{counted(points_read, 'point')}, no NaN, no infinity"
            return self.passed(message, inspected=points_read)
        settled = {name: one.settled() for name, one in view.series.items()}
        broken = {}
        for name, points in settled.items():
            bad = [(step, value) for step, value in points if not math.isfinite(value)]
            if bad:
                broken[name] = bad
        if not broken:
            points_read = sum(map(len, settled.values()))
            message = f"{counted(points_read, 'point')}, no NaN, no infinity"
            return self.passed(message, inspected=points_read)
        lasting = [name for name in broken if _stays_broken(view, name, settled[name])]
        named = [_fault(name, broken[name], settled[name]) for name in lasting or broken]
        where = [step_of(view, broken[name][0][0]) for name in (lasting or list(broken))[:3]]
        verdict = self.failed if lasting else self.partial
        return verdict(listed(named), inspected=len(settled), where=where)


def _stays_broken(view: RunView, name: str, points: list[tuple[int, float]]) -> bool:
    """Tell whether the last or the best value of a series is no finite number."""
    recorded = view.recorded_summary.metrics.get(name) if view.recorded_summary else None
    best = recorded.best if recorded else None
    return not math.isfinite(points[-1][1]) or isinstance(best, str)


def _fault(name: str, bad: list[tuple[int, float]], points: list[tuple[int, float]]) -> str:
    step, value = bad[0]
    rest = "to the end" if not math.isfinite(points[-1][1]) else "recovered"
    return f"{name} is {number(value)} at step {step} ({len(bad)} of {len(points)} points, {rest})"


class SeriesComplete(Check):
    """The run went as far as it was planned to, or says why it stopped."""

    id = "metrics.series-complete"
    severity = Severity.H
    title = "The run went as far as planned"
    failure = "The run stopped before its planned end"
    why = "A run cut short is not the run that its configuration describes."
    fix = "Say why it stopped, or run it to its end"
    command = 'run.finish(stopped_early="no progress for 10 epochs")'
    requires = _PRESENT

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        planned = view.run.planned
        steps = planned.steps if planned and planned.steps and planned.steps > 0 else None
        epochs = planned.epochs if planned and planned.epochs and planned.epochs > 0 else None
        if steps is None and epochs is None:
            return self.inconclusive(
                "how long the run was planned to be is not recorded",
                remedy='Name it: `start_run(planned={"steps": 1200})`, or a config key such as '
                "max_steps or epochs",
            )
        share, message = _progress(view, steps, epochs)
        place = at(view, layout.RUN, "planned")
        if share is not None and share >= 1:
            return self.passed(message, where=[place])
        if (view.run.stopped_early or "").strip():
            return self.passed(f"{message}; stopped early: {view.run.stopped_early}", where=[place])
        if is_unended(view) or view.run.status == "failed":
            return self.inconclusive(message, blocked_by=_END)
        if share is None:
            return self.inconclusive(
                message,
                remedy="Log a counter of epochs, or plan in steps",
                command='run.log({"epoch": epoch}, step=step)',
            )
        where = [place, step_of(view, last_step(view))]
        short = share >= context.policy.tolerances.short_fraction
        verdict = self.partial if short else self.failed
        return verdict(f"{message}, and no reason is recorded", where=where)


def _progress(view: RunView, steps: int | None, epochs: float | None) -> tuple[float | None, str]:
    """Return how much of the plan was run (at least 1 when all of it) and that in words."""
    last = last_step(view)
    if steps is not None:
        gap = max(1.0, median_gap(view))
        done = 1.0 if last >= steps - gap else last / steps
        return done, f"last step {last:,} of {steps:,} planned"
    assert epochs is not None  # noqa: S101 - one of the two is planned
    counters = [one for one in view.series.values() if words_of(one.name)[-1:] == ["epoch"]]
    for counter in counters:
        finite = [value for value in counter.values if math.isfinite(value)]
        if finite:
            top = max(finite)
            message = f"{counter.name} reaches {number(top)} of {number(epochs)} planned epochs"
            return (1.0 if top >= epochs - 1 else top / epochs), message
    validated = max(
        (one.distinct_steps for one in view.series.values() if view.split(one.name) == "val"),
        default=0,
    )
    if validated >= epochs:
        return 1.0, f"validated {counted(validated, 'time')} for {number(epochs)} planned epochs"
    if last <= epochs:
        done = 1.0 if last >= epochs - 1 else last / epochs
        return done, f"last step {last:,} of {number(epochs)} planned epochs"
    made = steps_made(view)
    if made and last <= max(made):
        due = min(made)
        gap = max(1.0, median_gap(view))
        message = f"last step {last:,} of the {due:,} that {number(epochs)} planned epochs make"
        return (1.0 if last >= due - gap else last / due), message
    return None, f"{number(epochs)} epochs were planned, and no series counts epochs"


CHECKS: tuple[Check, ...] = (SeriesPresent(), SeriesFinite(), SeriesComplete())
