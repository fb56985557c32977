"""``reportgen.sweep``: the runs of one search, in one group, with sweep.yaml beside them.

Runs that are started inside, on any thread, and name no group of their own belong to it; runs of
other processes join by ``group=`` and ``project=``. sweep.yaml is written when the first run of
the sweep has started, and again at its end with the run that was chosen: the best by the declared
metric of all finished runs in the folder.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from reportgen.config import load_settings
from reportgen.errors import UsageError
from reportgen.fs.paths import portable_component
from reportgen.logger.context import LOGGER, RunContext, describe
from reportgen.logger.definitions import define_metric
from reportgen.logger.naming import Place, split_name
from reportgen.logger.search_space import (
    checked_space,
    grid_size,
    grid_trials,
    plain_space,
    random_trials,
)
from reportgen.logger.values import number_of
from reportgen.runs import layout
from reportgen.runs.best_run import best_run, runs_in
from reportgen.runs.goals import goal_of, guessed_goal
from reportgen.runs.redact import redact_value
from reportgen.runs.schema import Goal
from reportgen.runs.schema import Sweep as SweepDocument
from reportgen.runs.writer import write_document

_WHERE: Final = "sweep"
_OPEN: list[Sweep] = []
"""The sweeps of this process that are open, the innermost last."""


def sweep(
    name: str,
    space: Any,
    *,
    method: str = "grid",
    planned: int | None = None,
    metric: str | None = None,
    goal: Goal | None = None,
    seed: int = 0,
    project: str | None = None,
    root: str | os.PathLike[str] | None = None,
) -> Sweep:
    """Return a sweep, to be used in a ``with`` statement around the runs of a search.

    Args:
        name: The group of its runs; ``a/b`` is project and group.
        space: What is searched: a mapping of names to lists of values or to ranges, as
            :mod:`reportgen.logger.search_space` describes them.
        method: ``grid`` and ``random`` have :meth:`Sweep.trials`; any other text names what
            chooses the trials ("tpe").
        planned: How many trials there will be; the size of the grid by default.
        metric: What the best run is chosen by, such as ``val/accuracy``.
        goal: ``minimize`` or ``maximize``; by default what the metric's name says.
        seed: Of a random search: the same one draws the same trials, on every rank of a job.
        project: The project of its runs; by default that of the first.
        root: The folder of all runs, as in ``start_run``.

    Raises:
        UsageError: A bad argument.
    """
    return Sweep(
        name, space, method=method, planned=planned, metric=metric, goal=goal, seed=seed,
        project=project, root=root,
    )  # fmt: skip


class Sweep:
    """A search that is under way; made by :func:`sweep`.

    Attributes:
        name: The group of its runs.
        project: Their project, or None as long as it is not known.
        folder: Where the runs and sweep.yaml are, or None as long as it is not known.
        chosen: The best run's name, once the sweep has ended.
    """

    def __init__(
        self,
        name: str,
        space: Any,
        *,
        method: str,
        planned: int | None,
        metric: str | None,
        goal: Goal | None,
        seed: int,
        project: str | None,
        root: str | os.PathLike[str] | None,
    ) -> None:
        place = split_name(name, project, None)
        if place.name is None or place.group is not None:
            raise UsageError(
                f"the name is {name!r:.80}", where=_WHERE, expected="a name, or project/name"
            )
        self.name: str = place.name
        self.project = place.project
        self.root = root
        self.folder: Path | None = None
        self.chosen: str | None = None
        self._space = checked_space(space)
        self._seed = _seed(seed)
        self._lock = threading.Lock()
        self._earlier = 0
        self._asked = False
        self._document = SweepDocument(
            name=self.name,
            space=redact_value(plain_space(self._space))[0],
            method=_method(method, self._space),
            planned=_planned(planned, method, self._space),
            metric=metric,
            goal=_goal(metric, goal),
            seed=self._seed if method == "random" else None,
        )

    def __enter__(self) -> Sweep:
        _OPEN.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self in _OPEN:
            _OPEN.remove(self)
        try:
            self._end()
        except Exception as fault:
            LOGGER.warning("sweep %s: nothing was chosen: %s", self.name, describe(fault))

    def trials(self) -> Iterator[dict[str, Any]]:
        """Yield the values of each trial, by dimension.

        Raises:
            UsageError: The method is neither ``grid`` nor ``random``.
        """
        if self._document.method == "grid":
            return grid_trials(self._space)
        if self._document.method == "random":
            return random_trials(self._space, self._document.planned or 0, self._seed)
        raise UsageError(
            f"the method is {self._document.method!r:.60}",
            where="sweep.trials",
            expected="grid or random; another method's own library says what comes next",
        )

    # -- its runs -------------------------------------------------------------------------

    def place_of(self, place: Place) -> Place:
        """Return where a run that is started now belongs."""
        if place.group is not None:
            return place
        self._asked = True
        return Place(place.project or self.project, self.name, place.name)

    def root_of(self, root: str | os.PathLike[str] | None) -> str | os.PathLike[str] | None:
        """Return the root of a run that is started now and named ``root``."""
        return self.root if root is None else root

    def joined(self, context: RunContext) -> None:
        """Take note of a run that was started; never raises."""
        above = context.folder.parent
        if not context.active or above.name != portable_component(self.name):
            return
        with self._lock:
            if self.folder is None:
                self.folder = above
                self.project = self.project or context.run.project
                self._earlier = max(len(runs_in(above)) - 1, 0)
                self._write()
        if self.folder != above:
            LOGGER.warning(
                "%s is not in %s, so it is no part of the sweep %s",
                context.folder, self.folder, self.name,
            )  # fmt: skip
            return
        metric, goal = self._document.metric, self._document.goal
        if metric is not None and goal_of(metric, context.definitions) is None:
            define_metric(context, metric, {"goal": goal})

    def _end(self) -> None:
        if self.folder is None and self._asked:  # another rank of this job keeps the runs
            return
        if self.folder is None:
            self.folder = self._expected_folder()
        if self.folder is None:
            LOGGER.warning(
                "sweep %s: no run was started in it; runs of other processes join by group=%r, "
                "and the sweep needs their project= then",
                self.name, self.name,
            )  # fmt: skip
            return
        if self._document.metric and self._document.goal:
            self.chosen = best_run(self.folder, self._document.metric, self._document.goal)
        self._write()

    def _expected_folder(self) -> Path | None:
        root = load_settings(Path.cwd()).roots[0] if self.root is None else Path(self.root)
        parts = [portable_component(part) for part in (self.project, self.name) if part]
        folder = root.joinpath(*parts)
        return folder if folder.is_dir() else None

    def _write(self) -> None:
        assert self.folder is not None  # noqa: S101 - both callers have just set it
        document = self._document
        planned = None if document.planned is None else document.planned + self._earlier
        try:
            write_document(
                self.folder,
                layout.SWEEP,
                SweepDocument(
                    name=document.name,
                    space=document.space,
                    method=document.method,
                    planned=planned,
                    metric=document.metric,
                    goal=document.goal,
                    chosen=self.chosen,
                    seed=document.seed,
                ),
            )
        except OSError as error:
            LOGGER.warning("%s/%s: %s", self.folder, layout.SWEEP, describe(error))


def current() -> Sweep | None:
    """Return the sweep that a run started now belongs to, or None."""
    return _OPEN[-1] if _OPEN else None


def _method(method: Any, space: dict[str, Any]) -> str:
    if not isinstance(method, str) or not method.strip():
        raise UsageError(f"the method is {method!r:.40}", where=_WHERE, expected="grid or random")
    if method == "grid" and grid_size(space) is None:
        raise UsageError(
            "a grid has no ranges", where=_WHERE, expected="lists of values, or method='random'"
        )
    return method


def _planned(planned: Any, method: str, space: dict[str, Any]) -> int | None:
    if planned is None:
        if method == "random":
            raise UsageError("planned is missing", where=_WHERE, expected="how many trials to draw")
        return grid_size(space) if method == "grid" else None
    number = None if isinstance(planned, bool) else number_of(planned)
    if not isinstance(number, int) or number < 1:
        raise UsageError(f"planned is {planned!r:.40}", where=_WHERE, expected="a whole number")
    return number


def _seed(seed: Any) -> int:
    number = None if isinstance(seed, bool) else number_of(seed)
    if not isinstance(number, int):
        raise UsageError(f"the seed is {seed!r:.40}", where=_WHERE, expected="a whole number")
    return number


def _goal(metric: Any, goal: Any) -> Goal | None:
    if metric is None and goal is None:
        return None
    if not isinstance(metric, str) or not metric.strip():
        raise UsageError(f"the metric is {metric!r:.60}", where=_WHERE, expected="a metric's name")
    found: Goal | None = guessed_goal(metric) if goal is None else goal
    if found not in ("minimize", "maximize"):
        raise UsageError(
            f"the goal of {metric!r:.60} is {found!r:.40}",
            where=_WHERE,
            expected="minimize or maximize",
        )
    return found
