"""The work tree as a git tree: what is changed or untracked, less runs, secrets and large files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from reportgen.capture.hash_in_time import sha256_in_time
from reportgen.capture.lfs import LfsPointers
from reportgen.capture.run_paths import RunPaths
from reportgen.capture.shadow import ShadowRepository
from reportgen.errors import NotFoundError, ReportgenError, UnavailableError, UnreadableError
from reportgen.fs.regular import read_regular
from reportgen.runs.redact import holds_secret
from reportgen.runs.schema import LeftOutFile

NEW_FILE_BYTES = 1_000_000
NEW_TOTAL_BYTES = 10_000_000
CHANGED_FILE_BYTES = 16_000_000

_INDEX = "recorded"
_GIT_FOLDER = "nested repository"


class Change(NamedTuple):
    """A file that is not as the commit has it.

    Attributes:
        path: POSIX path below the top; undecodable bytes surrogate-escaped.
        known: Whether the commit holds a file of this name.
        tracked: Whether the index does.
    """

    path: str
    known: bool
    tracked: bool


@dataclass(slots=True)
class WorkTree:
    """What a work tree is, beside its commit.

    Attributes:
        tree: Id of the tree that is recorded: everything but runs and what is left out.
        base: Id of the commit's tree, reduced alike.
        patch: What turns ``base`` into ``tree``.
        untracked: Files that neither commit nor index hold and no ignore rule names, runs
            excepted; a repository within this one ends in a slash.
        left_out: Files that the patch does not hold, hashed where that gives nothing away.
    """

    tree: str
    base: str
    patch: bytes = b""
    untracked: list[str] = field(default_factory=list)
    left_out: list[LeftOutFile] = field(default_factory=list)

    @property
    def dirty(self) -> bool:
        """Whether the work tree differs from its commit."""
        return bool(self.tree != self.base or self.untracked or self.left_out)


def read_work_tree(
    shadow: ShadowRepository,
    head: str | None,
    *,
    run_root: Path | None = None,
    with_patch: bool = True,
) -> WorkTree:
    """Return the work tree of a repository; the repository itself is not touched.

    Args:
        shadow: Its private git directory, opened as trusted.
        head: The commit that is checked out, None before the first one.
        run_root: Where runs are written: sweep.yaml and models.yaml below it never count.
        with_patch: Whether to make the patch; without it secrets in lines that the work tree
            no longer has are not looked for.

    Raises:
        UnreadableError, UnavailableError: git refused, or time ran out.
    """
    return _Reading(shadow, head, run_root).read(with_patch)


class _Reading:
    """One look at one work tree."""

    def __init__(self, shadow: ShadowRepository, head: str | None, run_root: Path | None) -> None:
        self.shadow = shadow
        self.top = shadow.top
        self.head = head
        commit_tree = shadow.tree_of(head) if head else shadow.empty_tree
        self.runs = RunPaths(self.top, shadow.run_trees.run_folders(commit_tree), run_root)
        self.commit_tree = commit_tree
        self.left_out: dict[str, LeftOutFile] = {}

    def read(self, with_patch: bool) -> WorkTree:
        changes = [change for change in self._status() if not self.runs.excludes(change.path)]
        kept = self._kept(changes)
        result = self._record(kept)
        if with_patch and result.tree != result.base:
            result = self._patched(kept, result)
        result.untracked = [change.path for change in changes if not change.tracked]
        result.left_out = [self.left_out[path] for path in sorted(self.left_out)]
        return result

    # -- what differs ---------------------------------------------------------------------

    def _status(self) -> list[Change]:
        """What git status says, sorted by path; nothing is hidden by flags in the index."""
        self._unhide()
        output = self.shadow.git(
            "status",
            "--porcelain=v2",
            "-z",
            "--untracked-files=all",
            "--ignore-submodules=dirty",
            "--no-renames",
        )
        records = [_change(record) for record in output.split(b"\0") if record]
        return sorted(record for record in records if record is not None)

    def _unhide(self) -> None:
        """Let changes show that a person hid from git (assume-unchanged, skip-worktree)."""
        listed = self.shadow.git("ls-files", "-v", "-z").split(b"\0")
        assumed = [entry[2:] for entry in listed if entry[:1].islower()]
        skipped = [entry[2:] for entry in listed if entry[:1] in (b"S", b"s")]
        present = [name for name in skipped if os.path.lexists(os.path.join(self._bytes_top, name))]
        for option, names in (("--no-assume-unchanged", assumed), ("--no-skip-worktree", present)):
            if names:
                given = b"".join(name + b"\0" for name in names)
                self.shadow.git("update-index", option, "-z", "--stdin", stdin=given)

    @property
    def _bytes_top(self) -> bytes:
        return os.fsencode(self.top)

    # -- what is kept ---------------------------------------------------------------------

    def _kept(self, changes: list[Change]) -> list[str]:
        """Return the changed paths that the patch may hold; the others are left out and named."""
        lfs = LfsPointers(self.shadow, self.commit_tree, [change.path for change in changes])
        kept = []
        sizes: dict[str, int] = {}
        for change in changes:
            if change.path.endswith("/"):
                self._leave_out(change.path, None, _GIT_FOLDER)
            elif lfs.is_unchanged(change.path):
                continue
            elif lfs.is_filtered(change.path):
                self._leave_out(change.path, self._size(change.path), "filter")
            elif self._may_be_kept(change):
                kept.append(change.path)
                if not change.known:
                    sizes[change.path] = self._size(change.path) or 0
        too_many = self._over_the_total(sizes)
        return [path for path in kept if path not in too_many]

    def _may_be_kept(self, change: Change) -> bool:
        try:
            info = os.lstat(self.top / change.path)
        except OSError:
            return True
        if not stat.S_ISREG(info.st_mode):
            return True
        if info.st_size > (CHANGED_FILE_BYTES if change.known else NEW_FILE_BYTES):
            self._leave_out(change.path, info.st_size, "size")
            return False
        try:
            data = read_regular(self.top, change.path, limit=CHANGED_FILE_BYTES)
        except (OSError, ReportgenError):
            self._leave_out(change.path, info.st_size, "unreadable")
            return False
        if holds_secret(data):
            self._leave_out(change.path, info.st_size, "secret")
            return False
        return True

    def _over_the_total(self, sizes: dict[str, int]) -> set[str]:
        """Leave out the largest new files until the others fit together: source files are small."""
        over = set()
        total = 0
        for path, size in sorted(sizes.items(), key=lambda item: (item[1], item[0])):
            total += size
            if total > NEW_TOTAL_BYTES:
                over.add(path)
                self._leave_out(path, size, "size")
        return over

    def _leave_out(self, path: str, size: int | None, rule: str) -> None:
        digest = self._hashed(path) if rule in ("size", "filter") else None
        self.left_out[path] = LeftOutFile(path=path, bytes=size, sha256=digest, rule=rule)

    def _size(self, path: str) -> int | None:
        try:
            return os.lstat(self.top / path).st_size
        except OSError:
            return None

    def _hashed(self, path: str) -> str | None:
        """Return the SHA-256 of a file, or None when reading it would take all the time left."""
        try:
            return sha256_in_time(self.top, path, self.shadow.deadline)
        except (OSError, UnreadableError, NotFoundError):
            return None

    # -- what is recorded -----------------------------------------------------------------

    def _record(self, kept: Iterable[str]) -> WorkTree:
        """Write the tree of the commit with the kept paths as they are on disk."""
        base = self.shadow.without_runs(self.commit_tree, left_out=self.left_out)
        names = [path.encode("utf-8", "surrogateescape") for path in kept]
        if not names:
            return WorkTree(tree=base, base=base)
        self.shadow.git("read-tree", base, index=_INDEX)
        self.shadow.stage(names, index=_INDEX)
        tree = self.shadow.write_tree(index=_INDEX)
        return WorkTree(self.shadow.without_runs(tree, left_out=self.left_out), base)

    def _patched(self, kept: list[str], result: WorkTree) -> WorkTree:
        """Make the patch; a file whose part of it holds a secret is left out after all.

        That catches what the file itself no longer has: removed and surrounding lines.
        """
        patch = self.shadow.diff(result.base, result.tree)
        if not holds_secret(patch):
            result.patch = patch
            return result
        for path in kept:
            if holds_secret(self.shadow.diff(result.base, result.tree, path)):
                self._leave_out(path, self._size(path), "secret")
        result = self._record(path for path in kept if path not in self.left_out)
        result.patch = self.shadow.diff(result.base, result.tree)
        if holds_secret(result.patch):
            raise UnavailableError("the patch holds a secret that belongs to no one file")
        return result


def _change(record: bytes) -> Change | None:
    """Read one record of ``git status --porcelain=v2 -z`` (git-status, "Porcelain Format 2")."""
    kind = record[:2]
    if kind == b"? ":
        return Change(_text(record[2:]), known=False, tracked=False)
    if kind == b"1 ":
        fields = record.split(b" ", 8)
        return Change(_text(fields[8]), known=fields[3] != b"000000", tracked=True)
    if kind == b"u ":
        return Change(_text(record.split(b" ", 10)[10]), known=True, tracked=True)
    return None


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
