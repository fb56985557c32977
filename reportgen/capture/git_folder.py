"""Find the git directory of a work tree ourselves, and never one that belongs to somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import UnavailableError

_SMALL = 4_096


@dataclass(frozen=True, slots=True)
class GitFolder:
    """Where a repository keeps its things.

    Attributes:
        top: Top of the work tree.
        own: HEAD, index and what else belongs to this work tree.
        common: Objects, references and config, shared by all work trees.
    """

    top: Path
    own: Path
    common: Path

    @property
    def objects(self) -> Path:
        """The object store."""
        return self.common / "objects"


def find_top(start: Path, ceiling: Path | None = None) -> Path | None:
    """Return the nearest folder at or above ``start`` that holds ``.git``, or None.

    Args:
        start: A folder.
        ceiling: The last folder that is looked into.
    """
    try:
        folder = start.resolve()
        last = ceiling.resolve() if ceiling else None
    except OSError:
        return None
    for candidate in (folder, *folder.parents):
        mark = candidate / ".git"
        if not mark.is_symlink() and (_is_git_folder(mark) or mark.is_file()):
            return candidate
        if candidate == last:
            return None
    return None


def _is_git_folder(folder: Path) -> bool:
    return folder.is_dir() and (folder / "HEAD").exists()


def open_git_folder(top: Path) -> GitFolder:
    """Return the git directory of ``top``.

    A ``.git`` file (a linked work tree, a submodule) is followed only when the directory that it
    names points back at this work tree: a copied or forged one would show another's history.

    Raises:
        UnavailableError: There is no usable git directory.
    """
    mark = top / ".git"
    if mark.is_symlink():
        raise UnavailableError(".git is a link, and links are not followed")
    if mark.is_dir():
        return _checked(GitFolder(top, mark, mark))
    own = _named(mark)
    common = own
    pointer = own / "commondir"
    if pointer.is_file():
        common = (own / _line(pointer)).resolve()
    if not _points_back(own, top):
        raise UnavailableError(f".git names a directory that does not name {top.name} back")
    return _checked(GitFolder(top, own, common))


def _named(mark: Path) -> Path:
    text = _line(mark)
    if not text.startswith("gitdir: "):
        raise UnavailableError(".git is neither a directory nor a pointer to one")
    return (mark.parent / text.removeprefix("gitdir: ")).resolve()


def _points_back(own: Path, top: Path) -> bool:
    """A linked work tree has ``gitdir``; a submodule has ``core.worktree`` in its config."""
    back = own / "gitdir"
    if back.is_file():
        return (own / _line(back)).resolve() == (top / ".git").resolve()
    for line in _lines(own / "config"):
        key, _, value = line.partition("=")
        if key.strip().lower() == "worktree":
            return (own / value.strip().strip('"')).resolve() == top.resolve()
    return False


def _checked(folder: GitFolder) -> GitFolder:
    if folder.objects.is_symlink() or not folder.objects.is_dir():
        raise UnavailableError("the git directory has no object store of its own")
    if (folder.common / "reftable").is_dir():
        raise UnavailableError("references are kept in the reftable form, which is not read here")
    alternates = folder.objects / "info" / "alternates"
    for line in _lines(alternates):
        place = (folder.objects / line).resolve()
        if line and not (place.is_dir() and place.name == "objects"):
            raise UnavailableError("objects are borrowed from a folder that is no object store")
    return folder


def _line(path: Path) -> str:
    return next(iter(_lines(path)), "")


def _lines(path: Path) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read(_SMALL * 16).splitlines()
    except OSError:
        return []
