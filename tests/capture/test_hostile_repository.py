"""Nothing that a repository's configuration names is executed, and the answers are still right.

Each vector is first shown to work against plain git, so that a test which sees no canary has
seen it miss.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from reportgen.capture import git_process
from reportgen.capture.code import capture_code, dirty_now
from reportgen.capture.git_objects import ObjectReader
from reportgen.capture.shadow import open_shadow
from reportgen.errors import LimitError, UnavailableError, UnreadableError


class Vector(NamedTuple):
    """One way to have git run a program: how it is planted, and a plain command that runs it."""

    name: str
    config: tuple[tuple[str, str], ...]
    attributes: str = ""
    plain: tuple[str, ...] = ("status",)


def _config(*pairs: str) -> tuple[tuple[str, str], ...]:
    return tuple(zip(pairs[0::2], pairs[1::2], strict=True))


VECTORS = [
    Vector("fsmonitor", _config("core.fsmonitor", "{run}")),
    Vector("filter.clean", _config("filter.x.clean", "{run}; cat"), "* filter=x", ("diff", "HEAD")),
    Vector(
        "filter.process",
        _config("filter.x.process", "{run}", "filter.x.required", "false"),
        "* filter=x",
        ("diff", "HEAD"),
    ),
    Vector("textconv", _config("diff.x.textconv", "{run}; cat"), "* diff=x", ("diff",)),
    Vector("diff.command", _config("diff.x.command", "{run}"), "* diff=x", ("diff",)),
    Vector("diff.external", _config("diff.external", "{run}"), "", ("diff",)),
    Vector("hooksPath", _config("core.hooksPath", "{hooks}"), "", ("status",)),
    Vector(
        "gpg.program",
        _config("gpg.program", "{program}", "log.showSignature", "true"),
        "",
        ("log", "-1"),
    ),
    Vector("alias", _config("alias.state", "!{run}"), "", ("state",)),
    Vector("include", _config("include.path", "{included}"), "", ("status",)),
]


@pytest.fixture
def program(tmp_path: Path, canary: Path) -> Path:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    hook = hooks / "post-index-change"
    hook.write_text(f"#!/bin/sh\ntouch '{canary}'\n")
    hook.chmod(0o755)
    return hook


def plant(repo, vector: Vector, program: Path, canary: Path) -> None:
    included = program.parent.parent / "included"
    included.write_text(f"[core]\n\tfsmonitor = '{program}'\n")
    words = {
        "run": f"'{program}'",
        "program": str(program),
        "hooks": str(program.parent),
        "included": str(included),
    }
    for key, value in vector.config:
        repo.git("config", key, value.format(**words))
    if vector.attributes:
        (repo.top / ".git/info").mkdir(exist_ok=True)
        (repo.top / ".git/info/attributes").write_text(vector.attributes + "\n")


def change_files(repo) -> None:
    """The same size with another time, another size, a new file, and a staged one."""
    repo.write("train.py", "import lib\nlib.RUN()\n")
    os.utime(repo.top / "train.py", (1, 1))
    repo.write("lib/__init__.py", "def run():\n    return 22\n")
    repo.write("new.py", "n = 1\n")
    repo.write("staged.py", "s = 1\n")
    repo.git("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "add", "staged.py")


def signed_commit(repo) -> None:
    """A commit with a signature, for git to check."""
    head, _, message = repo.git("cat-file", "commit", "HEAD").partition("\n\n")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----"
    raw = f"{head}\n{signature}\n\n{message}\n"
    made = repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw.encode())
    repo.git("update-ref", "HEAD", made)


def everything(repo) -> list[object]:
    """Each answer that capture and audit ask of a repository."""
    captured = capture_code(repo.top)
    git = captured.git
    answers: list[object] = [git.commit, git.tree, git.dirty, git.untracked, captured.patch]
    answers.append(dirty_now(repo.top))
    with open_shadow(repo.top) as shadow:
        head = shadow.head() or ""
        answers += [shadow.work_tree_id(), shadow.paths(head), list(shadow.history())]
        answers += [shadow.blob(head, "train.py"), shadow.commit_time(head), shadow.is_shallow()]
        answers.append(shadow.tree_with_patch(head, captured.patch))
        answers.append(shadow.diff(shadow.tree_of(head), shadow.work_tree_id()))
    return answers


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_nothing_is_executed_and_answers_equal_the_clean_twin(
    vector: Vector, repo, program: Path, canary: Path
) -> None:
    signed_commit(repo)
    change_files(repo)
    clean = everything(repo)
    plant(repo, vector, program, canary)
    repo.write("train.py", "import lib\nlib.Run()\n")
    subprocess.run(["git", *vector.plain], cwd=repo.top, capture_output=True, check=False)
    assert canary.exists(), "the vector does not work against plain git"
    canary.unlink()
    repo.write("train.py", "import lib\nlib.RUN()\n")
    os.utime(repo.top / "train.py", (1, 1))
    before = repo.snapshot()
    assert everything(repo) == clean
    assert not canary.exists()
    assert repo.snapshot() == before


@pytest.mark.parametrize(
    "pair",
    [
        ("core.worktree", "/"),
        ("core.attributesFile", "{attributes}"),
        ("includeIf.gitdir:/.path", "{included}"),
        ("core.sshCommand", "touch '{canary}'"),
        ("credential.helper", "!touch '{canary}'"),
        ("url.ext::sh -c touch% {canary}.insteadOf", "https://"),
        ("uploadpack.packObjectsHook", "touch '{canary}'"),
        ("extensions.partialClone", "origin"),
        ("core.pager", "touch '{canary}'"),
        ("core.gitProxy", "touch '{canary}'"),
        ("protocol.ext.allow", "always"),
        ("core.bare", "true"),
        ("diff.noprefix", "true"),
        ("diff.renames", "copies"),
        ("core.quotePath", "false"),
        ("status.showUntrackedFiles", "no"),
        ("diff.ignoreSubmodules", "all"),
        ("core.abbrev", "4"),
        ("core.commentChar", ";"),
    ],
    ids=lambda pair: pair[0],
)
def test_settings_of_the_repository_change_no_answer(
    pair: tuple[str, str], repo, program: Path, canary: Path
) -> None:
    change_files(repo)
    clean = everything(repo)
    attributes = program.parent / "attributes"
    attributes.write_text("* filter=x diff=x\n")
    included = program.parent / "included"
    included.write_text(f"[core]\n\tfsmonitor = touch '{canary}'\n")
    words = {"canary": canary, "attributes": attributes, "included": included}
    with open(repo.top / ".git/config", "a", encoding="utf-8") as config:
        section, _, name = pair[0].partition(".")
        inner, _, last = name.rpartition(".")
        head = f'[{section} "{inner}"]' if inner else f"[{section}]"
        value = pair[1].format(**words)
        config.write(f'{head.format(**words)}\n\t{last} = "{value}"\n')
        config.write(f'[filter "x"]\n\tclean = "touch \'{canary}\'; cat"\n')
        config.write("[core]\n\trepositoryformatversion = 1\n")
    assert everything(repo) == clean
    assert not canary.exists()


def test_a_promisor_remote_is_never_asked(repo, canary: Path) -> None:
    """A partial clone would fetch a missing object, here by running a program."""
    blob = repo.git("rev-parse", "HEAD:data/table.csv")
    (repo.top / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for key, value in (
        ("remote.origin.url", f"ext::sh -c touch% {canary}"),
        ("remote.origin.promisor", "true"),
        ("extensions.partialClone", "origin"),
        ("protocol.ext.allow", "always"),
    ):
        repo.git("config", key, value)
    head = repo.git("rev-parse", "HEAD")
    subprocess.run(["git", "cat-file", "-e", blob], cwd=repo.top, capture_output=True, check=False)
    assert canary.exists(), "the vector does not work against plain git"
    canary.unlink()
    with open_shadow(repo.top) as shadow:
        assert shadow.objects.read(blob) is None
        assert shadow.tree_of(head)
    assert capture_code(repo.top).git.dirty is False
    assert not canary.exists()


def test_a_nested_repository_and_a_submodule_execute_nothing(repo, make_repo, canary: Path) -> None:
    library = make_repo("library")
    library.write("code.py")
    library.commit()
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.top), "ext")
    repo.commit()
    nested = repo.top / "nested"
    subprocess.run(["git", "init", "-q", str(nested)], check=True)
    (nested / "file.py").write_text("x = 1\n")
    for place in (repo.top / ".git/modules/ext/config", nested / ".git/config"):
        with open(place, "a", encoding="utf-8") as config:
            config.write(f"[core]\n\tfsmonitor = \"touch '{canary}'\"\n")
    (repo.top / "ext/code.py").write_text("x = 22\n")
    subprocess.run(["git", "status"], cwd=repo.top, capture_output=True, check=False)
    assert canary.exists(), "the vector does not work against plain git"
    canary.unlink()
    captured = capture_code(repo.top).git
    with open_shadow(repo.top) as shadow:
        shadow.work_tree_id()
    assert not canary.exists()
    assert captured.submodules[0].path == "ext"
    assert "ext" in captured.not_available["submodules"]
    assert captured.untracked == ["nested/"]


HOSTILE_NAMES = ["--output=PWNED", "-c", "é", "$(touch${IFS}PWNED)", "<b>", "HEAD", "0" * 40]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_of_references_are_names(repo, name: str, canary: Path) -> None:
    head = repo.git("rev-parse", "HEAD")
    for kind in ("heads", "tags"):
        place = repo.top / ".git/refs" / kind / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{head}\n")
    (repo.top / ".git/HEAD").write_text(f"ref: refs/heads/{name}\n", encoding="utf-8")
    git = capture_code(repo.top).git
    assert git.commit == head
    assert git.branch == name
    assert git.dirty is False
    with open_shadow(repo.top) as shadow:
        assert {commit for commit, _ in shadow.history()} == {head}
    assert not list(repo.top.rglob("PWNED"))


def test_the_environment_of_the_caller_is_ignored(
    repo, make_repo: Callable, monkeypatch: pytest.MonkeyPatch, canary: Path, tmp_path: Path
) -> None:
    change_files(repo)
    clean = everything(repo)
    other = make_repo("other")
    other.write("b.py")
    other.commit()
    stub = repo.top / "git"
    stub.write_text(f"#!/bin/sh\ntouch '{canary}'\n")
    stub.chmod(0o755)
    (repo.top / ".git/info/exclude").write_text("/git\n")
    for name, value in {
        "GIT_DIR": str(other.top / ".git"),
        "GIT_WORK_TREE": str(other.top),
        "GIT_INDEX_FILE": "/nowhere",
        "GIT_EXTERNAL_DIFF": f"touch '{canary}'",
        "GIT_SSH_COMMAND": f"touch '{canary}'",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": f"touch '{canary}'",
        "GIT_PAGER": f"touch '{canary}'",
        "GIT_TRACE": str(canary),
        "GIT_OBJECT_DIRECTORY": str(other.top / ".git/objects"),
        "GIT_CEILING_DIRECTORIES": "/",
        "PATH": f".:{os.environ['PATH']}",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(repo.top)
    assert everything(repo) == clean
    assert not canary.exists()


def _stub(tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    stub = folder / "git"
    stub.write_text(f"#!/bin/sh\n{script}\n")
    stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))
    return stub


def test_without_git_the_reason_is_said(
    repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    git = capture_code(repo.top).git
    assert git.not_available["commit"] == "git is not installed"
    assert git.dirty is None
    with pytest.raises(UnavailableError, match="git is not installed"), open_shadow(repo.top):
        pass


def test_a_git_that_hangs_ends_with_the_time(
    repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stub(tmp_path, "exec /bin/sleep 600", monkeypatch)
    git = capture_code(repo.top, seconds=0.3).git
    assert git.not_available["commit"].startswith("took too long")
    assert git.dirty is None
    assert dirty_now(repo.top, seconds=0.3) is None


def test_a_git_that_floods_is_cut_off(
    repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stub(
        tmp_path, "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done", monkeypatch
    )
    arguments = {"folder": repo.top, "environment": {}, "deadline": git_process.Deadline(30)}
    with pytest.raises(LimitError, match="more than 1000 bytes"):
        git_process.run_git(["status"], limit=1_000, **arguments)  # type: ignore[arg-type]
    reader = ObjectReader(repo.top, {}, tmp_path, git_process.Deadline(30))
    with pytest.raises(UnreadableError, match=r"no line|cannot read"):
        reader.read("0" * 40)


def test_a_git_that_fails_says_no_secret_place(
    repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stub(tmp_path, 'echo "fatal: bad $GIT_DIR and $GIT_WORK_TREE" >&2; exit 128', monkeypatch)
    git = capture_code(repo.top).git
    assert git.not_available["commit"] == "git rev-parse refused: fatal: bad .git and ."
