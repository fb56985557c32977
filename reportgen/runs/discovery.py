"""Find the runs below a folder: a run is any folder that holds run.yaml.

A folder without run.yaml that holds config.yaml beside at least one of environment.yaml,
git_info.yaml, training.log or checkpoints/ is the plain tracker layout and counts too.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reportgen.errors import NotFoundError
from reportgen.fs.limits import DEFAULT_LIMITS, Limits
from reportgen.runs import layout
from reportgen.runs.problems import Problem

Format = Literal["standard", "tracker"]
_TRACKER_SIGNS = frozenset(
    {layout.ENVIRONMENT, layout.GIT, layout.TRAINING_LOG, layout.CHECKPOINTS}
)
_NEVER_ENTERED = frozenset({"node_modules", "__pycache__"})


@dataclass(frozen=True, slots=True)
class RunRef:
    """Where a run is.

    Attributes:
        path: Its folder.
        root: The folder that was searched.
        format: ``standard``, or ``tracker`` for the plain layout without run.yaml.
    """

    path: Path
    root: Path
    format: Format

    @property
    def relative(self) -> str:
        """POSIX path of the run below its root; "." when the root is the run."""
        return self.path.relative_to(self.root).as_posix()


@dataclass(slots=True)
class Found:
    """The runs found, in path order, and what could not be looked into."""

    runs: list[RunRef] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def find_runs(roots: Iterable[Path], *, limits: Limits = DEFAULT_LIMITS) -> Found:
    """Return every run at or below ``roots``, each once, following no link.

    Raises:
        NotFoundError: A root does not exist or is no folder.
    """
    found = Found()
    seen: set[tuple[int, int]] = set()
    for root in roots:
        if not root.is_dir():
            raise NotFoundError(
                "there is no such folder" if not root.exists() else "is no folder",
                where=str(root),
                expected="a run folder or a folder that holds runs",
            )
        _search(root, found, seen, limits)
    return found


def run_format(folder: Path) -> Format | None:
    """Return how ``folder`` records a run, or None when it is no run folder."""
    try:
        with os.scandir(folder) as listing:
            return format_of({entry.name for entry in listing})
    except OSError:
        return None


def format_of(names: Collection[str]) -> Format | None:
    """Return how a folder that holds these names records a run, or None."""
    if layout.RUN in names:
        return "standard"
    if layout.CONFIG in names and not _TRACKER_SIGNS.isdisjoint(names):
        return "tracker"
    return None


def _search(root: Path, found: Found, seen: set[tuple[int, int]], limits: Limits) -> None:
    pending = [(root, 0)]
    while pending:
        folder, depth = pending.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
            info = folder.stat()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            found.problems.append(
                Problem("path.unreadable", "error", _shown(folder, root), f"not listed: {reason}")
            )
            continue
        if (info.st_dev, info.st_ino) in seen:
            continue
        seen.add((info.st_dev, info.st_ino))
        kind = format_of({entry.name for entry in entries})
        if kind is not None:
            found.runs.append(RunRef(folder, root, kind))
            continue
        below = [entry for entry in entries if _may_enter(entry)]
        for entry in entries:
            if _leads_to_a_folder(entry):
                place = _shown(folder / entry.name, root)
                message = "is a link to a folder: not followed"
                found.problems.append(Problem("path.symlink", "info", place, message))
        if below and depth >= limits.folder_depth:
            message = f"folders deeper than {limits.folder_depth} levels were not searched"
            found.problems.append(Problem("limits.depth", "error", _shown(folder, root), message))
            continue
        pending.extend((folder / entry.name, depth + 1) for entry in reversed(below))


def _may_enter(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or entry.name in _NEVER_ENTERED:
        return False
    try:
        return stat.S_ISDIR(entry.stat(follow_symlinks=False).st_mode)
    except OSError:
        return False


def _leads_to_a_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_symlink() and not entry.name.startswith(".") and entry.is_dir()
    except OSError:
        return False


def _shown(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix()[:200]
