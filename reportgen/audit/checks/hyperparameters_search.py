"""A search over hyperparameters: is its space on record, and the choice the best by its metric?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from reportgen.audit.evidence import counted, listed, number, shown, stated
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity
from reportgen.audit.search_space import Axis, axes_of
from reportgen.errors import LimitError, UnreadableError
from reportgen.runs.goals import goal_of, split_of
from reportgen.runs.replicates import is_seed
from reportgen.runs.schema import Goal, Sweep
from reportgen.runs.summary import best_of
from reportgen.runs.view import RunView

_SPACE = "hyperparameters.search-space-recorded"
_SETTINGS_OF_A_SEARCH = 3


def is_search(context: AuditContext) -> bool:
    """Tell whether the run's group is a search: by sweep.yaml, or by three settings or more."""
    try:
        if context.sweep is not None:
            return True
    except (UnreadableError, LimitError):
        return True
    if context.run.run.group is None:
        return False
    settings = set()
    for one in context.group:
        settings.add(one.setting)
        if len(settings) == _SETTINGS_OF_A_SEARCH:
            return True
    return False


class SearchSpaceRecorded(Check):
    """Bounds of each searched key, sampler and planned trials are recorded, and are what ran."""

    id = _SPACE
    severity = Severity.M
    title = "The space of the search is recorded"
    failure = "The space of the search is not recorded, or is not the one searched"
    why = "How good a best of n is depends on n and on where was looked."
    fix = "Open the search with its space; it groups the runs and writes sweep.yaml"
    command = 'with reportgen.sweep("lr", {"lr": [0.01, 0.1]}, method="grid", planned=2) as sweep:'
    needs = ("folder", "siblings")

    def inapplicable(self, context: AuditContext) -> str | None:
        return None if is_search(context) else "the run is part of no search"

    def judge(self, context: AuditContext) -> CheckResult:
        trials = context.group
        try:
            sweep = context.sweep
        except (UnreadableError, LimitError) as error:
            return self.failed(f"sweep.yaml {error.what}", where=[context.sweep_place])
        if sweep is None:
            settings = len({one.setting for one in trials})
            message = f"{counted(settings, 'setting')} were tried in the group, without sweep.yaml"
            return self.failed(message, inspected=0, where=[context.sweep_place])
        axes = axes_of(sweep.space)
        bare = [axis.key for axis in axes if not axis.bounded]
        if len(bare) == len(axes):
            message = f"no bounds of {listed(bare)}" if bare else "the space is empty"
            return self.failed(message, inspected=len(axes), where=[context.sweep_place])
        outside = [text for axis in axes if axis.bounded for text in _outside(axis, trials)]
        if outside:
            return self.failed(stated(outside), inspected=len(trials), where=[context.sweep_place])
        return self._complete(context, sweep, axes, bare)

    def _complete(
        self, context: AuditContext, sweep: Sweep, axes: Sequence[Axis], bare: list[str]
    ) -> CheckResult:
        trials = context.group
        found, planned = len(trials), sweep.planned
        told = listed(f"{axis.key} {axis.text}" for axis in axes if axis.bounded)
        lacking = [f"no bounds of {listed(bare)}"] if bare else []
        free = _varied(trials, axes)
        if free:
            lacking.append(f"{listed(free)} varied as well")
        if not (sweep.method or "").strip():
            lacking.append("no method")
        if planned is None:
            lacking.append("how many trials were planned is not recorded")
        elif found != planned:
            running = [one.name for one in trials if one.state == "running"]
            if running and found < planned:
                message = f"{found} of {planned} trials so far, {listed(running)} still running"
                return self.inconclusive(message, remedy="Audit it again when the search is over")
            lacking.append(f"{planned} trials planned, {found} found")
        if lacking:
            message = f"{told}; {listed(lacking, limit=4)}"
            return self.partial(message, inspected=found, where=[context.sweep_place])
        message = f"{told}; {sweep.method}, {counted(found, 'trial')} planned and found"
        return self.passed(message, inspected=found)


def _places(key: str, config: dict[str, Any]) -> list[str]:
    if key in config:
        return [key]
    return [name for name in config if name.endswith(f".{key}")]


def _outside(axis: Axis, trials: Sequence[RunView]) -> list[str]:
    """Return the trials whose value is none that the space has, or that have no such key."""
    found = []
    for trial in trials:
        values = [trial.flat_config[key] for key in _places(axis.key, trial.flat_config)]
        if not values:
            found.append(f"{trial.name} has no {axis.key}")
        elif not any(map(axis.holds, values)):
            found.append(f"{axis.key} is {shown(values[0])} in {trial.name}, not {axis.text}")
    return found


def _varied(trials: Sequence[RunView], axes: Sequence[Axis]) -> list[str]:
    """Return the keys but for seeds that differ among trials and are not in the space."""
    values: dict[str, set[str]] = {}
    for trial in trials:
        for key, value in trial.flat_config.items():
            values.setdefault(key, set()).add(repr(value))
    known = [axis.key for axis in axes]
    return [
        key
        for key, seen in values.items()
        if len(seen) > 1
        and not is_seed(key)
        and not any(key == name or key.endswith(f".{name}") for name in known)
    ]


