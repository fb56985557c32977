"""Repositories with a training script, and a run of one."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from reproduce.projects import MakeProject, Project, filled

from reportgen.runs.view import RunView


@pytest.fixture(autouse=True)
def _temporary_folders_of_the_test(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a replay keeps goes away with the folders of the tests."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Make an empty repository by its name."""
    return lambda name: Project(tmp_path / name)


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    """A repository with a training script, committed."""
    return filled(make_project("project"))


@pytest.fixture(scope="session")
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = filled(Project(tmp_path_factory.mktemp("made") / "project"))
    made.train("--steps", "40", "--seed", "3")
    return made.top


@pytest.fixture
def recorded(_made_once: Path, project: Project) -> RunView:
    """A run of the project, made from a clean work tree."""
    shutil.rmtree(project.top)
    shutil.copytree(_made_once, project.top, symlinks=True)
    (run,) = project.top.joinpath("runs").rglob("run.yaml")
    return RunView(run.parent)
