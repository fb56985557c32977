"""A run that keeps nothing: what ``start_run`` returns where another process keeps the run.

That is every rank but 0 of a distributed job, and every worker of a data loader.
"""

from __future__ import annotations

import functools
import inspect
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from reportgen.logger.active import ActiveRun
from reportgen.logger.checkpoints import CheckpointStore
from reportgen.logger.config_access import Access, Config
from reportgen.logger.context import RunContext
from reportgen.logger.figures import FigureStore
from reportgen.logger.values import step_of
from reportgen.runs.schema import RUN_SCHEMA, MetricSummary, Run


class SilentRun(ActiveRun):
    """Takes every call of a run and keeps nothing; what others would return is None.

    Args:
        config: The configuration that was given.
        name: Of the run that another process keeps, where it is known.
        id: Of that run.
        stop_after: The step after which REPORTGEN_STOP_AFTER_STEP ends the program.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        *,
        name: str = "",
        id: str = "",
        stop_after: int | None = None,
    ) -> None:
        self._stop_after = stop_after
        self._run = Run(schema=RUN_SCHEMA, id=id, name=name, status="running", created="")
        self._values = dict(config or {})
        self._config = Config(self._values, Access())
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._context = RunContext(Path(os.devnull) / "no-run", self._run)
        self._context.abandon()
        self._next_step = 0
        self.log = self._pass_over

    def __repr__(self) -> str:
        return f"<run {self.name!r}, kept by another process>"

    def __reduce__(self) -> tuple[Any, ...]:
        return silent_copy, (self._values, self.name, self.id)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    @property
    def folder(self) -> Path:  # type: ignore[override]  # an attribute there, made late here
        """A folder of this process for whatever it puts there; removed when the process ends."""
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="reportgen-")
        return Path(self._scratch.name)

    @property
    def id(self) -> str:
        """The run's id; empty where it is not known."""
        return self._run.id

    @property
    def name(self) -> str:
        """The run's name; empty where it is not known."""
        return self._run.name

    @property
    def context(self) -> RunContext:
        """A context through which nothing is written."""
        return self._context

    @property
    def config(self) -> Config:
        """The configuration that was given."""
        return self._config

    @property
    def figures(self) -> FigureStore:
        """No figures."""
        return FigureStore(self._context)

    @property
    def checkpoints(self) -> CheckpointStore:
        """No checkpoints."""
        return CheckpointStore(self._context)

    def summary(self) -> dict[str, MetricSummary]:
        """Nothing."""
        return {}

    def _pass_over(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        stop = self._stop_after
        if stop is None:
            return
        # A replay of the first steps ends every rank, or the others would wait for rank 0.
        upcoming = self._next_step if step is None else step_of(step)
        self._next_step = upcoming + 1
        if upcoming > stop:
            raise SystemExit(0)


def silent_copy(config: Mapping[str, Any], name: str, id: str) -> SilentRun:
    """Return what a run is in another process that it was sent to."""
    return SilentRun(config, name=name, id=id)


def _does_nothing(method: Callable[..., Any]) -> Callable[..., None]:
    @functools.wraps(method)
    def quiet(self: SilentRun, *arguments: Any, **named: Any) -> None:
        return None

    return quiet


for _name, _method in inspect.getmembers(ActiveRun, inspect.isfunction):
    if not _name.startswith("_") and _name not in vars(SilentRun):
        setattr(SilentRun, _name, _does_nothing(_method))
