"""Is the optimizer that ran the one that the configuration names, and its rate on record?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from reportgen.audit.evidence import (
    at,
    counted,
    listed,
    metrics_place,
    number,
    shown,
    stated,
    step_of,
)
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.audit.kinds import no_gradient_training
from reportgen.audit.plan import Plan, plan_of
from reportgen.audit.progress import epochs_run, first_step
from reportgen.audit.settings import (
    LEARNING_RATE,
    OPTIMIZER,
    SCHEDULER,
    Setting,
    named_class,
    number_in,
    numbers,
    plain,
)
from reportgen.runs import layout
from reportgen.runs.goals import words_of
from reportgen.runs.metric_log import Series
from reportgen.runs.schema import OptimizerState
from reportgen.runs.view import RunView

_RATES = ("lr", "initial_lr", "max_lr")
_ROUND = 1e-6  # a learning rate may have been a 32-bit number in between
_WORDS_OF_BUILDS = re.compile(
    "torch|fused|foreach|capturable|paged|8bit|32bit|bnb|apex|deepspeed|optimi[sz]er|optim|hf"
)
_WRAPPERS = frozenset(
    {"", "accelerated", "lightning", "zeroredundancy", "distributed", "mixedprecision", "chained"}
    | {"lookahead", "sam", "fp16", "bf16", "float16", "fullysharded"}
)
_NO_SCHEDULE = frozenset({"none", "null", "constant", "off", "false", "no", "fixed", "const", ""})
_OF_SCHEDULES = (
    *("warmup_steps", "warmup_ratio", "warmup_epochs", "num_warmup_steps", "lr_decay"),
    *("lr_gamma", "lr_step_size", "lr_decay_steps", "lr_milestones", "lr_decay_iters"),
)


class OptimizerCoreLogged(Check):
    """Optimizer, learning rate, batch size and steps are configured, and are those that ran."""

    id = "hyperparameters.optimizer-core-logged"
    severity = Severity.H
    title = "Optimizer, learning rate, batch size and steps are those that ran"
    failure = "Optimizer, learning rate, batch size and steps are not known as they ran"
    why = "These four decide a training, and a configuration can say another than the one built."
    fix = "Log all four, and let the logger see the optimizer"
    command = "run.watch_optimizer(optimizer)"
    requires = ("hyperparameters.config-parses",)

    def inapplicable(self, context: AuditContext) -> str | None:
        return no_gradient_training(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        config = view.flat_config
        ran = _state_of(view)
        name, rates, plan = (
            named_class(config, OPTIMIZER),
            numbers(config, LEARNING_RATE),
            plan_of(view),
        )
        missing = [
            what
            for what, known in (
                ("optimizer", name or ran.class_),
                ("learning rate", rates or _rates(ran.groups)),
                ("batch size", plan.batches),
                ("steps", plan.known),
            )
            if not known
        ]
        wrong = [*_wrong_class(name, ran), *_wrong_rate(rates, ran), *_wrong_steps(plan)]
        wrong += [] if wrong else _wrong_course(view, rates)
        if wrong:
            where = [at(view, layout.CONFIG, key) for key, _ in wrong[:3]]
            return self.failed(stated(text for _, text in wrong), inspected=4, where=where)
        if missing:
            return self.failed(
                f"{listed(missing, limit=4)} not recorded",
                inspected=4 - len(missing),
                where=[at(view, layout.CONFIG)],
                remedy=f"Put {listed(missing, limit=4)} into the configuration",
                command="reportgen.start_run(config=config)",
            )
        chosen = name.value if name else ran.class_
        rate = number(rates[0].value if rates else _rates(ran.groups)[0])
        told = f"{chosen}, learning rate {rate}, {plan.text}"
        if not _class_of(ran):
            message = f"{told}: as configured, what ran was not captured"
            where = [at(view, layout.OPTIMIZER)]
            return self.partial(message, inspected=4, where=where, evidence=Evidence.E1)
        if name is None or not rates:
            lacking = "the optimizer" if name is None else "the learning rate"
            return self.partial(
                f"{told}: as captured, the configuration does not name {lacking}",
                inspected=4,
                where=[at(view, layout.CONFIG)],
                evidence=Evidence.E2,
                remedy=f"Put {lacking} into the configuration and build the optimizer from it",
            )
        return self.passed(f"{told}: as {ran.class_} had them", inspected=4)


def _state_of(view: RunView) -> OptimizerState:
    return view.captured(layout.OPTIMIZER, OptimizerState) or OptimizerState()


def _class_of(state: OptimizerState) -> str | None:
    """Return the class that ran, None when it was not captured together with its settings."""
    return state.class_ if state.class_ and state.groups else None


def _rates(groups: Iterable[dict[str, Any]]) -> list[float]:
    found = (number_in(group.get(key)) for group in groups for key in _RATES)
    return [rate for rate in found if rate is not None]


def _wrong_class(name: Setting | None, ran: OptimizerState) -> list[tuple[str, str]]:
    actual = _class_of(ran)
    if name is None or actual is None:
        return []
    left, right = _core(str(name.value).rpartition(".")[2]), _core(actual)
    if right in _WRAPPERS or left == right:
        return []
    return [(name.key, f"{name.key} is {shown(name.value)}, {actual} ran")]


def _core(name: str) -> str:
    """Return what of an optimizer's name says the method: ``adamw`` of ``adamw_torch_fused``."""
    return _WORDS_OF_BUILDS.sub("", plain(name))


