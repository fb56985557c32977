"""Which other runs an audit looked into: it stands as long as these are as they were.

A check compares a run with all others of its root. What it asks of every one of them (names,
settings, status) is in one digest of the root; an other run that it asks for more is noted, and
its folder counts as a whole.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from reportgen.audit.siblings import Siblings
from reportgen.errors import ReportgenError
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.runs.discovery import find_runs
from reportgen.runs.root import root_of
from reportgen.runs.view import RunView
from reportgen.site.memory import digest_of

_COMMON = ("folder", "absolute_folder", "id", "name", "project", "group", "run", "setting")


class Sibling:
    """A run as others see it: what is asked of all of them at once, anything else noted."""

    __slots__ = (*_COMMON, "_reads", "_view")

    def __init__(self, view: RunView, reads: SiblingReads) -> None:
        self._view = view
        self._reads = reads
        for name in _COMMON:
            setattr(self, name, getattr(view, name))

    def __getattr__(self, name: str) -> Any:
        self._reads.note(self._view)
        return getattr(self._view, name)


class SiblingReads(Siblings):
    """The runs of each root, with a note of which one was looked into for which.

    Attributes:
        of_run: The runs that were looked into, by the run that they were for.
    """

    def __init__(self, known: list[RunView]) -> None:
        super().__init__(known)
        self._read: dict[Path, RunView] = {view.absolute_folder: view for view in known}
        self.of_run: dict[Path, set[Path]] = {}
        self._reader: Path | None = None
        self._beside: dict[Path, tuple[Sibling, ...]] = {}
        self._places: dict[Path, int] = {}
        self._digests: dict[Path, str] = {}

    def of(self, view: RunView) -> tuple[RunView, ...]:
        """Return the other readable runs of the same root, in path order."""
        self._reader = view.absolute_folder
        beside = self._siblings(view)
        place = self._places.get(view.absolute_folder)
        others = beside if place is None else beside[:place] + beside[place + 1 :]
        return cast("tuple[RunView, ...]", others)

    def note(self, view: RunView) -> None:
        """Note that the present run's audit depends on another run."""
        if self._reader is not None:
            self.of_run.setdefault(self._reader, set()).add(view.absolute_folder)

    def names_around(self, view: RunView) -> str:
        """Return a digest of what may be asked of every run of a root."""
        root, _ = root_of(view)
        if root not in self._digests:
            common = [
                (str(one.folder), one.id, one.name, one.project, one.group, one.run, one.setting)
                for one in self._siblings(view)
            ]
            self._digests[root] = digest_of([str(root), *common])
        return self._digests[root]

    def _siblings(self, view: RunView) -> tuple[Sibling, ...]:
        root, depth = root_of(view)
        if root not in self._beside:
            limits = replace(DEFAULT_LIMITS, folder_depth=depth)
            views = [self._view_at(ref.path) for ref in find_runs([root], limits=limits).runs]
            found = tuple(Sibling(one, self) for one in views if one is not None)
            self._beside[root] = found
            self._places.update({one.absolute_folder: at for at, one in enumerate(found)})
        return self._beside[root]

    def _view_at(self, folder: Path) -> RunView | None:
        place = Path(os.path.abspath(folder))
        if place not in self._read:
            try:
                self._read[place] = RunView(folder)
            except ReportgenError:
                return None
        return self._read[place]
