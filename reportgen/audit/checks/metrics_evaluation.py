"""Is it said what the headline metric is, and was the test data kept out of the training?"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from reportgen.audit.evidence import at, counted, listed, metrics_place, shown, stated, step_of
from reportgen.audit.headline import headline_metric, is_test_metric, searched_metric
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.audit.settings import plain
from reportgen.runs import layout
from reportgen.runs.goals import split_of, words_of
from reportgen.runs.metric_log import Series
from reportgen.runs.schema import MetricDefinition, Modules
from reportgen.runs.view import RunView

_PRESENT = ("metrics.series-present",)
_ASKED = ("goal", "split", "unit", "aggregation", "implementation")
_SAY_NOTHING = frozenset({"", "todo", "tbd", "na", "none", "null", "unknown", "x", "string", "any"})
_CHOOSING = frozenset(
    {"monitor", "early", "stop", "stopping", "select", "selection", "best", "objective"}
    | {"criterion", "checkpoint", "plateau", "patience", "choose", "target"}
)
_ROOT = re.compile(r"\s*([A-Za-z_][\w-]*)")
_DOTTED = re.compile(r"\s*[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


class SplitTestIsolated(Check):
    """The test data was measured once, after the training, and nothing was chosen by it."""

    id = "metrics.split-test-isolated"
    severity = Severity.M
    title = "The test data was measured once, after the training"
    failure = "The test data took part in the training"
    why = "A test metric that was looked at while choosing is a validation metric."
    fix = "Choose by validation data, and measure the test data once when all is chosen"
    requires = _PRESENT

    def inapplicable(self, context: AuditContext) -> str | None:
        if _tests(context.run) or _chosen_by(context):
            return None
        return "there is no test metric"

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        tests = _tests(view)
        chosen = _chosen_by(context)
        if chosen:
            where = [place for place, _ in chosen[:3]]
            message = stated(text for _, text in chosen)
            return self.failed(message, inspected=max(1, len(tests)), where=where)
        steps = sorted({step for one in tests for step, _ in one.settled()})
        training = _training(view, tests)
        last = max((max(one.steps) for one in training), default=None)
        names = listed(one.name for one in tests)
        if len(steps) > 1:
            message = f"{names} measured at {counted(len(steps), 'step')}, nothing chosen by it"
            return self.partial(message, inspected=len(tests), where=[step_of(view, steps[0])])
        if last is not None and (steps[0] < last or _before(tests, training)):
            message = f"{names} measured at step {steps[0]:,}, training went on to step {last:,}"
            return self.partial(message, inspected=len(tests), where=[step_of(view, steps[0])])
        message = f"{names} measured once, at step {steps[0]:,}, after the training"
        return self.passed(message, inspected=len(tests))


def _tests(view: RunView) -> list[Series]:
    return [one for one in view.series.values() if len(one) and is_test_metric(view, one.name)]


def _training(view: RunView, tests: Sequence[Series]) -> list[Series]:
    """Return the training losses, else what is of the training split, else what is of no test.

    Losses first: what else belongs to a step, such as norms, may be written a little later.
    """
    if view.training_losses:
        return view.training_losses
    others = [one for one in view.series.values() if len(one) and one not in tests]
    return [one for one in others if view.split(one.name) == "train"] or others


def _before(tests: Sequence[Series], training: Sequence[Series]) -> bool:
    """Tell whether a test metric was written before the last record of the training."""
    last = max(max(one.records) for one in training)
    return min(min(one.records) for one in tests) < last


def _chosen_by(context: AuditContext) -> list[tuple[Where, str]]:
    """Return what was chosen by a test metric, each with its place."""
    view = context.run
    found: list[tuple[Where, str]] = []
    policy = view.run.checkpoints
    if policy and policy.best and is_test_metric(view, policy.best):
        place = at(view, layout.RUN, "checkpoints.best")
        found.append((place, f"the best checkpoint is kept by {policy.best}"))
    for path, described in view.checkpoints.items():
        if described.metric and is_test_metric(view, described.metric.name):
            place = Where(file=f"{path.rsplit('.', 1)[0]}.json")
            found.append((place, f"{path} is rated by {described.metric.name}"))
    searched = searched_metric(context)
    if searched and is_test_metric(view, searched):
        found.append((context.sweep_place, f"the search is by {searched}"))
    names = [one.name for one in _tests(view)]
    plain_names = {plain(name) for name in names}
    for key, value in view.flat_config.items():
        if isinstance(value, str) and plain(value) in plain_names and _chooses(key):
            found.append((at(view, layout.CONFIG, key), f"{key} is {shown(value)}"))
    stopped = view.run.stopped_early or ""
    for name in names:
        # in whatever way its words are joined: "test/accuracy", "test accuracy"
        words = r"[\W_]+".join(map(re.escape, words_of(name)))
        if words and re.search(rf"(?<![A-Za-z0-9]){words}(?![A-Za-z0-9])", stopped, re.IGNORECASE):
            place = at(view, layout.RUN, "stopped_early")
            found.append((place, f"the training was stopped by {name}"))
    return found


def _chooses(key: str) -> bool:
    """Tell whether a setting names what something is chosen by, by its words."""
    return not _CHOOSING.isdisjoint(words_of(key))


class DefinitionDeclared(Check):
    """The metric that the run is judged by is defined: direction, split, unit, mean, formula."""

    id = "metrics.definition-declared"
    severity = Severity.M
    title = "The headline metric is defined"
    failure = "The headline metric is not defined"
    why = "Two libraries give two values of F1 for the same predictions, both called f1."
    fix = "Say what the metric is, once, before the training"
    command = (
        'run.define_metric("val/f1", goal="maximize", split="val", unit="share", '
        'aggregation="macro", implementation="sklearn.metrics.f1_score")'
    )
    evidence = Evidence.E2
    requires = _PRESENT

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        name = headline_metric(context)
        if name is None:
            return self.not_applicable("there is no metric to define")
        definition = view.definitions.get(name)
        key = f"metrics.{name}"
        place = at(view, layout.METRIC_DEFINITIONS, key if definition else None)
        if definition is None or definition.goal is None:
            what = "is not defined" if definition is None else "has no goal"
            message = f"{name} {what}"
            inspected = 0 if definition is None else 1
            where = [place, metrics_place(view)]
            command = _definition_of(name, view)
            return self.failed(message, inspected=inspected, where=where, command=command)
        said = split_of(name, {})
        if definition.split and said and view.split(name) != said:
            message = f"{name} is declared as of the split {shown(definition.split)}"
            return self.failed(message, where=[place])
        lacking = [part for part in _ASKED if not _says(getattr(definition, part))]
        if lacking:
            message = f"{name} is to {definition.goal}; not declared: {listed(lacking, limit=4)}"
            return self.partial(message, where=[place])
        return self._implemented(view, name, definition, place)

    def _implemented(
        self, view: RunView, name: str, definition: MetricDefinition, place: Where
    ) -> CheckResult:
        formula = definition.implementation or ""
        told = (
            f"{name}: {definition.goal}, {definition.split}, {definition.unit}, "
            f"{definition.aggregation}, {shown(formula)}"
        )
        if not view.environment or view.environment.packages is None:
            message = f"{told}, of which version it is is not recorded"
            return self.partial(message, where=[place])
        origin = _origin(view, formula)
        if origin is not None:
            return self.passed(f"{told} of {origin}")
        if _DOTTED.match(formula):
            message = f"{told}, and nothing of that name was imported"
            return self.failed(message, where=[place])
        message = f"{told}, which names no package"
        return self.partial(message, where=[place])


def _definition_of(name: str, view: RunView) -> str:
    """Return the call that would define a metric, with what its name says filled in."""
    return (
        f'run.define_metric("{name}", goal="{view.goal(name) or "minimize or maximize"}", '
        f'split="{view.split(name) or "val"}", unit=..., aggregation=..., implementation=...)'
    )


def _says(value: str | None) -> bool:
    return plain(value or "") not in _SAY_NOTHING


def _origin(view: RunView, formula: str) -> str | None:
    """Return what computes a formula, with its version: a package, a file of the code, Python."""
    match = _ROOT.match(formula)
    if match is None or view.environment is None:
        return None
    root = match[1]
    packages = {plain(package): package for package in view.environment.packages or {}}
    modules = view.captured(layout.MODULES, Modules) or Modules()
    distribution = packages.get(plain(modules.third_party.get(root) or root))
    if distribution is not None:
        version = (view.environment.packages or {})[distribution]
        return f"{distribution} {version}" if version else distribution
    for file in modules.local:
        if root in file.removesuffix(".py").split("/"):
            return file
    if root in sys.stdlib_module_names or root == "python":
        python = view.environment.python
        return f"Python {python.version}" if python else None
    return None


CHECKS: tuple[Check, ...] = (SplitTestIsolated(), DefinitionDeclared())
