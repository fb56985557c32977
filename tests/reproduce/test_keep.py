"""`reportgen keep`: the commit of a run outlives its branch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from reproduce.projects import Project

from reportgen.errors import NotFoundError, UsageError
from reportgen.reproduce.keep import keep, reference_of, repository_of
from reportgen.runs.view import RunView


def command(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reportgen", "keep", *map(str, words)],
        capture_output=True,
        text=True,
    )


def drop_branch(project: Project) -> None:
    """What remains when a branch is squashed, deleted, and git cleans up."""
    project.git("checkout", "--quiet", "--orphan", "other")
    project.git("commit", "--quiet", "-m", "Squashed")
    for branch in project.git("branch", "--format=%(refname:short)").split():
        if branch != "other":
            project.git("branch", "--quiet", "-D", branch)
    project.git("reflog", "expire", "--expire=now", "--all")
    project.git("gc", "--quiet", "--prune=now")


def has(project: Project, commit: str) -> bool:
    words = ["git", "cat-file", "-e", f"{commit}^{{commit}}"]
    return subprocess.run(words, cwd=project.top, capture_output=True).returncode == 0


def commit_of(view: RunView) -> str:
    assert view.git is not None
    assert view.git.commit is not None
    return view.git.commit


@pytest.mark.parametrize("kept", [True, False])
def test_what_is_kept_survives_and_what_is_not_goes(
    recorded: RunView, project: Project, kept: bool
) -> None:
    if kept:
        done = command(recorded.folder)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[1] == (
            f"refs/reportgen/{recorded.id}\t{commit_of(recorded)}"
        )
    drop_branch(project)
    assert has(project, commit_of(recorded)) is kept


def test_released_it_goes(recorded: RunView, project: Project) -> None:
    assert command(recorded.folder).returncode == 0
    assert "had it so already" in command(recorded.folder).stderr
    assert command(recorded.folder, "--release").returncode == 0
    assert project.git("for-each-ref", "refs/reportgen") == ""
    assert "had it so already" in command(recorded.folder, "--release").stderr


def test_it_is_brought_to_a_remote_and_taken_away(
    recorded: RunView, project: Project, tmp_path: Path
) -> None:
    away = tmp_path / "away.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(away)], check=True)
    project.git("remote", "add", "origin", str(away))
    there = ["git", "for-each-ref", "--format=%(refname) %(objectname)"]
    assert command(recorded.folder, "--push", "origin").returncode == 0
    found = subprocess.run(there, cwd=away, capture_output=True, text=True).stdout.strip()
    assert found == f"{reference_of(recorded)} {commit_of(recorded)}"
    assert command(recorded.folder, "--release", "--push", "origin").returncode == 0
    assert subprocess.run(there, cwd=away, capture_output=True, text=True).stdout == ""


@pytest.mark.parametrize("remote", ["nowhere", "--upload-pack=touch PWNED", "ext::sh -c x", ""])
def test_what_is_no_remote_is_refused(recorded: RunView, remote: str, tmp_path: Path) -> None:
    done = command(recorded.folder, f"--push={remote}")
    assert done.returncode == (2 if remote else 0)
    assert not list(tmp_path.rglob("PWNED"))


def test_hooks_of_the_repository_are_not_run(
    recorded: RunView, project: Project, tmp_path: Path
) -> None:
    hook = project.top / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/PWNED\n")
    hook.chmod(0o755)
    assert keep(recorded, repository_of(recorded)).changed
    assert not (tmp_path / "PWNED").exists()


def test_a_commit_that_is_not_here_is_said(recorded: RunView, tmp_path: Path) -> None:
    info = yaml.safe_load((recorded.folder / "git_info.yaml").read_text())
    info |= {"commit": "0" * 40, "remote": None}
    (recorded.folder / "git_info.yaml").write_text(yaml.safe_dump(info))
    with pytest.raises(NotFoundError, match="holds commit 0000"):
        repository_of(RunView(recorded.folder))


@pytest.mark.parametrize("run_id", ["../heads/main", "a b", "x.lock", "-d", "a/b"])
def test_an_id_that_is_no_part_of_a_reference_is_refused(recorded: RunView, run_id: str) -> None:
    run = yaml.safe_load((recorded.folder / "run.yaml").read_text())
    (recorded.folder / "run.yaml").write_text(yaml.safe_dump({**run, "id": run_id}))
    with pytest.raises(UsageError, match="no part of a reference"):
        reference_of(RunView(recorded.folder))
