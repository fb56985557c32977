"""Which files of a work tree belong to runs, by their path and by what is on disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from reportgen.capture.run_trees import SCHEMA_WITHIN, is_run_file
from reportgen.errors import ReportgenError
from reportgen.fs.regular import open_regular
from reportgen.runs import layout


class RunPaths:
    """Tells which changed files are none of the code's.

    Args:
        top: Top of the work tree.
        committed: Run folders of the commit, which may be gone from disk.
        run_root: Where runs are written; sweep.yaml and models.yaml below it are of runs too.
    """

    def __init__(self, top: Path, committed: Iterable[str], run_root: Path | None) -> None:
        self._top = top
        self._known = dict.fromkeys(committed, True)
        self._root = _below(top, run_root)

    def excludes(self, path: str) -> bool:
        """Tell whether a file counts for neither dirty, tree nor patch."""
        folders = _above(path)
        if any(self._is_run(folder) for folder in folders):
            return True
        name = path.rpartition("/")[2]
        if not folders or name not in (layout.SWEEP, layout.MODELS):
            return False
        if self._root is not None and f"{folders[-1]}/".startswith(f"{self._root}/"):
            return True
        return self._goes_with_runs(folders[-1], deep=name == layout.MODELS)

    def _is_run(self, folder: str) -> bool:
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = self._looks_like_a_run(folder)
        return known

    def _looks_like_a_run(self, folder: str) -> bool:
        try:
            with open_regular(self._top, f"{folder}/{layout.RUN}") as descriptor:
                return is_run_file(os.read(descriptor, SCHEMA_WITHIN))
        except (OSError, ReportgenError):
            return False

    def _goes_with_runs(self, folder: str, *, deep: bool) -> bool:
        """Tell whether a run is right below a folder, or anywhere below it."""
        for current, below, _ in os.walk(self._top / folder):
            place = Path(current).relative_to(self._top).as_posix()
            if any(self._is_run(f"{place}/{name}") for name in below):
                return True
            if not deep:
                break
        return any(
            is_run
            and path.startswith(f"{folder}/")
            and (deep or "/" not in path[len(folder) + 1 :])
            for path, is_run in self._known.items()
        )


def _below(top: Path, folder: Path | None) -> str | None:
    """Return a folder's path below the top; None when it is the top itself or outside."""
    if folder is None:
        return None
    try:
        relative = folder.resolve().relative_to(top.resolve()).as_posix()
    except (OSError, ValueError):
        return None
    return None if relative == "." else relative


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
