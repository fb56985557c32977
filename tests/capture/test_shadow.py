"""What the auditor asks of a repository, answered as git answers, with nothing written to it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.capture.shadow import open_shadow
from reportgen.errors import UnavailableError, UnreadableError

ODD_NAMES = [
    b"new\nline.py",
    b'quo"te.py',
    b"tab\there.py",
    b"not-utf8-\xff\xfe.py",
    b":(top)x",
    b"-rf",
    b" lead and trail ",
    "é.py".encode(),
    b"back\\slash",
    b"*",
]


def test_the_answers_are_those_of_git(repo) -> None:
    head = repo.git("rev-parse", "HEAD")
    with open_shadow(repo.top) as shadow:
        assert shadow.head() == head
        assert shadow.branch() == "main"
        assert shadow.commit_exists(head)
        assert not shadow.commit_exists(repo.tree())
        assert not shadow.commit_exists("0" * 40)
        assert not shadow.commit_exists(head[:12])
        assert not shadow.commit_exists("HEAD")
        assert shadow.tree_of(head) == repo.tree()
        assert shadow.commit_time(head) == int(repo.git("log", "-1", "--format=%ct"))
        assert shadow.blob(head, "data/table.csv") == b"a,b\n1,2\n"
        assert shadow.blob(repo.tree(), "lib/__init__.py") == b"def run():\n    return 1\n"
        assert shadow.blob(head, "lib") is None
        assert shadow.blob(head, "lib/none.py") is None
        assert shadow.blob(head, "train.py/deeper") is None
        assert set(shadow.paths(head)) == {"data/table.csv", "lib/__init__.py", "train.py"}
        assert shadow.work_tree_id() == repo.tree()
        assert list(shadow.history()) == [(head, repo.tree())]
        assert not shadow.is_shallow()
        assert shadow.remote_url() is None


def test_a_commit_that_is_unknown_is_an_error(repo) -> None:
    with open_shadow(repo.top) as shadow:
        for ask in (shadow.tree_of, shadow.commit_time, shadow.paths, shadow.without_runs):
            with pytest.raises(UnreadableError):
                ask("0" * 40)
        with pytest.raises(UnreadableError):
            shadow.tree_with_patch("0" * 40, b"")


def test_every_odd_name_is_listed_once_and_read(repo) -> None:
    for number, name in enumerate(ODD_NAMES):
        repo.write(b"odd/" + name, f"{number}\n")
    head = repo.commit()
    with open_shadow(repo.top) as shadow:
        listed = {os.fsencode(path) for path in shadow.paths(head) if path.startswith("odd/")}
        assert listed == {b"odd/" + name for name in ODD_NAMES}
        for number, name in enumerate(ODD_NAMES):
            assert shadow.blob(head, os.fsdecode(b"odd/" + name)) == f"{number}\n".encode()
        assert shadow.work_tree_id() == repo.tree()
        left = shadow.without_runs(head, left_out=[os.fsdecode(b"odd/" + ODD_NAMES[3])])
        assert len(shadow.paths(left)) == len(shadow.paths(head)) - 1


def test_history_knows_every_branch_tag_and_detached_head(repo) -> None:
    first = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "-q", "-b", "side")
    side = repo.commit("on the side")
    repo.git("checkout", "-q", "--detach", "main")
    loose = repo.commit("loose")
    with open_shadow(repo.top) as shadow:
        assert {commit for commit, _ in shadow.history()} == {first, side, loose}
        assert len(list(shadow.history(limit=1))) == 1
        assert shadow.branch() is None
    repo.git("pack-refs", "--all")
    with open_shadow(repo.top) as shadow:
        assert {commit for commit, _ in shadow.history()} == {first, side, loose}


def test_an_empty_repository_has_no_head_and_no_history(make_repo: Callable) -> None:
    repo = make_repo("empty")
    with open_shadow(repo.top) as shadow:
        assert shadow.head() is None
        assert list(shadow.history()) == []
        assert shadow.work_tree_id() == shadow.empty_tree


def test_a_shallow_clone_is_known_as_one(repo, tmp_path: Path) -> None:
    repo.commit("second")
    clone = tmp_path / "shallow"
    subprocess.run(
        ["git", "clone", "-q", "--depth=1", f"file://{repo.top}", str(clone)], check=True
    )
    with open_shadow(clone) as shadow:
        assert shadow.is_shallow()
        assert len(list(shadow.history())) == 1
        assert not shadow.commit_exists(repo.git("rev-parse", "HEAD~1"))


def test_split_and_sparse_indexes_and_sha256(repo, make_repo: Callable) -> None:
    repo.git("update-index", "--split-index")
    repo.write("train.py", "changed = 1\n")
    with open_shadow(repo.top, trusted=True) as shadow:
        assert b"train.py" in shadow.git("status", "--porcelain")
        assert shadow.git("status", "--porcelain").count(b"\n") == 1
    sparse = make_repo("sparse")
    sparse.write("a/x.py")
    sparse.write("b/y.py")
    sparse.commit()
    sparse.git("sparse-checkout", "set", "--cone", "--sparse-index", "a")
    with open_shadow(sparse.top, trusted=True) as shadow:
        assert shadow.git("status", "--porcelain") == b""
    wide = make_repo("wide", "--object-format=sha256")
    wide.write("a.py")
    head = wide.commit()
    with open_shadow(wide.top) as shadow:
        assert shadow.head() == head
        assert shadow.work_tree_id() == wide.tree()
        assert shadow.commit_exists(head)


def test_references_in_the_reftable_form_are_read_or_refused(repo) -> None:
    version = tuple(map(int, repo.git("--version").split()[2].split(".")[:2]))
    if version < (2, 45):
        repo.git("config", "core.repositoryformatversion", "1")
        repo.git("config", "extensions.refStorage", "reftable")
        with pytest.raises(UnreadableError), open_shadow(repo.top) as shadow:
            shadow.head()
        return
    top = repo.top.parent / "tables"
    subprocess.run(["git", "init", "-q", "--ref-format=reftable", str(top)], check=True)
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "x"], cwd=top, check=True)
    with open_shadow(top) as shadow:
        assert shadow.head()


def test_replaced_objects_take_no_part(repo) -> None:
    head = repo.git("rev-parse", "HEAD")
    repo.write("train.py", "evil = 1\n")
    other = repo.commit()
    repo.git("replace", head, other)
    repo.git("update-ref", "refs/heads/main", head)
    with open_shadow(repo.top) as shadow:
        assert shadow.blob(head, "train.py") == b"import lib\nlib.run()\n"
        assert [commit for commit, _ in shadow.history()] == [head]


def test_a_user_with_autocrlf_has_a_clean_tree(repo) -> None:
    repo.git("config", "core.autocrlf", "true")
    (repo.top / "train.py").unlink()
    repo.git("checkout", "-q", "--", "train.py")
    assert b"\r\n" in (repo.top / "train.py").read_bytes()
    with open_shadow(repo.top) as shadow:
        assert shadow.work_tree_id() == repo.tree()


def test_the_remote_is_origin_else_the_only_one(repo) -> None:
    repo.git("remote", "add", "up", "https://example.org/up.git")
    with open_shadow(repo.top) as shadow:
        assert shadow.remote_url() == "https://example.org/up.git"
    repo.git("remote", "add", "other", "https://example.org/other.git")
    with open_shadow(repo.top) as shadow:
        assert shadow.remote_url() is None
    repo.git("remote", "add", "origin", "git@example.org:a/b.git")
    with open_shadow(repo.top) as shadow:
        assert shadow.remote_url() == "git@example.org:a/b.git"


def test_ignored_files_are_those_that_git_does_not_hold(repo) -> None:
    repo.write(".gitignore", "*.pt\nruns/\n")
    repo.write("kept.pt", "x")
    repo.git("add", "-f", "kept.pt")
    repo.commit()
    with open_shadow(repo.top) as shadow:
        asked = ["a.pt", "kept.pt", "runs/x/metrics.jsonl", "train.py", ":(top)a.pt"]
        assert shadow.ignored(asked) == {"a.pt", "runs/x/metrics.jsonl", ":(top)a.pt"}
        assert shadow.ignored(["train.py"]) == set()


def test_patches_restore_trees_or_are_refused(repo) -> None:
    head = repo.git("rev-parse", "HEAD")
    repo.write("train.py", "import lib\n")
    repo.write("image.bin", bytes(range(256)))
    (repo.top / "lib/__init__.py").chmod(0o755)
    (repo.top / "link").symlink_to("train.py")
    (repo.top / "data/table.csv").unlink()
    with open_shadow(repo.top) as shadow:
        tree = shadow.work_tree_id()
        patch = shadow.diff(shadow.tree_of(head), tree)
        assert shadow.tree_with_patch(head, patch) == tree
        assert shadow.tree_with_patch(head, b"") == shadow.tree_of(head)
        assert shadow.tree_with_patch(head, b"\n") == shadow.tree_of(head)
        for bad in (patch.replace(b"import", b"Import"), b"no patch\n", patch[:-5]):
            with pytest.raises(UnreadableError):
                shadow.tree_with_patch(head, bad)
    repo.git("add", "-A")
    assert repo.git("write-tree") == tree


@pytest.mark.parametrize("path", ["../out.py", "/tmp/out.py", ".git/hooks/post-commit", "a/../b"])
def test_a_patch_that_leaves_the_tree_is_refused(repo, path: str) -> None:
    patch = (
        f"diff --git a/{path} b/{path}\nnew file mode 100755\nindex 0000000..1111111\n"
        f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n"
    ).encode()
    head = repo.git("rev-parse", "HEAD")
    with open_shadow(repo.top) as shadow, pytest.raises(UnreadableError):
        shadow.tree_with_patch(head, patch)


def test_a_patch_leaves_out_what_the_record_leaves_out(repo) -> None:
    head = repo.git("rev-parse", "HEAD")
    repo.write("train.py", "import lib\n")
    with open_shadow(repo.top) as shadow:
        left_out = ["data/table.csv"]
        old = shadow.without_runs(head, left_out=left_out)
        new = shadow.without_runs(shadow.work_tree_id(), left_out=left_out)
        assert "data/table.csv" not in shadow.paths(new)
        patch = shadow.diff(old, new)
        assert shadow.tree_with_patch(head, patch, left_out=left_out) == new


def test_the_repository_is_left_as_it_was(repo) -> None:
    repo.write("new.py", "n = 1\n")
    repo.write("big.bin", bytes(300_000))
    before = repo.snapshot()
    with open_shadow(repo.top) as shadow:
        head = shadow.head() or ""
        tree = shadow.work_tree_id()
        shadow.tree_with_patch(head, shadow.diff(shadow.tree_of(head), tree))
        private = shadow.path
        assert private.is_dir()
    assert repo.snapshot() == before
    assert not private.parent.exists()


def test_a_repository_around_the_temporary_folder_does_not_see_the_private_one(
    repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = repo.top / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with open_shadow(repo.top) as shadow:
        assert shadow.path.is_relative_to(temporary)
        assert shadow.work_tree_id() == repo.tree()


def test_a_path_with_odd_characters_can_be_borrowed_from(repo) -> None:
    odd = repo.top.parent / 'a "b" \\ c\nd #e é'
    shutil.copytree(repo.top, odd)
    with open_shadow(odd) as shadow:
        assert shadow.work_tree_id() == repo.tree()


def test_no_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError), open_shadow(tmp_path):
        pass


def test_the_time_is_shared_by_all_questions(repo) -> None:
    with (
        pytest.raises(UnavailableError, match="took too long"),
        open_shadow(repo.top, seconds=0.0) as shadow,
    ):
        shadow.head()
