"""Where the runs of a sweep belong, in the process that opened it and in those that it starts.

A sweep that is open stands in the environment variable ``REPORTGEN_SWEEP``, so that programs
started meanwhile join it as runs of the same process do. Its value is JSON for this package alone.
"""

from __future__ import annotations

import glob
import os
import threading
import time
from pathlib import Path
from typing import Final

import msgspec

from reportgen.config import load_settings
from reportgen.errors import UsageError
from reportgen.fs.paths import portable_component
from reportgen.logger.context import LOGGER, RunContext, describe
from reportgen.logger.definitions import define_metric
from reportgen.logger.naming import Place
from reportgen.runs import layout
from reportgen.runs.best_run import runs_in, started_before
from reportgen.runs.goals import goal_of
from reportgen.runs.schema import Sweep as SweepDocument
from reportgen.runs.writer import write_document

VARIABLE: Final = "REPORTGEN_SWEEP"
"""Environment variable that names the sweep which the runs of a program belong to."""


class Announcement(msgspec.Struct, frozen=True):
    """What the environment variable says.

    Attributes:
        document: The sweep.yaml to be.
        project: The project of its runs, where it is known.
        root: Absolute path of the folder of all runs.
        since: When the sweep was opened, in seconds since 1970.
    """

    document: SweepDocument
    project: str | None
    root: str
    since: float


class SweepRuns:
    """The runs of a sweep that is open.

    Args:
        document: Its sweep.yaml.
        project: The project of its runs; by default that of the first.
        root: The folder of all runs, as in ``start_run``.
        since: When it was opened, in seconds since 1970.

    Attributes:
        name: The group of its runs.
        project: Their project, or None as long as it is not known.
        folder: Where the runs and sweep.yaml are, or None as long as it is not known.
        chosen: The best run's name, once the sweep has ended.
    """

    def __init__(
        self,
        document: SweepDocument,
        project: str | None,
        root: str | os.PathLike[str] | None,
        since: float | None = None,
    ) -> None:
        self.name = document.name or ""
        self.project = project
        self.root = root
        self.folder: Path | None = None
        self.chosen: str | None = None
        self._document = document
        self._since = time.time() if since is None else since
        self._lock = threading.Lock()
        self._asked = False

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
                if not self._is_written():
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

    def announcement(self) -> Announcement:
        """Return what another process has to know to join."""
        return Announcement(
            self._document, self.project, os.path.abspath(self._root()), self._since
        )

    def _root(self) -> Path:
        return load_settings(Path.cwd()).roots[0] if self.root is None else Path(self.root)

    def _is_written(self) -> bool:
        """Tell whether sweep.yaml is of this sweep, by whichever process."""
        assert self.folder is not None  # noqa: S101 - the caller has just set it
        try:
            return (self.folder / layout.SWEEP).stat().st_mtime >= self._since
        except OSError:
            return False

    def _write(self) -> None:
        assert self.folder is not None  # noqa: S101 - all callers have just set it
        document = self._document
        planned = document.planned
        if planned is not None:
            planned += started_before(self.folder, self._since)
        try:
            found = msgspec.structs.replace(document, planned=planned, chosen=self.chosen)
            write_document(self.folder, layout.SWEEP, found)
        except OSError as error:
            LOGGER.warning("%s/%s: %s", self.folder, layout.SWEEP, describe(error))

    def _find_folder(self) -> Path | None:
        """Return the folder in which other processes started runs of this sweep, or None."""
        root = self._root()
        group = portable_component(self.name)
        if self.project:
            folder = root / portable_component(self.project) / group
            return folder if folder.is_dir() else None
        candidates = [root / group, *sorted(root.glob(f"*/{glob.escape(group)}"))]
        joined = [
            folder
            for folder in candidates
            if len(runs_in(folder)) > started_before(folder, self._since)
        ]
        return joined[0] if len(joined) == 1 else None


def announce(runs: SweepRuns) -> None:
    """Let the programs that are started from now on join a sweep."""
    os.environ[VARIABLE] = msgspec.json.encode(runs.announcement()).decode()


def restore(value: str | None) -> None:
    """Set the variable back to what it was before."""
    if value is None:
        os.environ.pop(VARIABLE, None)
    else:
        os.environ[VARIABLE] = value


_joined: dict[str, SweepRuns] = {}


def inherited() -> SweepRuns | None:
    """Return the sweep of the program that started this one, or None.

    Raises:
        UsageError: The variable holds something else than a sweep.
    """
    value = os.environ.get(VARIABLE)
    if not value:
        return None
    if value not in _joined:
        try:
            told = msgspec.json.decode(value, type=Announcement)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise UsageError(
                f"{VARIABLE} cannot be read ({error})",
                expected="what reportgen.sweep wrote into the environment",
                fix=f"Unset {VARIABLE}, or start the program inside the sweep.",
            ) from None
        _joined[value] = SweepRuns(told.document, told.project, told.root, told.since)
    return _joined[value]
