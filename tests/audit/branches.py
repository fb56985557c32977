"""A repository with runs on two branches, for what is judged beside a base."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportgen.testing import git, make_run

CRASHED: dict[str, Any] = {"run": {"status": "failed", "exit_code": 1}}
GROUP = "runs/digits/baseline"


def commit(lab: Path, message: str = "change") -> str:
    git(lab, "add", "--all")
    git(lab, "commit", "--quiet", "--message", message)
    return git(lab, "rev-parse", "HEAD")


def run(lab: Path, name: str, **changes: Any) -> Path:
    """A run of the repository."""
    return make_run(lab / "runs", name, repository=lab, **changes)
