"""git_info.yaml says which code ran, without a credential, a place or a raise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.capture import code
from reportgen.capture.code import capture_code, dirty_now
from reportgen.runs.schema import to_plain


def test_commit_branch_tags_and_description(repo) -> None:
    head = repo.git("rev-parse", "HEAD")
    repo.git("tag", "v1")
    repo.git("tag", "-a", "v1-signed", "-m", "x")
    repo.git("branch", "other")
    git = capture_code(repo.top / "lib").git
    assert (git.commit, git.branch, git.tags) == (head, "main", ["v1", "v1-signed"])
    assert git.describe == "v1-signed"
    later = repo.commit("later")
    git = capture_code(repo.top).git
    assert git.tags == []
    assert git.describe == f"v1-signed-1-g{later[:7]}"


def test_a_detached_head_has_no_branch(repo) -> None:
    repo.git("checkout", "-q", "--detach")
    git = capture_code(repo.top).git
    assert git.branch is None
    assert git.commit
    assert git.describe == git.commit[:7]


def test_a_branch_with_slashes_and_packed_references(repo) -> None:
    repo.git("checkout", "-q", "-b", "feature/é-1")
    repo.git("pack-refs", "--all")
    git = capture_code(repo.top).git
    assert git.branch == "feature/é-1"
    assert git.commit == repo.git("rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("url", "kept", "redacted"),
    [
        ("https://example.org/a/b.git", "https://example.org/a/b.git", False),
        ("https://user:pa55@example.org/a.git", "https://example.org/a.git", True),
        ("https://t0ken@example.org/a.git", "https://example.org/a.git", True),
        ("ssh://git@example.org/a.git", "ssh://git@example.org/a.git", False),
        ("git@example.org:a/b.git", "git@example.org:a/b.git", False),
    ],
)
def test_the_remote_has_no_credentials(repo, url: str, kept: str, redacted: bool) -> None:
    repo.git("remote", "add", "origin", url)
    captured = capture_code(repo.top)
    assert captured.git.remote == kept
    rules = [entry.rule for entry in captured.left_out]
    assert rules == (["url-userinfo"] if redacted else [])


@pytest.mark.parametrize("url", ["/home/somebody/a.git", "file:///home/x/a.git", "../a", "~/a.git"])
def test_a_remote_on_this_machine_is_not_named(repo, url: str) -> None:
    repo.git("remote", "add", "origin", url)
    git = capture_code(repo.top).git
    assert git.remote is None
    assert "local path" in git.not_available["remote"]


def test_outside_a_repository_that_is_said(tmp_path: Path) -> None:
    captured = capture_code(tmp_path)
    assert captured.top is None
    assert captured.git.not_available == {
        "commit": "not a git repository",
        "dirty": "not a git repository",
        "tree": "not a git repository",
    }


def test_a_folder_that_is_not_there_is_no_repository(tmp_path: Path) -> None:
    assert capture_code(tmp_path / "nowhere").git.commit is None


def test_a_fault_of_ours_never_reaches_the_training(repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("not today")

    monkeypatch.setattr(code, "read_work_tree", fails)
    git = capture_code(repo.top).git
    assert git.commit == repo.git("rev-parse", "HEAD")
    assert git.not_available["tree"] == "RuntimeError while the repository was read"
    assert git.dirty is None
    assert dirty_now(repo.top) is None


def test_no_place_or_person_stands_in_the_record(repo) -> None:
    repo.write("new.py")
    text = json.dumps(to_plain(capture_code(repo.top).git))
    assert str(repo.top) not in text
    assert os.path.expanduser("~") not in text
    assert "tester@example.org" not in text


def test_gitpython_and_git_agree_on_the_branch(repo, monkeypatch: pytest.MonkeyPatch) -> None:
    assert code._gitpython_starts_our_git()
    by_gitpython = capture_code(repo.top).git.branch
    monkeypatch.setattr(code, "_gitpython_starts_our_git", lambda: False)
    assert capture_code(repo.top).git.branch == by_gitpython == "main"
    monkeypatch.undo()
    monkeypatch.setenv("GIT_TRACE", "1")
    assert not code._gitpython_starts_our_git()


def test_many_untracked_files_are_listed_up_to_a_limit(
    repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "MAX_LISTED", 3)
    for number in range(5):
        repo.write(f"n{number}.py")
    captured = capture_code(repo.top)
    assert captured.git.untracked == ["n0.py", "n1.py", "n2.py"]
    assert captured.git.not_available["untracked"] == "the first 3 of 5 files are listed"
    assert captured.patch.count(b"diff --git") == 5


def test_the_capture_imports_nothing_heavy_until_it_runs() -> None:
    program = (
        "import sys, reportgen.capture.code;"
        "print([name for name in ('git', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
