from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from audit.branches import CRASHED, commit, run
from hostile_env import HostileEnvironment

from reportgen.testing import git, make_repository


@pytest.fixture
def hostile_env(tmp_path: Path) -> HostileEnvironment:
    """A folder for hostile input, and the command line under watch."""
    return HostileEnvironment(tmp_path)


@pytest.fixture(scope="session")
def branches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose main has a good and a crashed run; a branch starts there."""
    lab = make_repository(tmp_path_factory.mktemp("template") / "lab")
    run(lab, "good")
    run(lab, "crashed", **CRASHED)
    commit(lab, "runs")
    git(lab, "checkout", "--quiet", "-b", "work")
    return lab


@pytest.fixture
def lab(branches: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(branches, tmp_path / "lab", symlinks=True))
