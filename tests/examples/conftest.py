"""The example runs, and clones of the project to run things in."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


def git(folder: Path, *words: str) -> str:
    """Run git and return what it printed."""
    command = ["git", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="session")
def examples(repository: Path) -> Path:
    """The folder of the training script and its runs."""
    return repository / "example_runs"


@pytest.fixture(scope="session")
def runs(examples: Path) -> Path:
    """The folder of the groups of runs."""
    folder = examples / "runs" / "digits"
    if not folder.is_dir():
        pytest.skip("there are no example runs: `make examples` trains them")
    return folder


@pytest.fixture(scope="session")
def history(repository: Path) -> Path:
    """The checkout with its whole history."""
    if not (repository / ".git").exists():
        pytest.skip("not a checkout: there is no history to look at")
    if git(repository, "rev-parse", "--is-shallow-repository").strip() == "true":
        pytest.skip(
            "a shallow clone: the commits of the runs are not in it (git fetch --unshallow)"
        )
    return repository


@pytest.fixture(scope="session")
def clone(history: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone of HEAD."""
    folder = tmp_path_factory.mktemp("fresh") / "clone"
    git(history, "clone", "--quiet", "--no-hardlinks", str(history), str(folder))
    return folder
