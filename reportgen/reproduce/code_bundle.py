"""The code of a run as one file that git can read, without the history that led to it.

The file is a git bundle (git's gitformat-bundle) of one commit that has no parents and whose tree
is the recorded one: the commit with what was not committed, less run folders. Its packed objects
are made anew and without deltas, so that the bytes do not depend on how the repository keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.capture import git_process
from reportgen.capture.git_objects import LINK_TO_COMMIT
from reportgen.capture.lfs import pointer_sha256
from reportgen.capture.shadow import ShadowRepository
from reportgen.errors import UsageError
from reportgen.reproduce.documents import BundledCode
from reportgen.reproduce.source import Source, verify_tree
from reportgen.runs import layout
from reportgen.runs.secret_scan import SecretPlace, scan_pieces
from reportgen.script.facts import ScriptFacts

CODE = "code.bundle"
CITATION = "CITATION.cff"
LICENSE = "LICENSE"
BUILD = "pyproject.toml"
BRANCH = "refs/heads/run"

_PERSON = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "reportgen"), ("EMAIL", "reportgen@example.invalid"))
}


@dataclass(frozen=True, slots=True)
class RecordedCode:
    """The recorded tree, in a repository that is at hand.

    Attributes:
        shadow: The repository; good while it is open.
        facts: What the run recorded.
        tree: Id of the tree.
        files: Mode and object id of each path.
    """

    shadow: ShadowRepository
    facts: ScriptFacts
    tree: str
    files: dict[str, tuple[str, str]] = field(default_factory=dict)

    def read(self, path: str) -> bytes | None:
        """Return a file of the tree, or None when it holds no such file."""
        return self.shadow.blob(self.tree, path) if path in self.files else None


@contextmanager
def recorded_code(source: Source, facts: ScriptFacts, patch: bytes) -> Iterator[RecordedCode]:
    """Yield the recorded tree, verified.

    Args:
        source: A repository that holds the commit.
        facts: Commit, tree and what was left out.
        patch: The content of git_diff.patch.

    Raises:
        UsageError: The run recorded no tree, or commit and patch give another.
        UnavailableError: The repository cannot be read.
    """
    if facts.tree is None:
        raise UsageError(
            "the run recorded no tree id, so its code cannot be told from any other",
            where=layout.GIT,
            expected="tree: the id of commit and patch",
        )
    with source.shadow() as shadow:
        verify_tree(shadow, facts, patch, allow_links=True)
        yield RecordedCode(shadow, facts, facts.tree, shadow.paths(facts.tree))


def look_through(code: RecordedCode) -> tuple[list[SecretPlace], list[str]]:
    """Return the places of secrets in the tree (``code:PATH``), and what it names and lacks.

    A tree names submodules and the content of git-lfs without holding either.
    """
    secrets: list[SecretPlace] = []
    lacking = []
    for path, (mode, object_id) in code.files.items():
        if mode == LINK_TO_COMMIT:
            lacking.append(f"submodule {path} at {object_id}")
            continue
        data = code.shadow.objects.blob(object_id) or b""
        secrets += scan_pieces(f"code:{path}", [data])
        if pointer_sha256(data) is not None:
            lacking.append(f"{path}: its git-lfs content")
    return secrets, lacking


def write_code(code: RecordedCode, target: Path) -> str:
    """Write the tree as a git bundle and return the id of the commit in it.

    Raises:
        UnreadableError, UnavailableError: git refused, or took too long.
        OSError: The disk refused.
    """
    shadow, facts = code.shadow, code.facts
    seconds = shadow.commit_time(facts.commit or "")
    dates = {f"GIT_{role}_DATE": f"{seconds} +0000" for role in ("AUTHOR", "COMMITTER")}
    message = f"Code of run {facts.run}\n\nCommit {facts.commit} with what was not committed.\n"
    commit = _git(shadow, "commit-tree", code.tree, "-m", message, **_PERSON, **dates).strip()
    listed = _git(shadow, "rev-list", "--objects", "--no-object-names", commit)
    stem = shadow.path / "handed"
    plain = ("--no-reuse-delta", "--no-reuse-object", "--window=0", "--threads=1")
    settings = ("-c", "pack.compression=6", "-c", "pack.packSizeLimit=0")
    pack = shadow.git(
        *settings, "pack-objects", "-q", *plain, str(stem), stdin=listed.encode("ascii")
    )
    version = (
        "# v3 git bundle\n@object-format=sha256\n" if len(commit) == 64 else "# v2 git bundle\n"
    )
    head = f"{version}{commit} HEAD\n{commit} {BRANCH}\n\n"
    with target.open("wb") as file:
        file.write(head.encode("ascii"))
        with Path(f"{stem}-{pack.decode('ascii').strip()}.pack").open("rb") as packed:
            while piece := packed.read(1 << 20):
                file.write(piece)
    return commit


def _git(shadow: ShadowRepository, *arguments: str, **variables: str) -> str:
    status, output, errors = shadow.run([*arguments], b"", None, **variables)
    if status:
        raise git_process.failure([*arguments], status, errors)
    return output.decode("ascii")


def described(code: RecordedCode, snapshot: str) -> BundledCode:
    """Return what bundle.json says of the code."""
    return BundledCode(
        file=CODE,
        commit=code.facts.commit,
        tree=code.tree,
        snapshot=snapshot,
        patch_sha256=code.facts.patch_sha256,
    )