def _wrong_rate(rates: Sequence[Setting], ran: OptimizerState) -> list[tuple[str, str]]:
    actual = _rates(ran.groups)
    if not rates or not actual or any(_close(one.value, it) for one in rates for it in actual):
        return []
    told = f"{rates[0].key} is {number(rates[0].value)}, the optimizer had {number(actual[0])}"
    return [(rates[0].key, told)]


def _wrong_course(view: RunView, rates: Sequence[Setting]) -> list[tuple[str, str]]:
    """Return where a learning rate that nothing scheduled was logged as another one."""
    courses = [one.settled() for one in view.series.values() if _is_rate(one.name)]
    begins = [points[0] for points in courses if points and points[0][0] == first_step(view)]
    if not rates or not begins or _schedule(view) is not None:
        return []
    if any(_starts_right(view, value) for _, value in begins):
        return []
    told = f"{rates[0].key} is {number(rates[0].value)}, {number(begins[0][1])} was logged"
    return [(rates[0].key, told)]


def _wrong_steps(plan: Plan) -> list[tuple[str, str]]:
    return [(plan.batches[0].key, plan.contradiction)] if plan.contradiction else []


def _close(left: float, right: float) -> bool:
    return math.isclose(left, right, rel_tol=_ROUND)


class ScheduleLrSeries(Check):
    """A learning rate that a scheduler changes is logged as it was."""

    id = "hyperparameters.schedule-lr-series"
    severity = Severity.M
    title = "The course of the learning rate is logged"
    failure = "The course of the learning rate is not logged"
    why = "A schedule is a hyperparameter at every step, and one that never moves is a fault."
    fix = "Log the learning rate that the optimizer has, at least once an epoch"
    command = 'run.log({"train/lr": optimizer.param_groups[0]["lr"]}, step=step)'
    requires = ("hyperparameters.config-parses", "metrics.series-present")

    def inapplicable(self, context: AuditContext) -> str | None:
        reason = no_gradient_training(context.run)
        if reason is None and _schedule(context.run) is None:
            reason = "no scheduler: none configured, and the optimizer kept its learning rate"
        return reason

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        schedule = _schedule(view)
        courses = [one for one in view.series.values() if _is_rate(one.name)]
        if not courses:
            message = f"{schedule}, and no series of the learning rate"
            return self.failed(message, inspected=0, where=[metrics_place(view)])
        course = max(courses, key=lambda one: len(set(one.steps)))
        points = [(step, value) for step, value in course.settled() if math.isfinite(value)]
        if not points:
            message = f"{course.name} has no finite value"
            return self.failed(message, inspected=len(courses), where=[metrics_place(view)])
        fault = _contradiction(view, course, points) or _stands_still(view, course, points)
        if fault:
            place, text = fault
            message = f"{schedule}; {text}"
            return self.failed(message, inspected=len(points), where=[place])
        epochs = epochs_run(view)
        message = f"{course.name} has {counted(len(points), 'point')}"
        message += f" for {number(epochs)} epochs" if epochs else ""
        if len(points) < max(2, math.floor(epochs)):
            return self.partial(message, inspected=len(points), where=[metrics_place(view)])
        start = f"from {number(points[0][1])} to {number(points[-1][1])}"
        if not _starts_right(view, points[0][1]):
            message += f", {start}: it begins after the first step, and not at the configured rate"
            return self.partial(message, inspected=len(points), where=[step_of(view, points[0][0])])
        return self.passed(f"{message}, {start}", inspected=len(points))


