"""What lies between a revision of a repository and its work tree, through a private git directory.

Nothing of the repository's configuration takes part (see ``shadow``), and nothing is checked out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reportgen.capture.git_objects import full_id
from reportgen.capture.lfs import LfsPointers
from reportgen.capture.shadow import ShadowRepository
from reportgen.errors import NotFoundError, UnavailableError

_INDEX = "revision"
_UNFIT = re.compile(r"[\x00-\x20\x7f]")


def commit_of(shadow: ShadowRepository, revision: str) -> str:
    """Return the full id of the commit that a person named: a branch, a tag, ``HEAD~2``, an id.

    Raises:
        NotFoundError: There is none of that name here.
    """
    found = ""
    if revision and not _UNFIT.search(revision):
        asked = ("rev-parse", "--verify", "-q", "--end-of-options", f"{revision}^{{commit}}")
        status, output, _ = shadow.run(list(asked))
        found = output.decode("ascii", "replace").strip() if status == 0 else ""
    if not found:
        cut = "; the history was cut off when cloning" if shadow.is_shallow() else ""
        raise NotFoundError(
            f"no commit {revision!r:.100} in the repository{cut}",
            expected="a branch, a tag or a commit that is here",
            fix="Fetch it: `git fetch --unshallow origin`"
            if cut
            else "`git fetch origin` may help",
        )
    return full_id(found)


def common_ancestor(shadow: ShadowRepository, one: str, other: str) -> str | None:
    """Return the best common ancestor of two commits, None when they have no history in common.

    Raises:
        UnavailableError: The history was cut off when cloning, so that nobody can tell.
    """
    status, output, _ = shadow.run(["merge-base", full_id(one), full_id(other)])
    if status == 0:
        return full_id(output.decode("ascii", "replace").split("\n", 1)[0].strip())
    if shadow.is_shallow():
        raise UnavailableError(
            "where the two histories part is not in this clone: it was cut off",
            fix="Fetch all of it: `git fetch --unshallow origin`, or fetch-depth: 0 in a workflow",
        )
    return None


def files_below(
    shadow: ShadowRepository, tree: str, folders: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """Return ``path -> (mode, id)`` of the files of a tree or commit below some folders.

    Args:
        shadow: The repository.
        tree: A tree or a commit.
        folders: POSIX paths from the top; ``.`` is the top itself.
    """
    listed = _listing(shadow, tree, folders)
    found = {}
    for entry in listed.split(b"\0"):
        if entry:
            facts, _, name = entry.partition(b"\t")
            mode, _, object_id = facts.decode("ascii").split(" ")
            found[name.decode("utf-8", "surrogateescape")] = (mode, object_id)
    return found


def changed_below(shadow: ShadowRepository, tree: str, folders: Sequence[str]) -> set[str]:
    """Return the files below some folders that differ between a tree and the work tree.

    New files count unless they are ignored; ones that git-lfs keeps count by their own content.

    Args:
        shadow: The repository.
        tree: A tree or a commit.
        folders: POSIX paths from the top; ``.`` is the top itself.
    """
    listed = _listing(shadow, tree, folders)
    # Of these folders alone, so that nothing else of the repository has to be read again.
    shadow.git("read-tree", "--empty", index=_INDEX)
    shadow.git("update-index", "-z", "--index-info", stdin=listed, index=_INDEX)
    shadow.run(["update-index", "-q", "--refresh"], index=_INDEX)  # its status says "differs"
    same = ("--ignore-submodules=all",)
    differing = _names(shadow.git("diff-files", "-z", "--name-only", *same, index=_INDEX))
    pointers = LfsPointers(shadow, tree, sorted(differing))
    differing = {path for path in differing if not pointers.is_unchanged(path)}
    others = ("ls-files", "-z", "--others", "--exclude-standard", "--", *_paths(folders))
    return differing | _names(shadow.git(*others, index=_INDEX))


def _listing(shadow: ShadowRepository, tree: str, folders: Sequence[str]) -> bytes:
    arguments = ("ls-tree", "-r", "-z", "--full-tree", full_id(tree), "--")
    return shadow.git(*arguments, *_paths(folders))


def _paths(folders: Sequence[str]) -> list[str]:
    return [] if "." in folders else list(folders)


def _names(output: bytes) -> set[str]:
    return {
        name.decode("utf-8", "surrogateescape").rstrip("/") for name in output.split(b"\0") if name
    }
