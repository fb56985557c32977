"""The work tree as a git tree: what is changed or untracked, less runs, secrets and large files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.capture.run_trees import is_run_file, run_paths
from reportgen.capture.shadow import ShadowRepository
from reportgen.errors import ReportgenError
from reportgen.fs.hashing import sha256_file
from reportgen.fs.regular import read_regular
from reportgen.runs import layout
from reportgen.runs.redact import holds_secret
from reportgen.runs.schema import LeftOutFile

UNTRACKED_FILE_BYTES = 1_000_000
UNTRACKED_TOTAL_BYTES = 10_000_000
_SECRET_SCAN_BYTES = 4_000_000
_POINTER = re.compile(rb"\Aversion https://git-lfs[^\n]*\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n")


@dataclass(slots=True)
class WorkTree:
    """What a work tree is, beside its commit.

    Attributes:
        tree: Id of the tree that is recorded: everything but runs and what is left out.
        base: Id of the commit's tree, reduced alike.
        patch: What turns ``base`` into ``tree``.
        untracked: Files that no commit holds and no ignore rule names, runs excepted.
        left_out: Files that the patch does not hold, hashed, with the rule.
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


def read_work_tree(shadow: ShadowRepository, head: str | None) -> WorkTree:
    """Return the work tree of a repository; the repository itself is not touched.

    Args:
        shadow: Its private git directory, whose index is used up.
        head: The commit that is checked out, None before the first one.

    Raises:
        UnreadableError, UnavailableError: git refused, or time ran out.
    """
    base = shadow.without_runs(shadow.tree_of(head)) if head else shadow.empty_tree
    result = WorkTree(tree=base, base=base)
    changed = _changed(shadow)
    untracked = _untracked(shadow)
    result.untracked = untracked
    kept = _kept_untracked(shadow.top, untracked, result)
    secret = _secrets(shadow.top, [*changed, *kept], result)
    pointers = _unchanged_pointers(shadow, head, changed)
    _stage(shadow, [path for path in (*changed, *kept) if path not in secret | pointers])
    _restore(shadow, head, secret & set(changed))
    paths = _index_paths(shadow)
    shadow.drop(run_paths(paths, lambda path: shadow.blob_by_id(paths[path])))
    result.tree = shadow.write_tree()
    if result.tree != base:
        result.patch = shadow.diff(base, result.tree)
    return result


def _names(output: bytes) -> list[str]:
    return [name.decode("utf-8", "surrogateescape") for name in output.split(b"\0") if name]


def _changed(shadow: ShadowRepository) -> list[str]:
    """Tracked files whose content or mode may differ; a submodule only by its commit."""
    return _names(shadow.git("diff-files", "-z", "--name-only", "--ignore-submodules=dirty"))


def _untracked(shadow: ShadowRepository) -> list[str]:
    """Files that are neither tracked nor ignored nor part of a run; nested repositories too."""
    names = _names(shadow.git("ls-files", "-z", "--others", "--exclude-standard"))
    runs = _run_prefixes(shadow.top, names)
    return [name for name in names if not name.endswith("/") and not name.startswith(runs)]


def _run_prefixes(top: Path, names: list[str]) -> tuple[str, ...]:
    """Prefixes of untracked run folders, and the sweep and registry files that go with runs."""
    folders = []
    for name in names:
        if name.endswith(f"/{layout.RUN}"):
            try:
                data = read_regular(top, name, limit=1 << 20)
            except (OSError, ReportgenError):
                continue
            if is_run_file(data):
                folders.append(name.removesuffix(layout.RUN))
    parents = {folder.rstrip("/").rpartition("/")[0] for folder in folders}
    besides = {f"{parent}/{layout.SWEEP}" for parent in parents if parent}
    above = {
        "/".join([*parent.split("/")[:count], layout.MODELS])
        for parent in parents
        if parent
        for count in range(1, parent.count("/") + 2)
    }
    return (*folders, *besides, *above)


def _kept_untracked(top: Path, untracked: list[str], result: WorkTree) -> list[str]:
    """Return the untracked files that are small enough for the patch; the rest is hashed."""
    kept = []
    total = 0
    for path in untracked:
        try:
            info = (top / path).lstat()
        except OSError:
            continue
        total += info.st_size
        if info.st_size > UNTRACKED_FILE_BYTES or total > UNTRACKED_TOTAL_BYTES:
            total -= info.st_size
            result.left_out.append(_left_out(top, path, info.st_size, "size"))
        else:
            kept.append(path)
    return kept


def _left_out(top: Path, path: str, size: int, rule: str) -> LeftOutFile:
    try:
        digest: str | None = sha256_file(top, path)[0]
    except (OSError, ReportgenError):
        digest = None
    return LeftOutFile(path=path, bytes=size, sha256=digest, rule=rule)


def _secrets(top: Path, paths: list[str], result: WorkTree) -> set[str]:
    """Files in which a secret of known shape stands: they are named, never kept."""
    found = set()
    for path in paths:
        try:
            data = read_regular(top, path, limit=_SECRET_SCAN_BYTES)
        except (OSError, ReportgenError):
            continue
        if holds_secret(data):
            found.add(path)
            result.left_out.append(
                LeftOutFile(path=path, bytes=len(data), sha256=None, rule="secret")
            )
    return found


def _unchanged_pointers(shadow: ShadowRepository, head: str | None, changed: list[str]) -> set[str]:
    """Files of git-lfs whose content is what the commit's pointer names.

    The filter that would say so is a program of the repository's configuration, so it is not run.
    """
    if head is None or not changed:
        return set()
    entries = shadow.paths(head)
    same = set()
    for path in changed:
        mode, object_id = entries.get(path, ("", ""))
        if not mode.startswith("100"):
            continue
        try:
            blob = shadow.blob_by_id(object_id)
            match = _POINTER.match(blob) if len(blob) < 1_024 else None
            if match and sha256_file(shadow.top, path)[0] == match[1].decode():
                same.add(path)
        except (OSError, ReportgenError):
            continue
    return same


def _stage(shadow: ShadowRepository, paths: list[str]) -> None:
    if paths:
        names = b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
        shadow.git("update-index", "-z", "--add", "--remove", "--stdin", stdin=names)


def _restore(shadow: ShadowRepository, head: str | None, paths: set[str]) -> None:
    """Put files back to what the commit holds, in the private index alone."""
    entries = shadow.paths(head) if head and paths else {}
    lines = [
        f"{entries[path][0]} {entries[path][1]}\t{path}".encode("utf-8", "surrogateescape") + b"\0"
        for path in sorted(paths)
        if path in entries
    ]
    shadow.drop(sorted(path for path in paths if path not in entries))
    if lines:
        shadow.git("update-index", "-z", "--index-info", stdin=b"".join(lines))


def _index_paths(shadow: ShadowRepository) -> dict[str, str]:
    """Return ``path -> blob id`` of the private index."""
    found = {}
    for entry in shadow.git("ls-files", "-z", "--stage").split(b"\0"):
        if entry:
            facts, _, name = entry.partition(b"\t")
            found[name.decode("utf-8", "surrogateescape")] = facts.decode("ascii").split(" ")[1]
    return found
