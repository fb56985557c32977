"""The run that ``start_run`` returns: what a training calls."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from reportgen.capture import opens
from reportgen.errors import UsageError
from reportgen.logger.alert_rules import Level
from reportgen.logger.checkpoints import CheckpointStore
from reportgen.logger.config_access import Config
from reportgen.logger.context import RunContext
from reportgen.logger.definitions import define_metric
from reportgen.logger.figures import FigureStore
from reportgen.logger.inputs import InputSpec
from reportgen.logger.interface import Sink
from reportgen.logger.lifecycle import Ending, ending_of
from reportgen.logger.metrics import LogCall
from reportgen.logger.options import STOP_AFTER
from reportgen.logger.recording import RecordsMore
from reportgen.logger.session import Session
from reportgen.logger.values import step_of, type_name
from reportgen.runs.schema import Goal, MetricSummary


class ActiveRun(RecordsMore):
    """A run that is being written.

    ``log(metrics, step=None)`` keeps one record of numbers and is on disk when it returns; a step
    that is left out is one more than the last. It raises UsageError for a step that is no
    integer and for a value that is no number the first time its name is logged; later bad values
    are dropped, counted in run.yaml and warned of once.

    Attributes:
        log: The call above.
        folder: The run folder.
    """

    log: LogCall

    def __init__(self, session: Session) -> None:
        self._session = session
        self.folder: Path = session.context.folder
        self._choose_log()

    def __repr__(self) -> str:
        return f"<run {self.id} {self.name!r} in {str(self.folder)!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Arrive as a run that keeps nothing where it is sent to: one process writes."""
        from reportgen.logger.silent import silent_copy

        config = self._session.options.config or {}
        try:
            pickle.dumps(config)
        except Exception:
            plain = self._session.options.plain
            config = plain.values if plain else {}
        return silent_copy, (config, self.name, self.id)

    def __copy__(self) -> ActiveRun:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> ActiveRun:
        """Stay the same run: a copy of a model that holds it must not become a second writer."""
        return self

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.end(ending_of(error))

    # -- what it is -----------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The unique, sortable id."""
        return self._session.context.run.id

    @property
    def name(self) -> str:
        """The name."""
        return self._session.context.run.name

    @property
    def context(self) -> RunContext:
        """What the parts of the run share, for what is built on top of one."""
        return self._session.context

    @property
    def config(self) -> Config:
        """The configuration; which of its keys are read is recorded from here on."""
        self._session.access.tracking = True
        return self._session.config

    @property
    def figures(self) -> FigureStore:
        """The figures kept so far: count, size, paths."""
        return self._session.figures

    @property
    def checkpoints(self) -> CheckpointStore:
        """The checkpoints kept so far: count, size, latest, best."""
        return self._session.checkpoints

    def summary(self) -> dict[str, MetricSummary]:
        """Return last, best and count of each metric logged so far, by its name.

        Raises:
            ReportgenError, OSError: The metrics file cannot be read.
        """
        from reportgen.logger.finish import summary_of

        return summary_of(self._session.context).metrics

    # -- what it takes --------------------------------------------------------------------

    def define_metric(
        self,
        name: str,
        *,
        goal: Goal | None = None,
        split: str | None = None,
        unit: str | None = None,
        aggregation: str | None = None,
        implementation: str | None = None,
        every: int | None = None,
    ) -> None:
        """Say what a metric is; what is left out stays as it was declared before.

        Args:
            name: The metric, as it is logged.
            goal: ``minimize`` or ``maximize``.
            split: ``train``, ``val`` or ``test``.
            unit: Such as ``nats`` or ``%``.
            aggregation: How values of examples become one: ``mean``, ``macro``.
            implementation: What computes it: ``sklearn.metrics.f1_score``.
            every: Keep the first of every so many points of it, for what is logged far more often
                than anybody looks; that points were left out is recorded.

        Raises:
            UsageError: No name, another goal, or an ``every`` that is no whole number from 1.
        """
        given = {
            "goal": goal,
            "split": split,
            "unit": unit,
            "aggregation": aggregation,
            "implementation": implementation,
            "every": every,
        }
        define_metric(self._session.context, name, given)
        if every is not None:
            self._session.metrics.thin(name, every)

    def log_text(self, name: str, text: str, step: int | None = None) -> None:
        """Keep a text as a record of training.log.

        Args:
            name: What it is ("sample", "note").
            text: Any text; further lines follow as they are.
            step: The step it belongs to.

        Raises:
            UsageError: The step is no integer.
        """
        at = "" if step is None else f" (step {step_of(step)})"
        self._session.training_log.line(f"{name}{at}: {text}")

    def log_figure(self, name: str, figure: Any, step: int | None = None) -> Path | None:
        """Keep a figure; as :meth:`reportgen.logger.figures.FigureStore.log`.

        Without ``step`` it belongs to the last step that was logged, if any.
        """
        step = self._last_step() if step is None else step
        path = self._session.figures.log(name, figure, step)
        if path is not None:
            self._tell_sinks("figure", name, path, step)
        return path

    def log_predictions(
        self, split: str, *, ids: Any, labels: Any, predictions: Any, scores: Any = None
    ) -> Path | None:
        """Keep predictions; as :meth:`reportgen.logger.predictions.PredictionStore.log`."""
        return self._session.predictions.log(
            split, ids=ids, labels=labels, predictions=predictions, scores=scores
        )

    def save_checkpoint(self, model: Any, optimizer: Any = None, **facts: Any) -> Path | None:
        """Keep a checkpoint; as :meth:`reportgen.logger.checkpoints.CheckpointStore.save`.

        Without ``step`` it belongs to the last step that was logged, if any.
        """
        if optimizer is not None:
            self._session.optimizer.saw(optimizer)
        if facts.get("step") is None:
            facts["step"] = self._last_step()
        with opens.unheard():
            return self._session.checkpoints.save(model, optimizer, **facts)

    def log_artifact(self, path: str | os.PathLike[str], **place: Any) -> Path | None:
        """Keep any file; as :meth:`reportgen.logger.artifacts.ArtifactStore.log`."""
        with opens.unheard():
            return self._session.artifacts.log(path, **place)

    def log_data(self, spec: InputSpec) -> None:
        """Add an input, as in ``start_run(data=[...])``.

        Raises:
            UsageError: It is no description of an input, or names a file that does not exist.
        """
        self._session.data.add(spec)

    def log_splits(
        self,
        splits: Mapping[str, Iterable[Any]],
        *,
        method: str | None = None,
        seed: int | None = None,
    ) -> None:
        """Say which examples are in which split, by hashes of their ids.

        Args:
            splits: The ids (numbers or texts) of each split's examples.
            method: How they were divided ("random", "by patient").
            seed: Of the division.

        Raises:
            UsageError: Not a mapping of names to ids.
        """
        self._session.data.set_splits(splits, method=method, seed=seed)

    def watch_optimizer(self, optimizer: Any) -> None:
        """Record this optimizer's settings, whatever else steps.

        Raises:
            UsageError: It has no ``param_groups``.
        """
        self._session.optimizer.watch(optimizer)

    def alert(
        self, title: str, text: str = "", level: Level = "warning", *, step: int | None = None
    ) -> None:
        """Raise an alert; as :meth:`reportgen.logger.alerts.AlertWatcher.alert`."""
        self._session.alerts.alert(title, text, level, step=step)

    def add_sink(self, sink: Sink) -> None:
        """Let something else hear what is logged from here on."""
        self._session.sinks.append(sink)
        self._choose_log()

    def finish(self, stopped_early: str | None = None) -> None:
        """End the run: last captures, summary, seal. A second call does nothing.

        Args:
            stopped_early: Why it ends before what was planned, such as ``"patience of 5"``.

        Raises:
            UsageError: The reason is no text.
        """
        if stopped_early is not None and not isinstance(stopped_early, str):
            raise UsageError(
                f"is of type {type_name(stopped_early)}",
                where="run.finish(stopped_early=)",
                expected='a reason, such as "patience of 5"',
            )
        self._session.end(Ending("finished", stopped_early=stopped_early or None))

    # -- inside ---------------------------------------------------------------------------

    def _last_step(self) -> int | None:
        step = self._session.metrics.last_step
        return step if step >= 0 else None

    def _choose_log(self) -> None:
        """Take the bare call of the hot path unless somebody asked for more."""
        self.log = self._session.metrics.log
        if self._session.sinks:
            self.log = self._log_and_tell
        if self._session.options.stop_after is not None:
            self.log = self._log_up_to_the_stop

    def _log_and_tell(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        self._session.metrics.log(metrics, step)
        self._tell_sinks("metrics", metrics, self._session.metrics.last_step)

    def _log_up_to_the_stop(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """End the run and the program cleanly before the first step beyond the last wanted one."""
        stop = self._session.options.stop_after or 0
        upcoming = self._session.metrics.last_step + 1 if step is None else step_of(step)
        if upcoming > stop:
            self.finish(stopped_early=f"{STOP_AFTER}={stop}")
            raise SystemExit(0)
        self._log_and_tell(metrics, step)

    def _tell_sinks(self, what: str, *arguments: Any) -> None:
        if not (self._session.sinks and self._session.context.active):  # ended, or in a child
            return
        with self._session.context.overhead("mirrors"):
            for sink in self._session.sinks:
                try:
                    getattr(sink, what)(*arguments)
                except Exception as error:
                    self._session.context.fault(sink.name, error)