class SearchSelectionRecomputes(Check):
    """The chosen trial is the best of all by the declared validation metric.

    A trial counts by its best value, by its last, or by the mean over the trials that differ in
    nothing but seeds: the choice has to be the best in one of these three ways. Where seeds alone
    were searched, that mean is the same for all and chooses none.
    """

    id = "hyperparameters.search-selection-recomputes"
    severity = Severity.M
    title = "The chosen trial is the best by its validation metric"
    failure = "The chosen trial is not the best by a validation metric"
    why = "A choice by test data, or by eye, makes the reported number better than the method is."
    fix = "Name the validation metric and its goal, and let the search write its choice"
    command = 'with reportgen.sweep(name, space, metric="val/accuracy", goal="maximize") as sweep:'
    needs = ("folder", "siblings")

    def inapplicable(self, context: AuditContext) -> str | None:
        return None if is_search(context) else "the run is part of no search"

    def judge(self, context: AuditContext) -> CheckResult:
        try:
            sweep = context.sweep
            promoted = {one.run for one in context.promotions}
        except (UnreadableError, LimitError) as error:
            return self.inconclusive(error.what, blocked_by=_SPACE)
        if sweep is None:
            return self.inconclusive("there is no sweep.yaml", blocked_by=_SPACE)
        trials = context.group
        metric = (sweep.metric or "").strip()
        if not metric:
            message = "which metric the choice is made by is not recorded"
            return self.failed(message, inspected=0, where=[context.sweep_place])
        split = _split_of(metric, trials)
        if split in ("test", "train"):
            message = f"chosen by {metric}, a metric of the {split} split"
            return self.failed(message, inspected=len(trials), where=[context.sweep_place])
        goal = sweep.goal or goal_of(metric, _definitions(trials))
        declared = [one.definitions[metric].goal for one in trials if metric in one.definitions]
        if goal is None or any(one not in (None, goal) for one in declared):
            what = "not recorded" if goal is None else f"{goal}, in a run it is the other way"
            message = f"the goal of {metric} is {what}"
            return self.failed(message, inspected=len(trials), where=[context.sweep_place])
        if not sweep.chosen:
            message = f"{metric} is to {goal}, and no trial is chosen"
            return self.partial(message, inspected=len(trials), where=[context.sweep_place])
        chosen = [one for one in trials if sweep.chosen in (one.name, one.id)]
        others = [one for one in trials if promoted.intersection((one.name, one.id))]
        if others and not any(one in chosen for one in others):
            message = f"{listed(one.name for one in others)} was promoted, {sweep.chosen} chosen"
            where = [context.promotions_place, context.sweep_place]
            return self.failed(message, inspected=len(trials), where=where)
        if not chosen:
            return self.inconclusive(f"the chosen trial {sweep.chosen} is not here")
        return self._chosen(context, sweep, chosen[0], goal, split is None)

    def _chosen(
        self,
        context: AuditContext,
        sweep: Sweep,
        chosen: RunView,
        goal: Goal,
        unknown_split: bool,
    ) -> CheckResult:
        trials, metric = context.group, (sweep.metric or "").strip()
        ended = [one for one in trials if one.run.status in ("finished", "interrupted")]
        ways = _values(ended, metric, goal)
        count = len(trials)
        reached = {way: values[chosen.id] for way, values in ways.items() if chosen.id in values}
        if not reached:
            message = f"the chosen trial {chosen.name} has no value of {metric}, or did not end"
            return self.failed(message, inspected=count, where=[context.sweep_place])
        pick = min if goal == "minimize" else max
        won = [way for way, value in reached.items() if value == pick(ways[way].values())]
        if not won:
            best = pick(ways["best"], key=lambda one: ways["best"][one])
            name = next(one.name for one in ended if one.id == best)
            message = (
                f"{chosen.name} has {number(reached['best'])} of {metric}, "
                f"{name} has {number(ways['best'][best])}"
            )
            return self.failed(message, inspected=count, where=[context.sweep_place])
        message = (
            f"{chosen.name} is the best of {counted(count, 'trial')} by the {won[0]} of {metric}, "
            f"{number(reached[won[0]])}"
        )
        if sweep.planned and count < sweep.planned:
            message += f"; {sweep.planned - count} of {sweep.planned} planned are not here"
            return self.inconclusive(message)
        if unknown_split:
            message += ", of which split it is is not declared"
            return self.partial(message, inspected=count, where=[context.sweep_place])
        return self.passed(message, inspected=count)


def _definitions(trials: Sequence[RunView]) -> dict[str, Any]:
    return {name: one for trial in trials for name, one in trial.definitions.items()}


def _split_of(metric: str, trials: Sequence[RunView]) -> str | None:
    """Return the split of a metric; a name that says test is of test, whatever is declared."""
    by_name = split_of(metric, {})
    return by_name if by_name == "test" else split_of(metric, _definitions(trials))


def _values(trials: Sequence[RunView], metric: str, goal: Goal) -> dict[str, dict[str, float]]:
    """Return what each trial reached, by id: its best value, its last, its setting's mean."""
    best: dict[str, float] = {}
    last: dict[str, float] = {}
    for trial in trials:
        series = trial.series.get(metric)
        points = series.settled() if series is not None else []
        found = best_of(points, goal)
        if found is not None:
            best[trial.id] = found[1]
        if points and math.isfinite(points[-1][1]):
            last[trial.id] = points[-1][1]
    settings = {trial.id: trial.setting for trial in trials}
    of_setting: dict[str, list[float]] = {}
    for trial_id, value in best.items():
        of_setting.setdefault(settings[trial_id], []).append(value)
    means = {one: math.fsum(values) / len(values) for one, values in of_setting.items()}
    mean = {trial_id: means[settings[trial_id]] for trial_id in best}
    ways = {"best": best, "last": last}
    repeated = any(len(values) > 1 for values in of_setting.values())
    if repeated and len(of_setting) > 1:
        ways["mean over seeds"] = mean
    return ways


CHECKS: tuple[Check, ...] = (SearchSpaceRecorded(), SearchSelectionRecomputes())
