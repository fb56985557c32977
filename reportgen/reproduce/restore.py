"""Restore the recorded code into a new folder: commit plus patch, the tree id verified on disk.

The new folder gets a repository of our own that borrows the objects of the source (or fetches
them): no hook, filter or setting of the user takes part, and nothing of the user's repository is
written. The index is completed and checked before the first file is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.capture.git_folder import open_git_folder
from reportgen.capture.git_objects import LINK_TO_COMMIT, full_id
from reportgen.capture.lfs import pointer_sha256
from reportgen.capture.shadow import find_top, open_shadow
from reportgen.errors import ReportgenError
from reportgen.fs.hashing import sha256_file
from reportgen.reproduce.new_repository import SECONDS, NewRepository
from reportgen.reproduce.source import Source, verify_tree
from reportgen.runs.schema import Submodule
from reportgen.script.facts import ScriptFacts

_POINTER_BYTES = 1_024
_POINTER_START = b"version https://git-lfs.github.com/spec/v1\n"
_MAX_DEPTH = 8
_SHOWN = 10


@dataclass(slots=True)
class Restored:
    """Restored code.

    Attributes:
        tree: Its folder, the top of a repository whose HEAD is the recorded commit.
        notes: What was done beside, for people.
        missing: What could not be restored, each with the reason.
    """

    tree: Path
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def restore_code(
    source: Source,
    facts: ScriptFacts,
    patch: bytes,
    tree: Path,
    *,
    submodules: Sequence[Submodule] = (),
    allow_links: bool = False,
) -> Restored:
    """Write the recorded code to ``tree``.

    Args:
        source: Where the commit comes from.
        facts: Commit, tree and what was left out.
        patch: The content of git_diff.patch, empty for a clean tree.
        tree: A folder that does not exist.
        submodules: Those that git_info.yaml names.
        allow_links: The patch may make links.

    Raises:
        UsageError: Commit and patch do not give the recorded tree; no file was written.
        UnavailableError: The commit cannot be fetched, or its files cannot be written.
    """
    commit = full_id(facts.commit or "")
    repository = NewRepository(tree, len(commit))
    source.give(repository, commit)
    with open_shadow(tree, seconds=SECONDS, trusted=True) as shadow:
        verify_tree(shadow, facts, patch, allow_links=allow_links)
    other = repository.check_out(commit, patch)
    restored = Restored(tree)
    _name_others(restored, other)
    if facts.tree is None:
        restored.notes.append("the run recorded no tree id: what was restored cannot be checked")
    else:
        restored.notes.append(f"tree {facts.tree}, as recorded")
    _fill_submodules(restored, repository, source, {item.path: item for item in submodules})
    _fill_pointers(restored, repository, source)
    return restored


def _name_others(restored: Restored, paths: Sequence[str]) -> None:
    restored.missing += [f"{path}: here it is not as recorded" for path in paths[:_SHOWN]]
    if len(paths) > _SHOWN:
        restored.missing.append(f"{len(paths) - _SHOWN} more files are not as recorded here")


def _fill_submodules(
    restored: Restored,
    repository: NewRepository,
    source: Source,
    recorded: dict[str, Submodule],
    depth: int = 0,
) -> None:
    """Check out each submodule at its commit, from where the source has it checked out."""
    for path, commit in repository.entries(LINK_TO_COMMIT):
        there = source.top / path if source.top is not None else None
        if there is None or find_top(there) != there.resolve() or depth >= _MAX_DEPTH:
            item = recorded.get(path)
            url = f" from {item.url}" if item is not None and item.url else ""
            restored.missing.append(f"submodule {path} at {commit}{url}: not checked out here")
            continue
        try:
            below = NewRepository(repository.tree / path, len(commit))
            own = Source(there, trusted=source.trusted)
            own.give(below, commit)
            _name_others(restored, [f"{path}/{name}" for name in below.check_out(commit)])
        except ReportgenError as error:
            restored.missing.append(f"submodule {path} at {commit}: {error.what}")
            continue
        restored.notes.append(f"submodule {path} at {commit}")
        _fill_submodules(restored, below, own, {}, depth + 1)


def _fill_pointers(restored: Restored, repository: NewRepository, source: Source) -> None:
    """Put what git-lfs pointers name in their places, from the store of the source."""
    store = None
    if source.top is not None:
        common = open_git_folder(source.top, trusted=source.trusted).common
        store = common / "lfs" / "objects"
    for path, _ in (*repository.entries("100644"), *repository.entries("100755")):
        place = repository.tree / path
        oid = _pointed_at(place)
        if oid is None:
            continue
        kept = store / oid[:2] / oid[2:4] / oid if store is not None else None
        if kept is None or not kept.is_file() or sha256_file(kept.parent, oid)[0] != oid:
            restored.missing.append(f"{path}: its git-lfs content {oid[:12]} is not here")
            continue
        # In place, so that the mode stays.
        with kept.open("rb") as content, place.open("wb") as target:
            while piece := content.read(1 << 20):
                target.write(piece)
        restored.notes.append(f"{path} from the git-lfs store")


def _pointed_at(place: Path) -> str | None:
    try:
        if place.is_symlink() or place.stat().st_size > _POINTER_BYTES:
            return None
        data = place.read_bytes()
    except OSError:
        return None
    return pointer_sha256(data) if data.startswith(_POINTER_START) else None
