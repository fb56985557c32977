"""Revisions by the names that people use, and what differs from them on disk."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from reportgen.capture.revisions import changed_below, commit_of, common_ancestor, files_below
from reportgen.capture.shadow import ShadowRepository, open_shadow
from reportgen.errors import NotFoundError, UnavailableError
from reportgen.testing import git, make_repository

FILES = {"runs/a/run.yaml": "a\n", "runs/b/run.yaml": "b\n", "train.py": "x = 1\n"}


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "lab", FILES)


@pytest.fixture
def shadow(lab: Path) -> Iterator[ShadowRepository]:
    with open_shadow(lab) as opened:
        yield opened


def commit(folder: Path, message: str = "more") -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def test_a_revision_by_any_of_its_names(lab: Path) -> None:
    first = git(lab, "rev-parse", "HEAD")
    git(lab, "tag", "-a", "v1", "-m", "first")
    git(lab, "update-ref", "refs/remotes/origin/main", first)
    second = commit(lab)
    with open_shadow(lab) as shadow:
        for name in ("v1", "HEAD~1", "origin/main", first, first[:10], "main^"):
            assert commit_of(shadow, name) == first
        assert commit_of(shadow, "main") == commit_of(shadow, "HEAD") == second


@pytest.mark.parametrize(
    "name",
    ["", "none", "--all", "--output=PWNED", "-h", "a b", "HEAD\n", "HEAD:train.py", "HEAD^{tree}"],
)
def test_what_names_no_commit(shadow: ShadowRepository, lab: Path, name: str) -> None:
    with pytest.raises(NotFoundError, match="no commit"):
        commit_of(shadow, name)
    assert not list(lab.rglob("PWNED"))


def test_a_branch_that_is_called_like_an_option(lab: Path) -> None:
    first = git(lab, "rev-parse", "HEAD")
    git(lab, "update-ref", "refs/heads/--output=x", first)
    with open_shadow(lab) as shadow:
        assert commit_of(shadow, "--output=x") == first


def test_where_histories_part(lab: Path) -> None:
    root = git(lab, "rev-parse", "HEAD")
    git(lab, "checkout", "--quiet", "-b", "work")
    work = commit(lab)
    git(lab, "checkout", "--quiet", "main")
    main = commit(lab, "other")
    git(lab, "checkout", "--quiet", "--orphan", "alone")
    alone = commit(lab)
    with open_shadow(lab) as shadow:
        assert common_ancestor(shadow, work, main) == root
        assert common_ancestor(shadow, main, alone) is None


def test_a_shallow_clone_says_so(lab: Path, tmp_path: Path) -> None:
    git(lab, "checkout", "--quiet", "-b", "work")
    commit(lab)
    git(lab, "checkout", "--quiet", "main")
    commit(lab, "other")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", lab.as_uri(), str(clone))
    with open_shadow(clone) as shadow:
        ends = [commit_of(shadow, f"origin/{name}") for name in ("work", "main")]
        with pytest.raises(UnavailableError, match="fetch-depth: 0"):
            common_ancestor(shadow, *ends)
        with pytest.raises(NotFoundError, match="cut off when cloning"):
            commit_of(shadow, "HEAD~1")


def test_files_below_folders(shadow: ShadowRepository) -> None:
    head = commit_of(shadow, "HEAD")
    assert set(files_below(shadow, head, ["runs"])) == {"runs/a/run.yaml", "runs/b/run.yaml"}
    assert set(files_below(shadow, head, ["runs/a", "none"])) == {"runs/a/run.yaml"}
    assert set(files_below(shadow, head, ["."])) == set(FILES)
    assert files_below(shadow, head, ["ru*"]) == {}


def changed(lab: Path, *folders: str) -> set[str]:
    with open_shadow(lab) as shadow:
        return changed_below(shadow, commit_of(shadow, "HEAD"), list(folders) or ["runs"])


def test_nothing_changed_though_files_were_touched(lab: Path) -> None:
    (lab / "runs/a/run.yaml").write_text("a\n")
    assert changed(lab) == set()


def test_what_changed_is_named(lab: Path) -> None:
    (lab / "runs/a/run.yaml").write_text("A\n")
    (lab / "runs/b/run.yaml").unlink()
    (lab / "runs/c").mkdir()
    (lab / "runs/c/run.yaml").write_text("c\n")
    (lab / "train.py").write_text("x = 2\n")
    (lab / "runs/.gitignore").write_text("*.pt\n")
    (lab / "runs/c/model.pt").write_text("weights\n")
    names = {"runs/a/run.yaml", "runs/b/run.yaml", "runs/c/run.yaml", "runs/.gitignore"}
    assert changed(lab) == names
    assert changed(lab, ".") == names | {"train.py"}
    assert changed(lab, "runs/b") == {"runs/b/run.yaml"}


def test_what_is_committed_since_counts_as_what_is_not(lab: Path) -> None:
    first = git(lab, "rev-parse", "HEAD")
    (lab / "runs/a/run.yaml").write_text("A\n")
    commit(lab)
    (lab / "runs/b/new.txt").write_text("new\n")
    with open_shadow(lab) as shadow:
        assert changed_below(shadow, first, ["runs"]) == {"runs/a/run.yaml", "runs/b/new.txt"}


def test_odd_names_are_listed_once(lab: Path) -> None:
    for name in ("a b", "tab\t", 'q"', "new\nline", ":(top)x", "-rf", "é"):
        (lab / "runs" / name).write_text("x\n")
    assert changed(lab) == {
        f"runs/{name}" for name in ("a b", "tab\t", 'q"', "new\nline", ":(top)x", "-rf", "é")
    }


def test_a_file_of_git_lfs_counts_by_its_content(lab: Path) -> None:
    content = b"weights\n"
    digest = sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 8\n"
    (lab / ".gitattributes").write_text("*.pt filter=lfs\n")
    (lab / "runs/a/model.pt").write_text(pointer)
    commit(lab)
    (lab / "runs/a/model.pt").write_bytes(content)
    assert changed(lab) == set()
    (lab / "runs/a/model.pt").write_bytes(b"others!\n")
    assert changed(lab) == {"runs/a/model.pt"}


def test_the_repository_stays_as_it_was(lab: Path) -> None:
    (lab / "runs/a/run.yaml").write_text("A\n")
    before = sorted((str(path), path.stat().st_mtime_ns) for path in lab.rglob("*"))
    changed(lab)
    assert sorted((str(path), path.stat().st_mtime_ns) for path in lab.rglob("*")) == before
