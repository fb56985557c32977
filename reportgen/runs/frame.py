"""Runs as pandas data frames; the only module of the package that imports pandas."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.errors import ReportgenError
from reportgen.runs.discovery import find_runs
from reportgen.runs.metric_log import Series
from reportgen.runs.numbers import from_stored
from reportgen.runs.problems import Problem
from reportgen.runs.resolve import resolve_run
from reportgen.runs.schema import Goal
from reportgen.runs.summary import summarise_series
from reportgen.runs.table import Row, columns_of, row_of, seconds_of
from reportgen.runs.view import RunView, State

if TYPE_CHECKING:
    import pandas

Roots = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


def load_runs(root: Roots = "runs", *, goals: Mapping[str, Goal] | None = None) -> pandas.DataFrame:
    """Return every run at or below a folder as one row.

    Columns: id, name, project, group, kind, state, archived, created (UTC), seconds, path, then
    ``tags.*``, ``config.*`` (dotted keys) and ``metrics.*``: the best value of a metric by its
    goal, the last one of a metric without a goal, read from the metrics themselves. A run that
    cannot be read is left out with a warning.

        runs = reportgen.load_runs("runs")
        runs.nlargest(5, "metrics.val/accuracy")
        runs.groupby("config.lr")["metrics.val/accuracy"].agg(["mean", "std"])

    Args:
        root: A folder, or several.
        goals: Direction of metrics that neither the run declares nor the name implies.

    Raises:
        NotFoundError: A folder does not exist.
    """
    rows = []
    for ref in find_runs(_folders(root)).runs:
        try:
            view = RunView(ref.path)
            rows.append(row_of(view, goals))
        except ReportgenError as error:
            warnings.warn(f"a run was left out: {error}", UserWarning, stacklevel=2)
            continue
        _warn_of(view)
    return _frame(rows)


def load_run(path: str | os.PathLike[str], *, root: Roots = "runs") -> LoadedRun:
    """Return one run.

    Args:
        path: Its folder; or its id or its name, then looked for below ``root``.
        root: A folder, or several.

    Raises:
        NotFoundError: There is no such run.
        UsageError: Several runs have that name.
        UnreadableError: It cannot be read.
    """
    return LoadedRun(resolve_run(os.fspath(path), _folders(root)))


class LoadedRun:
    """One run, read-only.

    Attributes:
        view: The reader's view, with everything else that the folder holds.
    """

    def __init__(self, view: RunView) -> None:
        self.view = view

    def __repr__(self) -> str:
        return f"LoadedRun({self.name!r}, {self.state})"

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.view.folder

    @property
    def id(self) -> str:
        """Its unique id."""
        return self.view.id

    @property
    def name(self) -> str:
        """Its name."""
        return self.view.name

    @property
    def project(self) -> str | None:
        """Its project, or None."""
        return self.view.project

    @property
    def group(self) -> str | None:
        """Its group, or None."""
        return self.view.group

    @property
    def tags(self) -> dict[str, Any]:
        """Its tags."""
        return self.view.tags

    @property
    def notes(self) -> str | None:
        """Its notes, or None."""
        return self.view.notes

    @property
    def state(self) -> State:
        """How it ended, or that it still runs."""
        return self.view.state

    @property
    def created(self) -> str:
        """When it started: ISO 8601, UTC."""
        return self.view.run.created

    @cached_property
    def seconds(self) -> float | None:
        """How long it took, or None when that is not recorded."""
        return seconds_of(self.view)

    @property
    def config(self) -> dict[str, Any]:
        """Its configuration, nested as it was given; empty when there is none."""
        return self.view.config or {}

    @property
    def problems(self) -> list[Problem]:
        """What was noticed while reading the whole folder."""
        return self.view.load().problems

    def metrics(self, name: str | None = None) -> pandas.DataFrame:
        """Return every point as a row: metric, step, time (UTC), value, attempt.

        Rows are grouped by metric, in the order of the file within each. Points that a resumed
        attempt did again stand twice, told apart by ``attempt``.

        Args:
            name: One metric; all of them by default.
        """
        import numpy as np
        import pandas as pd

        series = [one for one in self.view.series.values() if name in (None, one.name)]
        lengths = [len(one) for one in series]

        def column(part: str, kind: str) -> Any:
            parts = [np.asarray(getattr(one, part), dtype=kind) for one in series]
            return np.concatenate(parts) if parts else np.empty(0, dtype=kind)

        times = column("times", "float64")
        names = np.repeat(np.asarray([one.name for one in series], dtype=object), lengths)
        return pd.DataFrame(
            {
                "metric": pd.Series(names, dtype="str"),
                "step": column("steps", "int64"),
                "time": pd.to_datetime(times, unit="s", utc=True).as_unit("us"),
                "value": column("values", "float64"),
                "attempt": column("attempts", "int64"),
            }
        )

    def summary(self) -> pandas.DataFrame:
        """Return each metric as a row: last, last_step, best, best_step, count, goal.

        Recomputed from the metrics; of an attempt that was resumed, only what still stands.
        """
        import pandas as pd

        rows = {one.name: self._summary_row(one) for one in self.view.series.values()}
        columns = ["last", "last_step", "best", "best_step", "count", "goal"]
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        steps: dict[str, Any] = {"last_step": "Int64", "best_step": "Int64", "count": "int64"}
        frame = frame.astype({"last": "float64", "best": "float64", **steps})
        return frame.rename_axis("metric")

    def _summary_row(self, series: Series) -> list[Any]:
        goal = self.view.goal(series.name)
        found = summarise_series(series, goal)
        last, best = from_stored(found.last), from_stored(found.best)
        return [last, found.last_step, best, found.best_step, found.count, goal]


def _folders(root: Roots) -> list[Path]:
    if isinstance(root, str | os.PathLike):
        return [Path(root)]
    return [Path(folder) for folder in root]


def _frame(rows: list[Row]) -> pandas.DataFrame:
    import pandas as pd

    columns = columns_of(rows)
    frame = pd.DataFrame(rows, columns=pd.Index(columns))
    numbers = {name: "float64" for name in columns if name.startswith("metrics.")}
    frame = frame.astype({"seconds": "float64", **numbers})
    frame["created"] = pd.to_datetime(frame["created"], utc=True, errors="coerce", format="ISO8601")
    return frame


def _warn_of(view: RunView) -> None:
    """Say what kept a part of a run from being read, one warning a run."""
    errors = [problem for problem in view.problems if problem.severity == "error"]
    if errors:
        first = errors[0]
        rest = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        message = f"{view.folder}/{first.file}: {first.message}{rest}"
        warnings.warn(f"a run was read in part: {message}", UserWarning, stacklevel=3)
