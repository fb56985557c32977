"""Is the course of each series in order, and is the size of the gradients on record?"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from reportgen.audit.evidence import counted, listed, metrics_place, number, shown, stated, step_of
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity, Where
from reportgen.audit.kinds import no_gradient_training
from reportgen.runs import layout
from reportgen.runs.goals import words_of
from reportgen.runs.metric_log import Series
from reportgen.runs.view import RunView

_PRESENT = ("metrics.series-present",)
_RESUME = "resume"


class SeriesStepsSane(Check):
    """Steps rise, none stands twice, none is missing; a resumed run says where it went on."""

    id = "metrics.series-steps-sane"
    severity = Severity.M
    title = "Steps are in order and without gaps"
    failure = "Steps are out of order or missing"
    why = "Steps that repeat, fall or jump come of two writers, of lost records, or of editing."
    fix = (
        "Log each metric once a step, and resume a run by the logger, which marks where it goes on"
    )
    command = "reportgen.start_run(resume=RUN)"
    requires = _PRESENT

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        marks = [event for event in view.metrics.events if event.kind == _RESUME]
        courses = [one for one in view.series.values() if len(one) > 1]
        if not courses:
            return self.not_applicable("no series has two points")
        if len(marks) >= max(1, view.run.attempt) and view.format == "standard":
            message = _counts(len(marks), view.run.attempt)
            where = [metrics_place(view), Where(file=layout.RUN, key="attempt")]
            return self.failed(message, inspected=len(courses), where=where)
        clock = context.policy.tolerances.clock_seconds
        disorder = [found for one in courses if (found := _disorder(one, clock))]
        if disorder:
            message = stated(text for _, text in disorder)
            where = [step_of(view, step) for step, _ in disorder[:3]]
            return self.failed(message, inspected=len(courses), where=where)
        return self._gaps(context, courses, [mark.step for mark in marks])

    def _gaps(
        self, context: AuditContext, courses: Sequence[Series], marks: Sequence[int | None]
    ) -> CheckResult:
        view = context.run
        factor = context.policy.tolerances.gap_factor
        explained: list[tuple[int, str]] = []
        bare: list[tuple[int, str]] = []
        known: dict[int, list[tuple[int, int]]] = {}
        for course in courses:
            # Metrics of the same records share their steps, and with them the gaps.
            shared = id(course.steps)
            if shared not in known:
                known[shared] = list(_wide_gaps(course, factor))
            for left, right in known[shared]:
                text = f"{course.name} has nothing from step {left:,} to {right:,}"
                marked = any(mark is not None and left < mark <= right for mark in marks)
                (explained if marked or view.run.dropped else bare).append((right, text))
        if bare:
            message = stated(text for _, text in bare)
            where = [step_of(view, step) for step, _ in bare[:3]]
            return self.failed(message, inspected=len(courses), where=where)
        if explained:
            lost = listed(f"{why} {count}" for why, count in view.run.dropped.items())
            reason = (
                f"records were lost: {lost}" if view.run.dropped else "the run was resumed there"
            )
            message = f"{stated(text for _, text in explained)}; {reason}"
            where = [step_of(view, step) for step, _ in explained[:3]]
            return self.partial(message, inspected=len(courses), where=where)
        if len(marks) < view.run.attempt - 1:
            message = f"{_counts(len(marks), view.run.attempt)}: some left no mark in the metrics"
            where = [metrics_place(view), Where(file=layout.RUN, key="attempt")]
            return self.partial(message, inspected=len(courses), where=where)
        message = f"{counted(len(courses), 'series', 'series')} in order"
        message += f", resumed {counted(len(marks), 'time')}" if marks else ""
        return self.passed(message, inspected=len(courses))


def _counts(marks: int, attempts: int) -> str:
    attempted = counted(attempts, "attempt")
    return f"{counted(marks, 'mark')} of a resumed run, run.yaml counts {attempted}"


def _disorder(series: Series, clock: float) -> tuple[int, str] | None:
    """Return the first step that does not follow the one before it in the same attempt."""
    if series.steps_rise and series.times_rise:
        return None
    rows = zip(series.steps, series.times, series.attempts, strict=True)
    for (before, earlier, attempt), (step, time, same) in pairwise(rows):
        if attempt != same:
            continue
        if step <= before:
            what = "twice" if step == before else f"after {before:,}"
            return step, f"{series.name} has step {step:,} {what}"
        if earlier - time > clock:
            back = number(earlier - time)
            return step, f"{series.name} goes back {back} s in time at step {step:,}"
    return None


def _wide_gaps(series: Series, factor: float) -> Iterator[tuple[int, int]]:
    """Yield the neighbouring steps that are further apart than ``factor`` times the median."""
    steps: Sequence[int] = series.steps  # of one attempt in order, they are settled as they are
    if not series.is_settled:
        steps = sorted({step for step, _ in series.settled()})
    gaps = list(map(operator.sub, steps[1:], steps))
    if len(gaps) < 2 or max(gaps) <= factor * min(gaps):
        return
    limit = factor * median(gaps)
    yield from ((left, right) for left, right in pairwise(steps) if right - left > limit)


class GradientNorms(Check):
    """The norm of the gradients is logged."""

    id = "metrics.gradient-norms"
    severity = Severity.L
    title = "The norm of the gradients is recorded"
    failure = "The norm of the gradients is not recorded"
    why = "It rises before a loss diverges and vanishes before one stalls; nothing else shows why."
    fix = "Let the logger watch the model; it costs one pass over the gradients now and then"
    command = "run.watch(model, optimizer, every=100)"
    requires = _PRESENT

    def inapplicable(self, context: AuditContext) -> str | None:
        return no_gradient_training(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        norms = [one for one in view.series.values() if is_gradient_norm(one.name)]
        where = [metrics_place(view)]
        if not norms:
            return self.failed("no series of a gradient norm", inspected=0, where=where)
        faults = {one.name: _fault(one, view) for one in norms}
        good = [name for name, fault in faults.items() if fault is None]
        if good:
            best = view.series[good[0]]
            message = f"{best.name} has {counted(len(best), 'point')}"
            return self.passed(message, inspected=len(norms))
        message = listed(f"{name} {fault}" for name, fault in faults.items())
        return self.failed(message, inspected=len(norms), where=where)


def is_gradient_norm(name: str) -> bool:
    """Tell whether a metric is the norm of gradients, by its name."""
    words = set(words_of(name))
    of_gradients = words & {"grad", "grads", "gradient", "gradients"}
    return bool(of_gradients and words & {"norm", "norms"}) or bool(words & {"gnorm", "gradnorm"})


def _fault(series: Series, view: RunView) -> str | None:
    finite = [value for value in series.values if math.isfinite(value)]
    if len(finite) < 2:
        return f"has {counted(len(finite), 'finite value')}"
    if len(set(finite)) == 1:
        return f"is {number(finite[0])} at each of {counted(len(finite), 'point')}"
    if min(finite) < 0:
        return f"is {shown(number(min(finite)))} once, and a norm is not negative"
    same = [
        one.name
        for one in view.series.values()
        if one is not series and len(one) > 2 and one.values == series.values
    ]
    return f"repeats {same[0]} value by value" if same and not is_gradient_norm(same[0]) else None


CHECKS: tuple[Check, ...] = (SeriesStepsSane(), GradientNorms())