def _schedule(view: RunView) -> str | None:
    """Return what says that the learning rate was scheduled, None when nothing does."""
    config = view.flat_config
    chosen = named_class(config, SCHEDULER)
    if chosen is not None and chosen.value.lower() not in _NO_SCHEDULE:
        return f"{chosen.key} is {shown(chosen.value)}"
    if chosen is None:
        for one in numbers(config, _OF_SCHEDULES):
            if one.value > 0:
                return f"{one.key} is {number(one.value)}"
    ran = _state_of(view)
    if any("initial_lr" in group for group in ran.groups):
        return "the optimizer had a scheduler"
    if _rates(ran.groups_end) and _rates(ran.groups) != _rates(ran.groups_end):
        return "the learning rate of the optimizer changed"
    return None


def _is_rate(name: str) -> bool:
    words = words_of(name)
    return "lr" in words or ("learning" in words and "rate" in words)


def _known_rates(view: RunView) -> list[float]:
    """Return the learning rates that a schedule may begin with."""
    configured = [one.value for one in numbers(view.flat_config, LEARNING_RATE)]
    return configured + _rates(_state_of(view).groups)


def _starts_right(view: RunView, value: float) -> bool:
    known = _known_rates(view)
    return not known or any(_close(value, one) for one in known)


def _contradiction(
    view: RunView, course: Series, points: Sequence[tuple[int, float]]
) -> tuple[Where, str] | None:
    """Return where the series is another than that of the optimizer: at its start or its end."""
    step, first = points[0]
    if step == first_step(view) and not _starts_right(view, first):
        known = listed(sorted({number(one) for one in _known_rates(view)}))
        return step_of(view, step), f"{course.name} begins with {number(first)}, not with {known}"
    ends = [
        rate for group in _state_of(view).groups_end for rate in _rates([{"lr": group.get("lr")}])
    ]
    if not ends or view.run.status != "finished":
        return None
    # The scheduler may have taken one more step after the last value was logged.
    largest = max((abs(right - left) for (_, left), (_, right) in pairwise(points)), default=0.0)
    step, last = points[-1]
    if largest and min(abs(last - end) for end in ends) > largest * (1 + _ROUND):
        text = f"{course.name} ends at {number(last)}, the optimizer at {number(ends[0])}"
        return step_of(view, step), text
    return None


def _stands_still(
    view: RunView, course: Series, points: Sequence[tuple[int, float]]
) -> tuple[Where, str] | None:
    values = {value for _, value in points}
    if len(points) < 2 or len(values) > 1:
        return None
    value = values.pop()
    chosen = named_class(view.flat_config, SCHEDULER)
    waits = chosen is not None and "plateau" in chosen.value.lower()
    ends = _rates(_state_of(view).groups_end)
    if waits and ends and all(_close(value, end) for end in ends):
        return None
    text = f"{course.name} is {number(value)} at each of {counted(len(points), 'point')}"
    return step_of(view, points[-1][0]), text


CHECKS: tuple[Check, ...] = (OptimizerCoreLogged(), ScheduleLrSeries())
