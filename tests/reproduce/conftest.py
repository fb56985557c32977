"""Repositories with a training script, and a run of one."""

from __future__ import annotations

from pathlib import Path

import pytest
from reproduce.projects import DATA, TRAIN, MakeProject, Project

from reportgen.runs.view import RunView


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Make an empty repository by its name."""
    return lambda name: Project(tmp_path / name)


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    """A repository with a training script, committed."""
    made = make_project("project")
    made.write("train.py", TRAIN)
    made.write("settings.py", "NOISE = 0.01\n")
    made.write("data/line.csv", DATA)
    made.write(".gitignore", "runs/\n__pycache__/\n")
    made.commit()
    return made


@pytest.fixture
def recorded(project: Project) -> RunView:
    """A run of the project, made from a clean work tree."""
    return project.train("--steps", "40", "--seed", "3")
