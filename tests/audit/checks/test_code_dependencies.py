import os
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from audit.case import Case, assert_case, unchanged
from audit.fake_network import FakeNetwork

from reportgen.testing import git, make_repository, make_run, run_check

EDITABLE = "code.editable-deps-pinned"
RESOLVED = "code.submodules-lfs-resolved"
EXISTS = "code.commit-exists"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
REMOTE = "https://example.org/lab/tools.git"
TOOLS = {"commit": COMMIT, "remote": REMOTE, "dirty": False}
BYTES = b"the real weights, far too many for git\n" * 9
OID = sha256(BYTES).hexdigest()
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize {len(BYTES)}\n"


def editable(**changed: Any) -> dict[str, Any]:
    return {"environment": {"editable": {"tools": {**TOOLS, **changed}}}}


def link(repository: Path, commit: str = COMMIT) -> None:
    """A submodule in the tree of which nothing is checked out."""
    url = "https://example.org/lab/tools.git"
    (repository / ".gitmodules").write_text(f'[submodule "tools"]\n\tpath = tools\n\turl = {url}\n')
    git(repository, "add", ".gitmodules")
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{commit},tools")
    git(repository, "commit", "--quiet", "--message", "A submodule")
    (repository / "tools").mkdir()


def submodule(repository: Path) -> None:
    """A submodule that is checked out, with its history."""
    tools = make_repository(repository.parent / "tools", {"tool.py": "WIDTH = 1\n"})
    allowed = ("-c", "protocol.file.allow=always")
    git(repository, *allowed, "submodule", "--quiet", "add", str(tools), "tools")
    git(repository, "commit", "--quiet", "--message", "A submodule")


def lfs(repository: Path) -> None:
    (repository / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    (repository / "weights.bin").write_text(POINTER)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    words = ["git", "-c", "filter.lfs.clean=cat", "-c", "filter.lfs.process=", "add", "--all"]
    subprocess.run(words, cwd=repository, env=environment, check=True, capture_output=True)
    git(repository, "commit", "--quiet", "--message", "Large files")


def lfs_with_object(repository: Path) -> None:
    lfs(repository)
    place = repository / ".git" / "lfs" / "objects" / OID[:2] / OID[2:4] / OID
    place.parent.mkdir(parents=True)
    place.write_bytes(BYTES)


def read(digest: str) -> dict[str, Any]:
    """The run read weights.bin, and what it read had this hash."""
    weights = {"name": "weights", "path": "weights.bin", "sha256": digest, "bytes": len(BYTES)}
    return {"data": {"inputs": [weights]}, "git": {"dirty": False, "dirty_end": False}}


CASES = (
    Case(EDITABLE, "passes", "1 package at a commit of a remote: tools", editable()),
    Case(
        EDITABLE,
        "passes",
        "tools",
        editable(),
        network=FakeNetwork(refs={REMOTE: {"refs/heads/main": COMMIT}}),
        name="online",
        more={"evidence": "E4"},
    ),
    Case(EDITABLE, "fails", "without a commit: tools", editable(commit=None)),
    Case(EDITABLE, "fails", "not recorded", {"environment": {"editable": None}}, name="unknown"),
    Case(EDITABLE, "partly", "had changes in no commit", editable(dirty=True)),
    Case(EDITABLE, "partly", "may have had changes", editable(dirty=None), name="state-unknown"),
    Case(EDITABLE, "partly", "has no remote", editable(remote=None), name="no-remote"),
    Case(EDITABLE, "partly", "reached by file", editable(remote="file:///x/y"), name="local"),
    # A word where the id of a commit belongs.
    Case(EDITABLE, "cheats", "without a commit: tools", editable(commit="main")),
    Case(EDITABLE, "cheats", "without a commit", editable(commit="0123abc"), name="short"),
    Case(EDITABLE, "not-applicable", "no package is used from a folder elsewhere"),
    Case(
        EDITABLE,
        "inconclusive",
        "ran elsewhere",
        {"environment": {"editable": None, "not_available": {"editable": "ran elsewhere"}}},
    ),
    Case(RESOLVED, "not-applicable", "no submodule and no LFS pointer", before=unchanged),
    Case(RESOLVED, "passes", "1 submodule and 0 LFS files, all here", before=submodule),
    Case(RESOLVED, "passes", "0 submodules and 1 LFS file", before=lfs_with_object, name="lfs"),
    Case(RESOLVED, "passes", "1 LFS file", read(OID), before=lfs, name="read-as-input"),
    Case(RESOLVED, "partly", "1 of 1 recorded and not here: tools", before=link),
    Case(RESOLVED, "partly", "not here: weights.bin", before=lfs, name="lfs"),
    Case(
        RESOLVED,
        "fails",
        "submodule tools",
        {"git": {"submodules": []}},
        before=submodule,
    ),
    Case(
        RESOLVED,
        "fails",
        "changes in tools are in no commit",
        {"git": {"not_available": {"submodules": "changes in tools are in no commit"}}},
        before=submodule,
        name="changed",
    ),
    # Recorded, at another commit than the tree has.
    Case(
        RESOLVED,
        "cheats",
        "submodule tools",
        {"git": {"submodules": [{"path": "tools", "commit": COMMIT[::-1], "url": REMOTE}]}},
        before=submodule,
    ),
    # The classic: the object was never fetched, and the run trained on the pointer's text.
    Case(
        RESOLVED,
        "cheats",
        "weights.bin: the run read the pointer itself",
        read(sha256(POINTER.encode()).hexdigest()),
        before=lfs_with_object,
        name="pointer-as-data",
    ),
    Case(RESOLVED, "inconclusive", "", more={"blocked_by": EXISTS}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_a_submodule_of_a_hostile_path_is_looked_for_nowhere_else(tmp_path: Path) -> None:
    other = make_repository(tmp_path / "private", {"x": "1"})
    commit = git(other, "rev-parse", "HEAD")
    lab = make_repository(tmp_path / "lab")
    link(lab, commit)
    (lab / "tools").rmdir()
    (lab / "tools").symlink_to(other)
    run = make_run(lab / "runs", repository=lab, git={"dirty": False, "dirty_end": False})
    result = run_check(RESOLVED, run)
    assert result.outcome != "pass"


def test_nothing_of_a_submodule_is_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = make_repository(tmp_path / "lab")
    submodule(lab)
    run = make_run(lab / "runs", repository=lab)
    config = lab / ".git" / "modules" / "tools" / "config"
    canary: Callable[[], bool] = (tmp_path / "PWNED").exists
    git(lab, "config", "--file", str(config), "core.fsmonitor", f"touch {tmp_path}/PWNED")
    git(lab, "config", "--file", str(config), "core.sshCommand", f"touch {tmp_path}/PWNED")
    assert run_check(RESOLVED, run).outcome == "pass"
    assert not canary()
