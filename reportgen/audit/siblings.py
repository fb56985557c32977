"""The other runs of a run's root: replicates and trials of a search, read once for an audit.

The root is above the folders that the run names as its group and project, as far as it lies in
folders of those names; a run that was copied elsewhere has the runs beside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from reportgen.errors import ReportgenError
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.fs.paths import portable_component
from reportgen.runs.discovery import find_runs
from reportgen.runs.view import RunView


class Siblings:
    """Finds the runs of each root, each root once.

    Args:
        known: Runs that are read already; they are not read again.
    """

    def __init__(self, known: Iterable[RunView] = ()) -> None:
        self._views: dict[Path, RunView | None] = {view.absolute_folder: view for view in known}
        self._roots: dict[Path, tuple[RunView, ...]] = {}

    def of(self, view: RunView) -> tuple[RunView, ...]:
        """Return the other readable runs of the same root, in path order."""
        root, depth = root_of(view)
        if root not in self._roots:
            self._roots[root] = tuple(self._runs_below(root, depth))
        return tuple(
            one for one in self._roots[root] if one.absolute_folder != view.absolute_folder
        )

    def _runs_below(self, root: Path, depth: int) -> Iterable[RunView]:
        limits = replace(DEFAULT_LIMITS, folder_depth=depth)
        for found in find_runs([root], limits=limits).runs:
            view = self._view(found.path)
            if view is not None:
                yield view

    def _view(self, folder: Path) -> RunView | None:
        place = Path(os.path.abspath(folder))
        if place not in self._views:
            try:
                self._views[place] = RunView(folder)
            except ReportgenError:
                self._views[place] = None
        return self._views[place]


def root_of(view: RunView) -> tuple[Path, int]:
    """Return the folder of all runs, and how many levels below it runs may be."""
    folder = view.absolute_folder.parent
    root = folder
    for name in (view.run.group, view.run.project):
        if name is None:
            continue
        if not _is_called(root, name):
            return folder, 1
        root = root.parent
    return root, 3


def _is_called(folder: Path, name: str) -> bool:
    return folder.name in (name, portable_component(name)) and folder.parent != folder
