"""The work tree as a tree: all that ran, nothing that is a run, too large or a secret."""

from __future__ import annotations

import hashlib
import os
import secrets
import string
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.capture import work_tree
from reportgen.capture.code import capture_code, dirty_now
from reportgen.capture.shadow import open_shadow

RUN_YAML = "schema: reportgen.run/1\nid: x\nname: x\nstatus: finished\n"


def token() -> str:
    letters = string.ascii_letters + string.digits
    return "ghp_" + "".join(secrets.choice(letters) for _ in range(36))


def restored(repo, patch: bytes, left_out: tuple[str, ...] = ()) -> str:
    """Apply the patch in a clean clone with plain git and return the tree id of the result."""
    clone = repo.top.parent / f"clone-{secrets.token_hex(3)}"
    subprocess.run(["git", "clone", "-q", str(repo.top), str(clone)], check=True)
    for path in left_out:
        subprocess.run(["git", "rm", "-q", "--ignore-unmatch", path], cwd=clone, check=True)
    if patch:
        subprocess.run(["git", "apply", "--binary", "--index"], cwd=clone, input=patch, check=True)
    done = subprocess.run(["git", "write-tree"], cwd=clone, capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_a_clean_tree_is_that_of_the_commit(repo) -> None:
    captured = capture_code(repo.top)
    git = captured.git
    assert (git.dirty, git.tree, captured.patch) == (False, repo.tree(), b"")
    assert (git.untracked, git.left_out, git.not_available) == ([], [], {})
    assert dirty_now(repo.top) is False


def test_touched_files_are_not_changed(repo) -> None:
    for path in ("train.py", "lib/__init__.py"):
        os.utime(repo.top / path, (1, 1))
    assert capture_code(repo.top).git.dirty is False


def test_every_kind_of_change_is_restored_by_the_patch(repo) -> None:
    repo.write("gone.py")
    repo.write("folder/file.py")
    repo.write("plain", "text\n")
    repo.write("tool.sh", "#!/bin/sh\n")
    repo.write("binary.bin", bytes(range(256)) * 10)
    repo.write("no-newline", "a")
    repo.commit()
    repo.write("train.py", "import lib\nlib.run(2)\n")
    (repo.top / "gone.py").unlink()
    (repo.top / "plain").unlink()
    repo.write("plain/now/a/folder.py")
    (repo.top / "folder/file.py").unlink()
    (repo.top / "folder").rmdir()
    (repo.top / "folder").write_text("now a file\n")
    (repo.top / "tool.sh").chmod(0o755)
    repo.write("binary.bin", bytes(range(255, -1, -1)) * 11)
    repo.write("no-newline", "b")
    repo.write("crlf.txt", "a\r\nb\r\n")
    repo.write("new/module.py", "n = 1\n")
    repo.write("empty.py", "")
    (repo.top / "link").symlink_to("train.py")
    repo.write("staged.py", "s = 1\n")
    repo.git("add", "staged.py")
    repo.write("staged.py", "s = 2\n")
    repo.write("staged-then-gone.py")
    repo.git("add", "staged-then-gone.py")
    (repo.top / "staged-then-gone.py").unlink()
    repo.write("data/table.csv", "a,b\n3,4\n")
    repo.git("add", "data/table.csv")
    repo.git("mv", "lib/__init__.py", "lib/moved.py")
    before = repo.snapshot()
    captured = capture_code(repo.top)
    git = captured.git
    assert git.dirty is True
    assert repo.snapshot() == before
    new = ["crlf.txt", "empty.py", "folder", "link", "new/module.py", "plain/now/a/folder.py"]
    assert git.untracked == new
    assert restored(repo, captured.patch) == git.tree
    assert dirty_now(repo.top) is True
    repo.git("add", "-A")
    assert repo.git("write-tree") == git.tree


def test_odd_names_survive(repo) -> None:
    names = [
        b"new\nline.py",
        b'quo"te.py',
        b"tab\there",
        b"bad-\xff.py",
        b":(top)x",
        b"-rf",
        b"a b ",
    ]
    for name in names:
        repo.write(b"odd/" + name, "x\n")
    captured = capture_code(repo.top)
    assert sorted(os.fsencode(path) for path in captured.git.untracked) == sorted(
        b"odd/" + name for name in names
    )
    assert restored(repo, captured.patch) == captured.git.tree


def test_ignored_files_do_not_count(repo) -> None:
    repo.write(".gitignore", "*.log\n")
    repo.commit()
    repo.write("a.log", "x")
    repo.write("private.txt", "x")
    (repo.top / ".git/info/exclude").write_text("private.txt\n")
    assert capture_code(repo.top).git.dirty is False


def test_the_users_own_ignore_patterns_count(
    repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write(".idea/workspace.xml", "x")
    (repo.top / ".git/info/exclude").write_text("*.swp")
    repo.write("a.swp", "x")
    assert capture_code(repo.top).git.untracked == [".idea/workspace.xml"]
    patterns = tmp_path / "patterns"
    patterns.write_text(".idea/")
    settings = tmp_path / "settings"
    settings.write_text(f"[core]\n\texcludesFile = {patterns}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert capture_code(repo.top).git.dirty is False
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    (tmp_path / "xdg/git").mkdir(parents=True)
    (tmp_path / "xdg/git/ignore").write_text(".idea/\n")
    assert capture_code(repo.top).git.dirty is False


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_changes_that_were_hidden_from_git_are_seen(repo, flag: str) -> None:
    repo.git("update-index", flag, "train.py")
    repo.write("train.py", "hidden = 1\n")
    assert repo.git("status", "--porcelain") == ""
    captured = capture_code(repo.top)
    assert captured.git.dirty is True
    assert b"hidden" in captured.patch
    assert repo.git("status", "--porcelain") == ""


def test_files_outside_a_sparse_checkout_are_not_gone(make_repo: Callable) -> None:
    repo = make_repo()
    repo.write("a/x.py")
    repo.write("b/y.py")
    repo.commit()
    repo.git("sparse-checkout", "set", "--cone", "a")
    git = capture_code(repo.top).git
    assert (git.dirty, git.tree) == (False, repo.tree())
    repo.write("a/x.py", "changed = 1\n")
    captured = capture_code(repo.top)
    assert restored(repo, captured.patch) == captured.git.tree


def test_the_private_index_is_as_old_as_the_real_one(repo) -> None:
    """git rereads files that are no older than the index: a newer copy would hide changes."""
    os.utime(repo.top / ".git/index", ns=(10**18, 10**18 + 7))
    with open_shadow(repo.top, trusted=True) as shadow:
        assert (shadow.path / "index").stat().st_mtime_ns == 10**18 + 7


# -- runs -----------------------------------------------------------------------------------


def test_runs_never_count_untracked_staged_or_committed(repo) -> None:
    tree = repo.tree()
    repo.write("runs/a/run.yaml", RUN_YAML)
    repo.write("runs/a/metrics.jsonl", "{}\n")
    repo.write("runs/sweep.yaml", "name: s\n")
    repo.write("runs/models.yaml", "m: 1\n")
    for step in ("untracked", "staged", "committed"):
        git = capture_code(repo.top, run_root=repo.top / "runs").git
        assert (git.dirty, git.tree, git.untracked) == (False, tree, []), step
        assert dirty_now(repo.top, run_root=repo.top / "runs") is False
        if step == "untracked":
            repo.git("add", "-A")
        elif step == "staged":
            repo.commit()
    repo.write("runs/a/metrics.jsonl", "{}\n{}\n")
    (repo.top / "runs/a/run.yaml").unlink()
    repo.write("runs/models.yaml", "m: 2\n")
    git = capture_code(repo.top).git
    assert (git.dirty, git.tree) == (False, tree)


def test_other_files_under_the_root_count(repo) -> None:
    repo.write("runs/a/run.yaml", RUN_YAML)
    repo.write("runs/train2.py", "x = 1\n")
    captured = capture_code(repo.top, run_root=repo.top / "runs")
    assert captured.git.untracked == ["runs/train2.py"]
    assert restored(repo, captured.patch) == captured.git.tree


def test_a_config_called_run_yaml_is_code(repo) -> None:
    repo.write("conf/run.yaml", "lr: 0.1\n")
    repo.write("sweep.yaml", "program: train.py\n")
    assert capture_code(repo.top).git.untracked == ["conf/run.yaml", "sweep.yaml"]


def test_sweep_and_registry_below_the_root_do_not_count_before_the_first_run(repo) -> None:
    repo.write("runs/g/sweep.yaml", "name: s\n")
    repo.write("runs/models.yaml", "m: 1\n")
    assert capture_code(repo.top, run_root=repo.top / "runs").git.dirty is False
    assert capture_code(repo.top).git.dirty is True
    repo.commit()
    repo.write("runs/g/sweep.yaml", "name: s\nchosen: x\n")
    git = capture_code(repo.top, run_root=repo.top / "runs").git
    assert (git.dirty, git.tree) == (False, repo.tree())


def test_the_root_may_be_the_top(repo) -> None:
    repo.write("a/run.yaml", RUN_YAML)
    repo.write("sweep.yaml", "mine: 1\n")
    git = capture_code(repo.top, run_root=repo.top).git
    assert git.untracked == ["sweep.yaml"]


# -- size -----------------------------------------------------------------------------------


def test_large_new_files_are_left_out_and_hashed(repo) -> None:
    content = b"x" * (work_tree.NEW_FILE_BYTES + 1)
    repo.write("data/big.bin", content)
    repo.write("small.py", "s = 1\n")
    captured = capture_code(repo.top)
    git = captured.git
    assert git.untracked == ["data/big.bin", "small.py"]
    left = git.left_out[0]
    assert (left.path, left.bytes, left.rule) == ("data/big.bin", len(content), "size")
    assert left.sha256 == hashlib.sha256(content).hexdigest()
    assert len(captured.patch) < 2_000
    assert restored(repo, captured.patch) == git.tree
    (repo.top / "small.py").unlink()
    assert capture_code(repo.top).git.dirty is True


def test_together_the_smallest_new_files_are_kept(repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_tree, "NEW_TOTAL_BYTES", 1_000)
    repo.write("a.bin", bytes(900))
    repo.write("b.py", bytes(50))
    repo.write("z.py", bytes(60))
    git = capture_code(repo.top).git
    assert [left.path for left in git.left_out] == ["a.bin"]


def test_a_large_changed_file_is_left_out_of_both_sides(
    repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_tree, "CHANGED_FILE_BYTES", 1_000)
    repo.write("data/table.csv", "x" * 1_001)
    repo.write("train.py", "import lib\n")
    captured = capture_code(repo.top)
    assert [left.path for left in captured.git.left_out] == ["data/table.csv"]
    assert restored(repo, captured.patch, ("data/table.csv",)) == captured.git.tree


# -- secrets --------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["untracked", "staged", "tracked"])
def test_a_file_with_a_secret_is_named_and_not_kept(repo, state: str) -> None:
    secret = token()
    if state == "tracked":
        repo.write(".env", "A=1\n")
        repo.commit()
    repo.write(".env", f"TOKEN={secret}\n")
    repo.write("train.py", "import lib\n")
    if state == "staged":
        repo.git("add", ".env")
    captured = capture_code(repo.top)
    assert secret.encode() not in captured.patch
    assert b"import lib" in captured.patch
    left = captured.git.left_out[0]
    assert (left.path, left.rule, left.sha256) == (".env", "secret", None)
    assert [(entry.what, entry.rule) for entry in captured.left_out] == [(".env", "secret")]
    assert restored(repo, captured.patch, (".env",)) == captured.git.tree
    with open_shadow(repo.top) as shadow:
        head = str(captured.git.commit)
        tree = shadow.tree_with_patch(head, captured.patch, left_out=[".env"])
        assert tree == captured.git.tree


def test_a_secret_within_a_binary_file_is_seen(repo) -> None:
    repo.write("notes.bin", b"\0\1\2" + token().encode() + b"\0" * 100)
    captured = capture_code(repo.top)
    assert captured.patch == b""
    assert [left.rule for left in captured.git.left_out] == ["secret"]


def test_a_secret_in_removed_or_surrounding_lines_is_not_kept(repo) -> None:
    secret = token()
    repo.write("settings.py", f"A = 1\nTOKEN = '{secret}'\nB = 1\n")
    repo.write("other.py", "o = 1\n")
    repo.commit()
    repo.write("settings.py", "A = 1\nB = 1\n")
    repo.write("other.py", "o = 2\n")
    captured = capture_code(repo.top)
    assert secret.encode() not in captured.patch
    assert b"o = 2" in captured.patch
    assert [left.path for left in captured.git.left_out] == ["settings.py"]
    assert restored(repo, captured.patch, ("settings.py",)) == captured.git.tree


# -- filters and submodules -------------------------------------------------------------------


def pointer(content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"


def test_a_large_file_behind_a_pointer_is_judged_by_its_hash(repo) -> None:
    content = b"model " * 1_000
    repo.write("model.bin", pointer(content))
    repo.commit()
    repo.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    repo.commit()
    repo.write("model.bin", content)
    git = capture_code(repo.top).git
    assert (git.dirty, git.tree) == (False, repo.tree())
    repo.write("model.bin", content + b"!")
    git = capture_code(repo.top).git
    assert git.dirty is True
    assert [(left.path, left.rule) for left in git.left_out] == [("model.bin", "filter")]
    assert git.left_out[0].sha256 == hashlib.sha256(content + b"!").hexdigest()


def test_a_decrypted_file_is_never_kept(repo) -> None:
    repo.write(".gitattributes", "*.key filter=git-crypt\n")
    repo.write("a.key", b"\0GITCRYPT\0" + bytes(30))
    repo.commit()
    repo.write("a.key", "in clear text")
    captured = capture_code(repo.top)
    assert b"clear text" not in captured.patch
    assert [(left.path, left.rule) for left in captured.git.left_out] == [("a.key", "filter")]


@pytest.fixture
def with_submodule(repo, make_repo: Callable):
    library = make_repo("library")
    library.write("code.py")
    library.commit("one")
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.top), "ext")
    repo.git(
        "config", "--file", ".gitmodules", "submodule.ext.url", "https://u:p@example.org/l.git"
    )
    repo.commit()
    return repo


def test_submodules_are_listed_with_their_commit(with_submodule) -> None:
    repo = with_submodule
    git = capture_code(repo.top).git
    assert (git.dirty, git.tree) == (False, repo.tree())
    assert len(git.submodules) == 1
    module = git.submodules[0]
    assert (module.path, module.url) == ("ext", "https://example.org/l.git")
    assert module.commit == repo.git("rev-parse", "HEAD:ext")


def test_another_commit_of_a_submodule_is_a_change(with_submodule) -> None:
    repo = with_submodule
    (repo.top / "ext/code.py").write_text("y = 2\n")
    assert "ext" in capture_code(repo.top).git.not_available["submodules"]
    subprocess.run(["git", "commit", "-qam", "two"], cwd=repo.top / "ext", check=True)
    captured = capture_code(repo.top)
    assert captured.git.dirty is True
    assert b"Subproject commit" in captured.patch
    moved = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repo.top / "ext", capture_output=True, check=True
    )
    assert captured.git.submodules[0].commit == moved.stdout.decode().strip()
    assert restored(repo, captured.patch) == captured.git.tree


def test_a_repository_within_is_named_and_not_entered(repo) -> None:
    subprocess.run(["git", "init", "-q", str(repo.top / "nested")], check=True)
    repo.write("nested/code.py", "x = 1\n")
    git = capture_code(repo.top).git
    assert git.dirty is True
    assert git.untracked == ["nested/"]
    assert [(left.path, left.rule) for left in git.left_out] == [("nested/", "nested repository")]


def test_an_unreadable_file_costs_only_itself(repo) -> None:
    repo.write("locked.py", "x = 1\n").chmod(0)
    repo.write("new.py", "n = 1\n")
    captured = capture_code(repo.top)
    assert b"n = 1" in captured.patch
    if os.geteuid():
        assert [(left.path, left.rule) for left in captured.git.left_out] == [
            ("locked.py", "unreadable")
        ]


def test_a_repository_without_a_commit_has_a_tree(make_repo: Callable) -> None:
    repo = make_repo()
    repo.write("train.py", "x = 1\n")
    repo.write("staged.py", "s = 1\n")
    repo.git("add", "staged.py")
    captured = capture_code(repo.top)
    git = captured.git
    assert git.commit is None
    assert git.branch == "main"
    assert git.not_available == {"commit": "the repository has no commit yet"}
    assert git.dirty is True
    repo.git("add", "-A")
    assert repo.git("write-tree") == git.tree
    assert captured.patch
