"""``reportgen.sweep``: the runs of one search, in one group, with sweep.yaml beside them.

Runs that are started inside and name no group of their own belong to it, on any thread and in any
process that is started inside. sweep.yaml is written when the first run of the sweep has started,
and again at its end with the run that was chosen: the best by the declared metric of all finished
runs in the folder.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final

from reportgen.errors import UsageError
from reportgen.logger.context import LOGGER, describe
from reportgen.logger.naming import split_name
from reportgen.logger.search_space import (
    checked_space,
    grid_size,
    grid_trials,
    plain_space,
    random_trials,
)
from reportgen.logger.sweep_runs import VARIABLE, SweepRuns, announce, inherited, restore
from reportgen.logger.values import number_of
from reportgen.runs.best_run import best_run
from reportgen.runs.goals import guessed_goal
from reportgen.runs.redact import redact_value
from reportgen.runs.schema import Goal
from reportgen.runs.schema import Sweep as SweepDocument

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


class Sweep(SweepRuns):
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
        self._space = checked_space(space)
        self._seed = _seed(seed)
        document = SweepDocument(
            name=place.name,
            space=redact_value(plain_space(self._space))[0],
            method=_method(method, self._space),
            planned=_planned(planned, method, self._space),
            metric=metric,
            goal=_goal(metric, goal),
            seed=self._seed if method == "random" else None,
        )
        super().__init__(document, place.project, root)

    def __enter__(self) -> Sweep:
        self._since = time.time()
        self._outside = os.environ.get(VARIABLE)
        _OPEN.append(self)
        announce(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self in _OPEN:
            _OPEN.remove(self)
        restore(self._outside)
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

    def _end(self) -> None:
        if self.folder is None and self._asked:  # another rank of this job keeps the runs
            return
        if self.folder is None:
            self.folder = self._find_folder()
        if self.folder is None:
            LOGGER.warning(
                "sweep %s: no run was started in it, or none below %s", self.name, self._root()
            )
            return
        if self._document.metric and self._document.goal:
            self.chosen = best_run(self.folder, self._document.metric, self._document.goal)
        self._write()


def current() -> SweepRuns | None:
    """Return the sweep that a run started now belongs to, or None.

    Raises:
        UsageError: The environment names a sweep in a way that cannot be read.
    """
    return _OPEN[-1] if _OPEN else inherited()


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
