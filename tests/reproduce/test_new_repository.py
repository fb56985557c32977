"""The repository that code is restored in has nothing of the user in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from reproduce.projects import Project

from reportgen.errors import UnavailableError
from reportgen.reproduce.new_repository import NewRepository


def test_objects_are_borrowed_and_not_copied(project: Project, tmp_path: Path) -> None:
    commit = project.git("rev-parse", "HEAD")
    repository = NewRepository(tmp_path / "new", 40)
    assert not repository.has(commit)
    repository.borrow(project.top, trusted=False)
    assert repository.has(commit)
    assert repository.check_out(commit) == []
    own = tmp_path / "new/.git/objects"
    assert [path for path in own.rglob("*") if path.is_file()] == [own / "info/alternates"]
    assert not (tmp_path / "new/.git/hooks").exists()
    assert (tmp_path / "new/train.py").read_bytes() == (project.top / "train.py").read_bytes()


def test_a_folder_with_an_odd_name_lends_too(project: Project, tmp_path: Path) -> None:
    odd = tmp_path / 'a "quoted"\nback\\slash'
    project.top.rename(odd)
    repository = NewRepository(tmp_path / "new", 40)
    repository.borrow(odd, trusted=False)
    project.top = odd
    assert repository.has(project.git("rev-parse", "HEAD"))


def test_a_shallow_clone_lends_what_it_has(project: Project, tmp_path: Path) -> None:
    project.write("more.py", "")
    project.commit()
    clone = tmp_path / "clone"
    project.git("clone", "--quiet", "--depth=1", f"file://{project.top}", str(clone))
    repository = NewRepository(tmp_path / "new", 40)
    repository.borrow(clone, trusted=False)
    assert repository.check_out(project.git("rev-parse", "HEAD")) == []
    assert not repository.has(project.git("rev-parse", "HEAD~"))


def test_a_bundle_names_what_it_holds(project: Project, tmp_path: Path) -> None:
    bundle = tmp_path / "code.bundle"
    project.git("bundle", "create", "--quiet", str(bundle), "HEAD")
    repository = NewRepository(tmp_path / "new", 40)
    assert repository.unbundle(bundle) == [project.git("rev-parse", "HEAD")]
    bundle.write_bytes(bundle.read_bytes()[:-40])
    with pytest.raises(UnavailableError):
        NewRepository(tmp_path / "other", 40).unbundle(bundle)
