"""What tells, without reading it, that a folder is as it was: sizes, times and inodes of its files.

A status change cannot be set back by a program, so it goes into every fingerprint beside the time
of the last write: a file that was replaced with its old time is seen. What was written within two
seconds of being read may have changed once more within one tick of a coarse file system: see
:attr:`Fingerprint.newest`.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import reportgen
from reportgen.fs.limits import DEFAULT_LIMITS

TICK_SECONDS = 2.0
"""The coarsest time stamp of a file system in use (FAT)."""

_MOST_FILES = 50_000
_LIBRARIES = ("altair", "pandas", "jinja2", "numpy", "tsdownsample", "orjson", "msgspec")
_DULL = frozenset({"__pycache__", "node_modules"})
_GIT_FILES = ("HEAD", "FETCH_HEAD", "index", "packed-refs", "config", "shallow", "info/exclude")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The state of some files.

    Attributes:
        digest: Equal only for an equal state.
        newest: The last write or status change among them, in seconds since 1970.
    """

    digest: str
    newest: float

    def is_settled(self, now: float) -> bool:
        """Tell whether a later write is sure to change the fingerprint."""
        return self.newest < now - TICK_SECONDS


def of_folder(folder: Path) -> Fingerprint | None:
    """Return the fingerprint of all below a folder; None when it cannot be listed as a whole."""
    try:
        return _of(_below(folder, lambda name: False, DEFAULT_LIMITS.files))
    except OSError:
        return None


def of_work_tree(top: Path, left_out: Iterable[Path]) -> Fingerprint | None:
    """Return the fingerprint of a repository: its work tree, what refers to commits, its objects.

    Args:
        top: The folder of the work tree.
        left_out: Folders inside it that count elsewhere: runs, and the site.

    Returns:
        None when it is no ordinary repository, or holds more files than are worth looking at.
    """
    skipped = {os.fspath(path) for path in left_out}
    git = top / ".git"
    if not git.is_dir():
        return None
    try:
        files = _below(
            top, lambda name: name.startswith(".") or name in _DULL, _MOST_FILES, skipped
        )
        return _of([*files, *_of_git(git)])
    except OSError:
        return None


def of_program(folders: Iterable[Path] = ()) -> str:
    """Return a digest of the program: versions of it and of what it draws with, and its files.

    Args:
        folders: Further folders that belong to it: those of the theme.
    """
    versions = [sys.version, *(f"{name} {_version(name)}" for name in _LIBRARIES)]
    found = hashlib.sha256("\n".join([reportgen.__version__, *versions]).encode())
    for folder in (Path(reportgen.__file__).parent, *folders):
        fingerprint = _of(_below(folder, lambda name: name in _DULL, _MOST_FILES))
        found.update(f"\n{folder} {fingerprint.digest}".encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def _of(files: Iterable[tuple[str, os.stat_result]]) -> Fingerprint:
    found = hashlib.sha256()
    newest = 0
    for path, info in sorted(files, key=lambda pair: pair[0]):
        times = f"{info.st_mtime_ns} {info.st_ctime_ns} {info.st_ino} {info.st_mode}"
        found.update(f"{path}\0{info.st_size} {times}\n".encode("utf-8", "surrogateescape"))
        newest = max(newest, info.st_mtime_ns, info.st_ctime_ns)
    return Fingerprint(found.hexdigest(), newest / 1e9)


def _below(
    folder: Path, dull: Callable[[str], bool], most: int, skipped: Iterable[str] = ()
) -> Iterator[tuple[str, os.stat_result]]:
    """Yield path and state of each entry below a folder that is no folder; links as themselves."""
    pending = [os.fspath(folder)]
    first = len(pending[0]) + 1
    count = 0
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not dull(entry.name) and entry.path not in skipped:
                        pending.append(entry.path)
                    continue
                count += 1
                if count > most:
                    raise OSError(f"more than {most} files")
                yield entry.path[first:], entry.stat(follow_symlinks=False)


def _of_git(git: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the state of what tells which commits a repository has and where it stands."""
    for name in _GIT_FILES:
        path = git / name
        if path.exists():
            yield f".git/{name}", path.lstat()
    if (git / "refs").is_dir():
        for name, info in _below(git / "refs", lambda name: False, _MOST_FILES):
            yield f".git/refs/{name}", info
    for folder in (git / "objects", git / "objects" / "pack"):
        with os.scandir(folder) as entries:
            for entry in entries:
                info = entry.stat(follow_symlinks=False)
                # A folder's time of writing tells that an object was added to it.
                if stat.S_ISDIR(info.st_mode) or entry.name.endswith((".pack", ".idx")):
                    yield f".git/{folder.name}/{entry.name}", info
