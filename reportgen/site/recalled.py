"""A run that is as it was at the last build: what was derived from it then, the rest on demand."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import Struct

from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.runs.discovery import Format
from reportgen.runs.reader import RunReader, open_reader
from reportgen.runs.replicates import Experiment
from reportgen.runs.schema import GitInfo, Labels, MetricDefinition, Run, Summary
from reportgen.runs.view import RunView, State


class Facts(Struct, frozen=True):
    """What pages and checks ask of every run, however many there are."""

    format: Format
    run: Run
    labels: Labels
    state: State
    flat_config: dict[str, Any]
    setting: str
    experiment: Experiment
    git: GitInfo | None
    definitions: dict[str, MetricDefinition]
    summary: Summary
    headline: str | None
    inputs: list[str]


def facts_of(view: RunView) -> Facts:
    """Return what is kept of a run."""
    return Facts(
        format=view.format,
        run=view.run,
        labels=view.labels,
        state=view.state,
        flat_config=view.flat_config,
        setting=view.setting,
        experiment=view.experiment,
        git=view.git,
        definitions=view.definitions,
        summary=view.summary,
        headline=view.headline_metric,
        inputs=input_paths(view),
    )


def input_paths(view: RunView) -> list[str]:
    """Return the recorded paths of a run's inputs."""
    if isinstance(view, RecalledView):
        return view.facts.inputs
    inputs = view.data.inputs if view.data else []
    return [one.path for one in inputs if one.path and "\0" not in one.path]


class RecalledView(RunView):
    """A run of which some facts are known; everything else is read when it is asked for.

    Args:
        folder: The run folder, unchanged since ``facts`` were taken.
        facts: What was derived from it.
    """

    def __init__(self, folder: Path, facts: Facts) -> None:
        self.folder = folder
        self.facts = facts
        self.run = facts.run
        self.__dict__.update(
            labels=facts.labels,
            state=facts.state,
            flat_config=facts.flat_config,
            setting=facts.setting,
            experiment=facts.experiment,
            git=facts.git,
            definitions=facts.definitions,
            summary=facts.summary,
        )

    @cached_property
    def reader(self) -> RunReader:  # type: ignore[override]
        """The reader, opened when something is read."""
        return open_reader(self.folder, limits=DEFAULT_LIMITS)

    @cached_property
    def raw_run(self) -> Any:  # type: ignore[override]
        """run.yaml as plain values."""
        return self.reader.run_document()[1]

    @property
    def format(self) -> Format:
        """As :attr:`RunView.format`."""
        return self.facts.format

    @property
    def headline_metric(self) -> str | None:
        """As :attr:`RunView.headline_metric`."""
        return self.facts.headline
