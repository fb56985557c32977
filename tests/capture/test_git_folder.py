"""The git directory is the repository's own, or it is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.capture.code import capture_code
from reportgen.capture.git_folder import find_top, open_git_folder
from reportgen.capture.shadow import open_shadow
from reportgen.errors import UnavailableError


def test_the_top_is_found_from_below_and_no_further_than_the_ceiling(repo) -> None:
    below = repo.top / "lib"
    assert find_top(below) == repo.top
    assert find_top(repo.top / "train.py") == repo.top
    assert find_top(below, ceiling=below) is None
    assert find_top(below, ceiling=repo.top) == repo.top
    assert find_top(repo.top.parent / "nowhere", ceiling=repo.top.parent) is None


def test_an_empty_git_folder_is_none(tmp_path: Path) -> None:
    (tmp_path / "a/.git").mkdir(parents=True)
    assert find_top(tmp_path / "a", ceiling=tmp_path) is None


def test_a_bare_repository_committed_inside_is_not_entered(repo, make_repo: Callable) -> None:
    shutil.copytree(make_repo("other").top / ".git", repo.top / "vendored")
    assert find_top(repo.top / "vendored") == repo.top


def test_a_forged_pointer_to_another_repository_is_refused(repo, make_repo: Callable) -> None:
    secret = make_repo("private")
    secret.write("secret.txt", "private")
    secret.commit()
    forged = repo.top.parent / "forged"
    forged.mkdir()
    (forged / ".git").write_text(f"gitdir: {secret.top / '.git'}\n")
    assert find_top(forged) == forged
    with pytest.raises(UnavailableError, match="does not name forged back"):
        open_git_folder(forged)


def test_a_forged_worktree_pointer_is_refused(repo, make_repo: Callable) -> None:
    """It points back, but shares a repository that its place does not belong to."""
    secret = make_repo("private")
    secret.write("secret.txt", "private")
    secret.commit()
    forged = repo.top.parent / "forged"
    admin = repo.top.parent / "admin"
    forged.mkdir()
    admin.mkdir()
    (forged / ".git").write_text(f"gitdir: {admin}\n")
    (admin / "gitdir").write_text(f"{forged}/.git\n")
    (admin / "commondir").write_text(f"{secret.top}/.git\n")
    (admin / "HEAD").write_text("ref: refs/heads/main\n")
    with pytest.raises(UnavailableError, match="does not name forged back"):
        open_git_folder(forged)


def test_a_linked_git_folder_is_refused_but_for_the_users_own(repo) -> None:
    linked = repo.top.parent / "linked"
    linked.mkdir()
    (linked / ".git").symlink_to(repo.top / ".git")
    assert find_top(linked) == linked
    with pytest.raises(UnavailableError, match="link"):
        open_git_folder(linked)
    assert open_git_folder(linked, trusted=True).objects.is_dir()


def test_a_real_linked_work_tree_is_followed(repo) -> None:
    other = repo.top.parent / "second"
    repo.git("worktree", "add", "-q", "-b", "side", str(other))
    (other / "new.py").write_text("y = 2\n")
    with open_shadow(other) as shadow:
        assert shadow.head() == repo.git("rev-parse", "side")
        assert shadow.branch() == "side"
    captured = capture_code(other)
    assert captured.git.branch == "side"
    assert captured.git.untracked == ["new.py"]


def test_a_separate_git_folder_is_followed_at_capture_time(tmp_path: Path, make_repo) -> None:
    repo = make_repo("apart", f"--separate-git-dir={tmp_path / 'elsewhere'}")
    repo.write("a.py")
    head = repo.commit()
    with pytest.raises(UnavailableError), open_shadow(repo.top):
        pass
    assert capture_code(repo.top).git.commit == head


def test_a_store_borrowed_from_outside_is_not_read_in_an_audit(repo, make_repo: Callable) -> None:
    private = make_repo("private")
    private.write("secret.txt", "private")
    hidden = private.commit()
    alternates = repo.top / ".git/objects/info/alternates"
    alternates.write_text(f"{private.top}/.git/objects\n")
    head = repo.git("rev-parse", "HEAD")
    with open_shadow(repo.top) as shadow:
        assert shadow.commit_exists(head)
        assert not shadow.commit_exists(hidden)
        assert shadow.blob(head, "train.py")
    with open_shadow(repo.top, trusted=True) as shadow:
        assert shadow.commit_exists(hidden)


def test_a_store_without_objects_is_refused(repo) -> None:
    shutil.rmtree(repo.top / ".git/objects")
    with pytest.raises(UnavailableError, match="no object store"):
        open_git_folder(repo.top)


@pytest.mark.parametrize("text", ["", "nonsense\n", "gitdir: \n", "gitdir: /nowhere/at/all\n"])
def test_a_pointer_to_nothing_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / ".git").write_text(text)
    with pytest.raises(UnavailableError):
        open_git_folder(tmp_path)


@pytest.mark.parametrize("damage", ["config", "packed-refs", "index"])
def test_garbage_in_the_git_folder_changes_no_answer(repo, damage: str) -> None:
    repo.git("pack-refs", "--all")
    head, tree = repo.git("rev-parse", "HEAD"), repo.tree()
    (repo.top / ".git" / damage).write_bytes(b"\0\xff garbage \n" * 40)
    captured = capture_code(repo.top).git
    if damage == "config":
        assert (captured.commit, captured.tree, captured.dirty) == (head, tree, False)
    elif damage == "index":
        assert captured.commit == head
        assert captured.dirty is None
        assert "index" in captured.not_available["tree"]
    else:
        assert captured.commit is None
        assert "packed-refs" in captured.not_available["commit"]


@pytest.mark.parametrize("text", [b"\0\xff garbage\n", b"", b"ref: \n", b"/etc/passwd\n"])
def test_a_head_that_is_none_is_said(repo, text: bytes) -> None:
    (repo.top / ".git/HEAD").write_bytes(text)
    with pytest.raises(UnavailableError, match="HEAD"), open_shadow(repo.top):
        pass
    assert "HEAD" in capture_code(repo.top).git.not_available["commit"]
