"""Find the git directory of a work tree ourselves, and never one that belongs to somebody else.

git's own discovery follows a ``.git`` file, a link or a borrowed object store wherever it points.
Here each is followed only inside the work tree, or where the other side points back at it; the
user's own repository, at capture time, is trusted to know where its things are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import UnavailableError

_SMALL = 64 * 1024
_MAX_BORROWED = 64


@dataclass(frozen=True, slots=True)
class GitFolder:
    """Where a repository keeps its things.

    Attributes:
        top: Top of the work tree.
        own: HEAD, index and what else belongs to this work tree.
        common: Objects, references and config, shared by all work trees.
        trusted: Whether it is the user's own, at capture time.
    """

    top: Path
    own: Path
    common: Path
    trusted: bool = False

    @property
    def objects(self) -> Path:
        """The object store."""
        return self.common / "objects"

    def borrows_outside(self) -> bool:
        """Tell whether git would read objects of a store outside this repository."""
        return not self.trusted and any(
            not place.is_relative_to(self.top.resolve()) for place in _borrowed(self.objects)
        )


def find_top(start: Path, ceiling: Path | None = None) -> Path | None:
    """Return the nearest folder at or above ``start`` that holds ``.git``, or None.

    A ``.git`` that turns out to be unusable still ends the search: what lies above it is another
    repository.

    Args:
        start: A folder, or a file in it.
        ceiling: The last folder that is looked into.
    """
    try:
        folder = start.resolve()
        last = ceiling.resolve() if ceiling else None
        for candidate in (folder, *folder.parents):
            mark = candidate / ".git"
            if mark.is_symlink() or mark.is_file() or (mark / "HEAD").exists():
                return candidate
            if candidate == last:
                return None
    except (OSError, RuntimeError):
        return None
    return None


def open_git_folder(top: Path, *, trusted: bool = False) -> GitFolder:
    """Return the git directory of ``top``.

    A ``.git`` file (a linked work tree, a submodule) is followed when the directory that it
    names is below ``top`` or points back at it: a forged one would show another's history.

    Args:
        top: As :func:`find_top` gives it.
        trusted: Follow it anywhere: the repository is the user's own.

    Raises:
        UnavailableError: There is no usable git directory.
    """
    mark = top / ".git"
    if mark.is_symlink() and not trusted:
        raise UnavailableError(".git is a link, and links are not followed")
    if mark.is_dir():
        return _checked(GitFolder(top, mark, mark, trusted))
    own = _named(mark)
    pointer = own / "commondir"
    common = (own / _line(pointer)).resolve() if pointer.is_file() else own
    inside = own.is_relative_to(top.resolve()) and common.is_relative_to(top.resolve())
    if not (trusted or inside or _points_back(own, common, top)):
        raise UnavailableError(f".git names a directory that does not name {top.name} back")
    return _checked(GitFolder(top, own, common, trusted))


def _named(mark: Path) -> Path:
    text = _line(mark)
    if not text.startswith("gitdir: "):
        raise UnavailableError(".git is neither a directory nor a pointer to one")
    return (mark.parent / text.removeprefix("gitdir: ")).resolve()


def _points_back(own: Path, common: Path, top: Path) -> bool:
    """A linked work tree has ``gitdir``; a submodule has ``core.worktree`` in its config."""
    back = own / "gitdir"
    if back.is_file():
        # A linked work tree lies in worktrees/ of the directory that it shares.
        shared = common == own.parent.parent and own.parent.name == "worktrees"
        return shared and (own / _line(back)).resolve() == (top / ".git").resolve()
    if common != own:
        return False
    for line in _lines(own / "config"):
        key, _, value = line.partition("=")
        if key.strip().lower() == "worktree":
            return (own / value.strip().strip('"')).resolve() == top.resolve()
    return False


def _checked(folder: GitFolder) -> GitFolder:
    objects = folder.objects
    if not objects.is_dir() or (objects.is_symlink() and not folder.trusted):
        raise UnavailableError("the git directory has no object store of its own")
    return folder


def _borrowed(objects: Path) -> list[Path]:
    """Return the object stores that ``objects/info/alternates`` names, and those that they name."""
    found: list[Path] = []
    pending = [objects.resolve()]
    while pending and len(found) < _MAX_BORROWED:
        store = pending.pop()
        for line in _lines(store / "info" / "alternates"):
            if line and not line.startswith("#"):
                place = (store / line.strip('"')).resolve()
                if place not in found:
                    found.append(place)
                    pending.append(place)
    return found


def _line(path: Path) -> str:
    return next(iter(_lines(path)), "")


def _lines(path: Path) -> list[str]:
    try:
        if not path.is_file():
            return []
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read(_SMALL).splitlines()
    except OSError:
        return []
