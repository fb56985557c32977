"""Restore the recorded code into a new folder: commit plus patch, the tree id verified on disk.

The new folder gets a repository of our own that borrows the objects of the source (or fetches
them): no hook, filter or setting of the user takes part, and nothing of the user's repository is
written. The index is completed and checked before the first file is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.capture import git_process
from reportgen.capture.git_folder import open_git_folder
from reportgen.capture.git_objects import LINK_TO_COMMIT, full_id
from reportgen.capture.git_process import Deadline
from reportgen.capture.lfs import pointer_sha256
from reportgen.capture.shadow import find_top, open_shadow
from reportgen.errors import ReportgenError, UnavailableError
from reportgen.fs.hashing import sha256_file
from reportgen.reproduce.source import SECONDS, Source, verify_tree
from reportgen.runs.schema import Submodule
from reportgen.script.facts import ScriptFacts

_FETCH_SECONDS = 1800.0
_POINTER_BYTES = 1_024
_POINTER_START = b"version https://git-lfs.github.com/spec/v1\n"
_MAX_DEPTH = 8


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
    repository = _NewRepository(tree, len(commit))
    repository.obtain(source, commit)
    with open_shadow(tree, seconds=SECONDS, trusted=True) as shadow:
        verify_tree(shadow, facts, patch, allow_links=allow_links)
    repository.check_out(commit, patch)
    restored = Restored(tree)
    if facts.tree is None:
        restored.notes.append("the run recorded no tree id: what was restored cannot be checked")
    else:
        restored.notes.append(f"tree {facts.tree}, as recorded")
    _fill_submodules(restored, repository, source, {item.path: item for item in submodules})
    _fill_pointers(restored, repository, source)
    return restored


class _NewRepository:
    """A repository in a new folder, with a configuration of its own and none of the user's.

    Args:
        tree: The folder, which is made.
        id_digits: 40 for SHA-1, 64 for SHA-256.
    """

    def __init__(self, tree: Path, id_digits: int) -> None:
        self.tree = tree
        self._environment = {
            **git_process.base_environment(),
            "GIT_DIR": str(tree / ".git"),
            "GIT_WORK_TREE": str(tree),
        }
        self.paths: dict[str, tuple[str, str]] = {}
        tree.mkdir(parents=True, exist_ok=True)
        kind = "sha256" if id_digits == 64 else "sha1"
        self.git("init", "--quiet", "--template=", f"--object-format={kind}")

    def git(
        self, *arguments: str, stdin: bytes = b"", index: str | None = None, status: int = 0
    ) -> bytes:
        """Run git here and return its output.

        Args:
            arguments: Command and options.
            stdin: Bytes for its standard input.
            index: Name of another index in the git directory.
            status: An exit status that is fine besides 0.

        Raises:
            UnavailableError: It refused.
        """
        environment = dict(self._environment)
        if index is not None:
            environment["GIT_INDEX_FILE"] = str(self.tree / ".git" / index)
        ended, output, errors = git_process.run_git(
            ["-c", "core.hooksPath=/dev/null", "-c", "core.protectHFS=true", *arguments],
            folder=self.tree,
            environment=environment,
            deadline=Deadline(SECONDS),
            stdin=stdin,
        )
        if ended not in (0, status):
            raise UnavailableError(git_process.failure([*arguments], ended, errors).what)
        return output

    # -- objects --------------------------------------------------------------------------

    def obtain(self, source: Source, commit: str) -> None:
        """Bring the objects of a commit within reach.

        Raises:
            UnavailableError: The remote does not give it.
        """
        if source.top is not None:
            self._borrow(source.top, trusted=source.trusted)
        elif source.remote is not None:
            self._fetch(source.remote, commit)

    def _borrow(self, top: Path, *, trusted: bool) -> None:
        folder = open_git_folder(top, trusted=trusted)
        place = os.fsencode(folder.objects.resolve())
        for plain, escaped in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n")):
            place = place.replace(plain, escaped)
        own = self.tree / ".git"
        (own / "objects" / "info").mkdir(parents=True, exist_ok=True)
        (own / "objects" / "info" / "alternates").write_bytes(b'"' + place + b'"\n')
        shallow = folder.common / "shallow"
        if shallow.is_file() and not shallow.is_symlink():
            (own / "shallow").write_bytes(shallow.read_bytes())

    def _fetch(self, remote: str, commit: str) -> None:
        """Hosts that do not serve a commit by its id are asked for all branches and kept runs."""
        everything = ("heads/*:refs/remotes/origin/*", "tags/*:refs/tags/*")
        references = [f"+refs/{names}" for names in everything]
        references.append("+refs/reportgen/*:refs/reportgen/*")
        for wanted in (["--depth=1", "--", remote, commit], ["--", remote, *references]):
            # The user's own git settings know how to log in there.
            environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
            own = {"GIT_DIR": self._environment["GIT_DIR"], "GIT_TERMINAL_PROMPT": "0"}
            status, _, _ = git_process.run_git(
                ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", *wanted],
                folder=self.tree,
                environment={**environment, **own, "GIT_ALLOW_PROTOCOL": "https:ssh"},
                deadline=Deadline(_FETCH_SECONDS),
            )
            if status == 0 and self._has(commit):
                return
        raise UnavailableError(
            f"does not give commit {commit}",
            where=remote,
            fix="Clone the repository and name it by --repository DIR",
        )

    def _has(self, commit: str) -> bool:
        try:
            self.git("cat-file", "-e", f"{commit}^{{commit}}")
        except UnavailableError:
            return False
        return True

    # -- files ----------------------------------------------------------------------------

    def check_out(self, commit: str, patch: bytes = b"") -> None:
        """Write the files of a commit with a patch applied, and read them back to compare.

        Raises:
            UnavailableError: A file cannot be written as it was, such as a name that this file
                system does not take.
        """
        self.git("update-ref", "--no-deref", "HEAD", commit)
        self.git("read-tree", commit)
        if patch.strip():
            self.git("apply", "--cached", "--binary", "--whitespace=nowarn", "-", stdin=patch)
        self.git("checkout-index", "--all", "-u", "--quiet")
        self._read_back()

    def _read_back(self) -> None:
        # An index without file times makes git read every file instead of trusting them.
        self.git("read-tree", self.git("write-tree").decode().strip(), index="check")
        self.git("update-index", "-q", "--ignore-submodules", "--refresh", index="check", status=1)
        listed = ("-z", "--name-only", "--ignore-submodules=all")
        other = self.git("diff-files", *listed, index="check").split(b"\0")[:-1]
        (self.tree / ".git" / "check").unlink(missing_ok=True)
        for entry in self.git("ls-files", "-s", "-z").split(b"\0"):
            if entry:
                facts, _, name = entry.partition(b"\t")
                mode, object_id, _ = facts.decode("ascii").split(" ")
                self.paths[os.fsdecode(name)] = (mode, object_id)
        if other:
            first = os.fsdecode(other[0])
            raise UnavailableError(
                f"{len(other)} files cannot be restored as they were, the first is {first!r:.200}",
                expected="a file system that keeps names, links and modes",
            )

    def entries(self, mode: str) -> Iterator[tuple[str, str]]:
        """Yield path and object id of what has this mode."""
        for path, (found, object_id) in self.paths.items():
            if found == mode:
                yield path, object_id


def _fill_submodules(
    restored: Restored,
    repository: _NewRepository,
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
            below = _NewRepository(repository.tree / path, len(commit))
            own = Source(there, trusted=source.trusted)
            below.obtain(own, commit)
            below.check_out(commit)
        except ReportgenError as error:
            restored.missing.append(f"submodule {path} at {commit}: {error.what}")
            continue
        restored.notes.append(f"submodule {path} at {commit}")
        _fill_submodules(restored, below, own, {}, depth + 1)


def _fill_pointers(restored: Restored, repository: _NewRepository, source: Source) -> None:
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
