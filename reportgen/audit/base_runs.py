"""The runs of the base as folders to read: taken out of git's objects, nothing is checked out.

Only regular files come out, each beneath a temporary folder; links, submodules, names that lead
elsewhere and pointers of git-lfs do not. The audit of such a run asks the repository around the
place that it came from.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from reportgen.audit.base_revision import BaseRevision, Differences, Files
from reportgen.audit.repository import Repository
from reportgen.capture.lfs import pointer_sha256
from reportgen.errors import LimitError, ReportgenError, UnsafePathError
from reportgen.fs.atomic import write_all
from reportgen.fs.paths import safe_relpath
from reportgen.runs import layout
from reportgen.runs.view import RunView

BYTES = 1 << 30
FILES = 200_000
_BESIDE_RUNS = (layout.SWEEP, layout.MODELS)
_TIME_EVERY = 200


class BaseRuns:
    """The runs of the base, each under the folder that it has there.

    Args:
        base: The base.
        differences: What differs from it.
        into: An empty folder, which the runs go into.

    Raises:
        LimitError: They are more than is taken out at once.
        ReportgenError: git cannot read them.

    Attributes:
        views: Readable runs by their folder from the top of the repository.
    """

    def __init__(self, base: BaseRevision, differences: Differences, into: Path) -> None:
        self._base = base
        self._into = into
        folders = frozenset(differences.run_folders())
        before = _wanted(differences.before, folders)
        wanted = _wanted(differences.at_tip, folders)
        # What the tip alone has came from elsewhere, such as a branch that was squashed.
        older = {_run_of(path, folders) for path in before} - {None}
        wanted = {path: one for path, one in wanted.items() if _run_of(path, folders) not in older}
        _take_out(base, {**wanted, **before}, into)
        self.views: dict[str, RunView] = {}
        for folder in sorted(folders):
            try:
                self.views[folder] = RunView(into / folder)
            except ReportgenError:
                continue

    def repository(self, stack: ExitStack) -> Repository:
        """Return the repository as checks of these runs may ask it."""
        return _RepositoryBefore(self._base.top, stack, self._into)


class _RepositoryBefore(Repository):
    """Answers about folders of the base as about those of the work tree that they came from."""

    def __init__(self, top: Path, stack: ExitStack, into: Path) -> None:
        super().__init__(top, stack)
        self._work_tree = top
        self._into = Path(os.path.realpath(into))

    def ignored(self, folder: Path, paths: Sequence[str]) -> set[str]:
        inside = Path(os.path.realpath(folder)).relative_to(self._into)
        return super().ignored(self._work_tree / inside, paths)


def _wanted(files: Files, folders: Collection[str]) -> dict[str, str]:
    """Return the regular files of run folders, and those beside them, by path: their ids."""
    found = {}
    for path, (mode, object_id) in files.items():
        beside = PurePosixPath(path).name in _BESIDE_RUNS
        if mode.startswith("100") and (beside or _run_of(path, folders)):
            found[path] = object_id
    return found


def _run_of(path: str, folders: Collection[str]) -> str | None:
    above = (parent.as_posix() for parent in PurePosixPath(path).parents)
    return next((parent for parent in above if parent in folders), None)


def _take_out(base: BaseRevision, wanted: Mapping[str, str], into: Path) -> None:
    if len(wanted) > FILES:
        raise LimitError(f"the runs of the base have {len(wanted):,} files, more than {FILES:,}")
    left = BYTES
    for number, (path, object_id) in enumerate(wanted.items()):
        if number % _TIME_EVERY == 0:
            base.more_time()
        content = base.shadow.objects.blob(object_id)
        left -= len(content)
        if left < 0:
            raise LimitError(f"the runs of the base have more than {BYTES:,} bytes")
        if pointer_sha256(content) is None:
            _write(into, path, content)


def _write(into: Path, path: str, content: bytes) -> None:
    try:
        target = into / safe_relpath(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except (UnsafePathError, OSError):
        return  # a name that this system cannot hold: the file is absent, as for a fresh clone
    try:
        write_all(descriptor, content)
    finally:
        os.close(descriptor)
