"""The other runs of a run's root: replicates and trials of a search, read once for an audit.

A run that was copied elsewhere has the runs beside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from reportgen.errors import ReportgenError
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.runs.discovery import find_runs
from reportgen.runs.root import root_of
from reportgen.runs.view import RunView


class Siblings:
    """Finds the runs of each root, each root once.

    Args:
        known: Runs that are read already; they are not read again.
    """

    def __init__(self, known: Iterable[RunView] = ()) -> None:
        self._views: dict[str, RunView | None] = {str(view.absolute_folder): view for view in known}
        self._roots: dict[Path, tuple[tuple[str, RunView], ...]] = {}

    def of(self, view: RunView) -> tuple[RunView, ...]:
        """Return the other readable runs of the same root, in path order."""
        root, depth = root_of(view)
        if root not in self._roots:
            self._roots[root] = tuple(self._runs_below(root, depth))
        own = str(view.absolute_folder)
        return tuple(one for place, one in self._roots[root] if place != own)

    def _runs_below(self, root: Path, depth: int) -> Iterable[tuple[str, RunView]]:
        limits = replace(DEFAULT_LIMITS, folder_depth=depth)
        for found in find_runs([root], limits=limits).runs:
            view = self._view(found.path)
            if view is not None:
                yield str(view.absolute_folder), view

    def _view(self, folder: Path) -> RunView | None:
        place = os.path.abspath(folder)
        if place not in self._views:
            try:
                self._views[place] = RunView(folder)
            except ReportgenError:
                self._views[place] = None
        return self._views[place]
