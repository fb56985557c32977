"""RunView: everything that auditor, site and scripts read of one run, derived once, read-only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from reportgen.errors import LimitError
from reportgen.fs.limits import DEFAULT_LIMITS, Limits
from reportgen.fs.regular import Entry, walk
from reportgen.runs import goals, labels, layout, lock, tracker_folder
from reportgen.runs.discovery import Format
from reportgen.runs.entries import entry_problems
from reportgen.runs.metric_log import MetricLog, Series, read_metric_log
from reportgen.runs.problems import Problem
from reportgen.runs.reader import Doc, RunReader, open_reader
from reportgen.runs.replicates import Experiment, experiment_of, setting_of
from reportgen.runs.schema import (
    Checkpoint,
    Data,
    Environment,
    GitInfo,
    Goal,
    Labels,
    Manifest,
    MetricDefinition,
    MetricDefinitions,
    Summary,
)
from reportgen.runs.summary import summarise

State = Literal["running", "finished", "failed", "interrupted", "ended without closing"]


class RunView:
    """One run, read lazily; a file is read at most once and never written.

    Args:
        folder: The run folder.
        limits: Bounds on what is read.

    Raises:
        NotFoundError, SchemaError, NewerVersionError, UnreadableError: As
            :meth:`reportgen.runs.reader.RunReader.run_document`.
    """

    def __init__(self, folder: Path, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self.folder = folder
        self.reader: RunReader = open_reader(folder, limits=limits)
        self.run, self.raw_run = self.reader.run_document()

    def __repr__(self) -> str:
        return f"RunView({str(self.folder)!r})"

    @property
    def format(self) -> Format:
        """``standard``, or ``tracker`` for the plain layout without run.yaml."""
        return self.reader.format

    @property
    def problems(self) -> list[Problem]:
        """What was noticed in the files read so far; :meth:`load` reads them all."""
        return self.reader.problems

    def load(self) -> RunView:
        """Read every document and the metrics now, so that ``problems`` is complete."""
        _ = (self.config, self.git, self.environment, self.data, self.metrics, self.labels)
        _ = (self.definitions, self.recorded_summary, self.manifest, self.files)
        return self

    # -- identity -------------------------------------------------------------------------

    @cached_property
    def absolute_folder(self) -> Path:
        """The folder as an absolute path; links are not resolved."""
        return Path(os.path.abspath(self.folder))

    @property
    def id(self) -> str:
        """The run's unique id; the folder's name in the plain layout."""
        return self.run.id

    @property
    def name(self) -> str:
        """The run's name."""
        return self.run.name

    @property
    def project(self) -> str | None:
        """Project, or None."""
        return self.run.project

    @cached_property
    def group(self) -> str | None:
        """Group; a later edit in labels.yaml wins."""
        return labels.group_in_force(self.run, self.labels)

    @cached_property
    def tags(self) -> dict[str, Any]:
        """Tags, those of labels.yaml over those of run.yaml; null there takes one away."""
        return labels.tags_in_force(self.run, self.labels)

    @cached_property
    def notes(self) -> str | None:
        """Notes; a later edit in labels.yaml wins."""
        return labels.notes_in_force(self.run, self.labels)

    @cached_property
    def state(self) -> State:
        """The status as a person would put it: a run whose writer is gone is not running."""
        if self.run.status == "running" and lock.state(self.folder) != "held":
            return "ended without closing"
        return self.run.status

    @cached_property
    def labels(self) -> Labels:
        """Edits made later."""
        return self._document(layout.LABELS, Labels) or Labels()

    # -- documents ------------------------------------------------------------------------

    def _document(self, place: str, kind: type[Doc]) -> Doc | None:
        return self.reader.document(place, kind, self.raw(place))

    def raw(self, place: str) -> Any:
        """Return a YAML or JSON document as plain values, unknown keys kept; None when absent."""
        if place not in self._raw:
            self._raw[place] = self._read_raw(place)
        return self._raw[place]

    @cached_property
    def _raw(self) -> dict[str, Any]:
        return {layout.RUN: self.raw_run}

    def _read_raw(self, place: str) -> Any:
        raw = self.reader.raw(place)
        if self.format == "tracker" and place == layout.ENVIRONMENT:
            return tracker_folder.environment_document(raw) if raw is not None else None
        if self.format == "tracker" and place == layout.GIT:
            return tracker_folder.git_document(raw) if raw is not None else None
        return raw

    @cached_property
    def config(self) -> dict[str, Any] | None:
        """The resolved configuration, or None when absent or no mapping."""
        raw = self.raw(layout.CONFIG)
        return raw if isinstance(raw, dict) else None

    @cached_property
    def flat_config(self) -> dict[str, Any]:
        """The configuration with dotted keys: ``{"model.width": 64}``."""
        return flatten(self.config or {})

    @cached_property
    def setting(self) -> str:
        """A hash of the configuration but for its seeds: equal for runs of one setting."""
        return setting_of(self.flat_config)

    @cached_property
    def experiment(self) -> Experiment:
        """Setting, code and data: what replicates of the run share."""
        return experiment_of(self.setting, self.git, self.data)

    @cached_property
    def config_sources(self) -> dict[str, str]:
        """Dotted key to the text in config.yaml, where the value does not print as that text
        (``no``, which is read as False; ``3.10``, which is read as 3.1).
        """
        _ = self.config
        sources = self.reader.sources.get(layout.CONFIG, {})
        return {".".join(map(str, path)): text for path, text in sources.items()}

    @cached_property
    def git(self) -> GitInfo | None:
        """git_info.yaml."""
        return self._document(layout.GIT, GitInfo)

    @cached_property
    def environment(self) -> Environment | None:
        """environment.yaml."""
        return self._document(layout.ENVIRONMENT, Environment)

    @cached_property
    def data(self) -> Data | None:
        """data.yaml."""
        return self._document(layout.DATA, Data)

    @cached_property
    def recorded_summary(self) -> Summary | None:
        """summary.yaml as written."""
        return self._document(layout.SUMMARY, Summary)

    @cached_property
    def manifest(self) -> Manifest | None:
        """manifest.json."""
        return self._document(layout.MANIFEST, Manifest)

    @cached_property
    def definitions(self) -> dict[str, MetricDefinition]:
        """Metric definitions by name, empty when none were declared."""
        document = self._document(layout.METRIC_DEFINITIONS, MetricDefinitions)
        return document.metrics if document else {}

    def captured(self, place: str, kind: type[Doc]) -> Doc | None:
        """Return a document of captured/ (``layout.OPENS`` and the like), or None."""
        return self._document(place, kind)

    # -- metrics --------------------------------------------------------------------------

    @cached_property
    def metrics(self) -> MetricLog:
        """The metrics of rank 0, whatever could be read of them."""
        limits = self.reader.limits
        if self.format == "tracker":
            lines = tracker_folder.metric_lines(self.text(layout.TRAINING_LOG) or "")
            log = read_metric_log(lines, name=layout.TRAINING_LOG, limits=limits)
        else:
            pieces = self.reader.pieces_of(layout.METRICS)
            log = read_metric_log(pieces, name=layout.METRICS, limits=limits)
        if not self._forgot_metrics:
            self.reader.problems.extend(log.problems)
        return log

    _forgot_metrics = False

    def forget_metrics(self) -> None:
        """Let go of the series, which take most of the memory; they are read again on demand."""
        self._forgot_metrics = self._forgot_metrics or "metrics" in self.__dict__
        for name in ("metrics", "training_losses"):
            self.__dict__.pop(name, None)

    @cached_property
    def rank_metrics(self) -> dict[int, MetricLog]:
        """What the ranks other than 0 of a distributed job logged of their own, by rank."""
        limits = self.reader.limits
        found = {}
        for path in self.file_sizes:
            rank = layout.rank_of(path)
            if rank is not None:
                pieces = self.reader.pieces_of(path)
                found[rank] = read_metric_log(pieces, name=path, limits=limits)
                self.reader.problems.extend(found[rank].problems)
        return dict(sorted(found.items()))

    @property
    def series(self) -> dict[str, Series]:
        """Every series by its metric's name."""
        return self.metrics.series

    @cached_property
    def summary(self) -> Summary:
        """Last and best of each series, recomputed from the metrics."""
        return summarise(self.metrics, self.definitions)

    def goal(self, metric: str, configured: Mapping[str, Goal] | None = None) -> Goal | None:
        """Return a metric's direction: declared, configured, or by its name."""
        return goals.goal_of(metric, self.definitions, configured)

    def split(self, metric: str) -> goals.Split | None:
        """Return a metric's split: declared, or by its name."""
        return goals.split_of(metric, self.definitions)

    @cached_property
    def training_losses(self) -> list[Series]:
        """The series that are a loss on the training split."""
        found = [
            s for s in self.series.values() if goals.is_training_loss(s.name, self.definitions)
        ]
        return sorted(found, key=lambda series: -len(series))

    @cached_property
    def headline_metric(self) -> str | None:
        """The metric a person judges the run by: that of the checkpoints, else the first
        validation metric with a goal other than a loss, else any validation metric with a goal.
        """
        policy = self.run.checkpoints
        if policy and policy.best and policy.best in self.series:
            return policy.best
        validation = [name for name in self.series if self.split(name) == "val" and self.goal(name)]
        best_first = sorted(validation, key=lambda name: self.goal(name) == "minimize")
        return next(iter(best_first), None)

    # -- files ----------------------------------------------------------------------------

    @cached_property
    def files(self) -> list[Entry]:
        """Every file of the folder, sorted within each folder; links and devices as refused
        entries. When a limit is hit, the entries up to there.
        """
        entries: list[Entry] = []
        notice = self.reader.notice
        try:
            entries.extend(walk(self.folder, limits=self.reader.limits))
        except LimitError as error:
            notice(error.problem or "limits.files", "error", ".", error.what)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            notice("path.unreadable", "error", ".", f"not listed: {reason}")
        for problem in entry_problems(entries):
            notice(problem.id, problem.severity, problem.file, problem.message)
        self.reader.listed = {entry.path for entry in entries if entry.refused is None}
        return entries

    @cached_property
    def file_sizes(self) -> dict[str, int]:
        """Size in bytes of each regular file by its path."""
        return {entry.path: entry.bytes for entry in self.files if entry.refused is None}

    def exists(self, place: str) -> bool:
        """Tell whether a regular file is there."""
        return place in self.file_sizes

    def bytes(self, place: str, *, limit: int | None = None) -> bytes | None:
        """Return a file's bytes, or None when absent, refused or over ``limit``."""
        return self.reader.bytes_of(place, limit=limit)

    def text(self, place: str, *, limit: int | None = None) -> str | None:
        """Return a file as text, undecodable bytes replaced, or None as :meth:`bytes`."""
        data = self.bytes(place, limit=limit)
        return None if data is None else data.decode("utf-8", "replace")

    def below(self, folder: str) -> list[str]:
        """Return the regular files below ``checkpoints``, ``figures`` and the like, in order."""
        return [path for path in self.file_sizes if path.startswith(f"{folder}/")]

    @cached_property
    def checkpoints(self) -> dict[str, Checkpoint]:
        """Each checkpoint file by path with its description (empty when it has none)."""
        found = {}
        for path in self.below(layout.CHECKPOINTS):
            if path.endswith(".json"):
                continue
            beside = path.rsplit(".", 1)[0] + ".json"
            described = self._document(beside, Checkpoint) if self.exists(beside) else None
            found[path] = described or Checkpoint()
        return found


def flatten(config: Mapping[Any, Any], prefix: str = "") -> dict[str, Any]:
    """Return a nested mapping with dotted keys; lists and empty mappings stay values."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            flat.update(flatten(value, f"{name}."))
        else:
            flat[name] = value
    return flat
