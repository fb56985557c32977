"""Several runs side by side: everything that compare, diff, the site and a replay say of them.

Pure: facts in, a comparison out. What takes a repository (the diff of two recorded trees) is
handed in by whoever has one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct, structs

from reportgen.compare.code import CodeComparison, code_section, compare_code
from reportgen.compare.command import command_section
from reportgen.compare.comparable import Caution, cautions
from reportgen.compare.configs import config_section
from reportgen.compare.data import data_section
from reportgen.compare.differences import Difference, Section, compare_sections
from reportgen.compare.environments import environment_section, seed_section
from reportgen.compare.metrics import MetricComparison, compare_metrics
from reportgen.compare.predictions import Agreement, Predictions, agreement
from reportgen.compare.ranking import Cause, rank_causes
from reportgen.runs import layout
from reportgen.runs.captured import ConfigAccess, Modules
from reportgen.runs.schema import Goal, MetricDefinition
from reportgen.runs.view import RunView

COMPARE_SCHEMA: Final = "reportgen.compare/1"
SECTIONS: Final = (
    *("code", "data", "config", "environment", "seeds"),
    *("command", "metrics", "predictions"),
)
"""The parts of a comparison, in the order in which they are shown."""


class RunFacts(Struct, frozen=True, kw_only=True):
    """What is compared of one run.

    Attributes:
        id, name, state: Of the run.
        code, data, config, environment, seeds, command: Facts by dotted key.
        keys_read: Keys of the configuration that were read; None when that was not recorded.
        series: Points of each metric.
        definitions: What each metric is.
        goals: Direction of each metric.
        predictions: By split.
    """

    id: str
    name: str
    state: str
    code: Section
    data: Section
    config: Section
    environment: Section
    seeds: Section
    command: Section
    keys_read: frozenset[str] | None
    series: dict[str, list[tuple[int, float]]]
    definitions: dict[str, MetricDefinition]
    goals: dict[str, Goal | None]
    predictions: dict[str, Predictions] = {}


class ComparedRun(Struct, frozen=True, kw_only=True):
    """Which run a position of a comparison is."""

    id: str
    name: str
    state: str


class Comparison(Struct, frozen=True, kw_only=True):
    """Runs side by side; positions are those of ``runs``, and the first is what others are
    held against.

    Attributes:
        runs: Which they are.
        code: Of all of them.
        data, config, environment, seeds, command: Every key that any run has.
        metrics: Every metric that any run logged.
        tolerance: Relative difference up to which metrics count as alike.
        predictions: Agreement of each further run with the first by split, one a run; None
            where one of them has none.
        causes: Why results may differ, the likeliest first; empty when nothing differs.
        cautions: Why numbers of the runs may not be compared.
    """

    runs: tuple[ComparedRun, ...]
    code: CodeComparison
    data: tuple[Difference, ...]
    config: tuple[Difference, ...]
    environment: tuple[Difference, ...]
    seeds: tuple[Difference, ...]
    command: tuple[Difference, ...]
    metrics: tuple[MetricComparison, ...]
    tolerance: float
    predictions: dict[str, tuple[Agreement | None, ...]]
    causes: tuple[Cause, ...]
    cautions: tuple[Caution, ...]

    def differing_sections(self) -> list[str]:
        """Return the names of the parts in which the runs differ for certain."""
        facts = ("data", "config", "environment", "seeds", "command")
        found = {name: any(d.state == "differs" for d in getattr(self, name)) for name in facts}
        found["code"] = self.code.same is False or self.code.loaded_differ is True
        found["metrics"] = any(one.state in ("differs", "partial") for one in self.metrics)
        found["predictions"] = any(
            one is None or one.rate != 1 or one.first_only_examples + one.second_only_examples > 0
            for further in self.predictions.values()
            for one in further
        )
        return [name for name in SECTIONS if found[name]]


def facts_of(
    view: RunView,
    *,
    goals: Mapping[str, Goal] | None = None,
    predictions: Mapping[str, Predictions] | None = None,
) -> RunFacts:
    """Return what is compared of a run.

    Args:
        view: The run.
        goals: Directions of metrics from the settings.
        predictions: By split, where the caller has read them.
    """
    access = view.captured(layout.CONFIG_ACCESS, ConfigAccess)
    written = view.raw(layout.ENVIRONMENT)
    written = written if isinstance(written, dict) else None
    flat = None if view.config is None else view.flat_config
    return RunFacts(
        id=view.id,
        name=view.name,
        state=view.state,
        code=code_section(
            view.git,
            view.bytes(layout.PATCH) if view.exists(layout.PATCH) else None,
            view.captured(layout.MODULES, Modules),
        ),
        data=data_section(view.data),
        config=config_section(flat),
        environment=environment_section(view.environment, written),
        seeds=seed_section(view.environment, written, flat),
        command=command_section(view.run.command),
        keys_read=frozenset(access.read) if access is not None and access.tracking else None,
        series={name: series.settled() for name, series in view.series.items()},
        definitions=view.definitions,
        goals={name: view.goal(name, goals) for name in view.series},
        predictions=dict(predictions or {}),
    )


def compare_runs(
    runs: Sequence[RunFacts],
    *,
    tolerance: float = 0.0,
    code: Callable[[CodeComparison], CodeComparison] | None = None,
) -> Comparison:
    """Return two or more runs side by side.

    Args:
        runs: The first is what the others are held against.
        tolerance: Relative difference up to which values of metrics count as alike.
        code: Adds a unified diff where the caller has the repository.
    """
    sections = {
        name: compare_sections([getattr(run, name) for run in runs])
        for name in ("data", "config", "environment", "seeds", "command")
    }
    compared = compare_code([run.code for run in runs])
    compared = code(compared) if code else compared
    agreements = _agreements(runs)
    return Comparison(
        runs=tuple(ComparedRun(id=run.id, name=run.name, state=run.state) for run in runs),
        code=compared,
        metrics=tuple(compare_metrics([run.series for run in runs], _goals(runs), tolerance)),
        tolerance=tolerance,
        predictions=agreements,
        causes=tuple(
            rank_causes(
                code=compared,
                **{name: sections[name] for name in ("data", "config", "environment", "seeds")},
                keys_read=_keys_read(runs),
            )
        ),
        cautions=tuple(
            cautions(
                names=[run.name for run in runs],
                states=[run.state for run in runs],
                data=sections["data"],
                definitions=[run.definitions for run in runs],
                agreements=[one for some in agreements.values() for one in some if one],
            )
        ),
        **{name: tuple(found) for name, found in sections.items()},
    )


def only_differences(comparison: Comparison) -> Comparison:
    """Return a comparison without what is the same in every run."""

    def kept(differences: Sequence[Difference]) -> tuple[Difference, ...]:
        return tuple(one for one in differences if one.state != "same")

    facts = ("data", "config", "environment", "seeds", "command")
    return structs.replace(
        comparison,
        **{name: kept(getattr(comparison, name)) for name in facts},
        code=structs.replace(comparison.code, differences=kept(comparison.code.differences)),
        metrics=tuple(one for one in comparison.metrics if one.state != "same"),
    )


def _goals(runs: Sequence[RunFacts]) -> dict[str, Goal | None]:
    """Return the direction of each metric, None where the runs do not agree on it."""
    said: dict[str, set[Goal | None]] = {}
    for run in runs:
        for name, goal in run.goals.items():
            said.setdefault(name, set()).add(goal)
    return {name: next(iter(goals)) if len(goals) == 1 else None for name, goals in said.items()}


def _keys_read(runs: Sequence[RunFacts]) -> frozenset[str] | None:
    read: frozenset[str] = frozenset()
    for run in runs:
        if run.keys_read is None:
            return None
        read |= run.keys_read
    return read


def _agreements(runs: Sequence[RunFacts]) -> dict[str, tuple[Agreement | None, ...]]:
    first, *further = runs
    splits = dict.fromkeys(split for run in runs for split in run.predictions)
    return {
        split: tuple(
            agreement(first.predictions[split], run.predictions[split], split=split)
            if split in first.predictions and split in run.predictions
            else None
            for run in further
        )
        for split in splits
    }
