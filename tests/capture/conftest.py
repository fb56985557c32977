"""Small repositories, harmless and hostile, and the proof that nothing was touched or executed."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


class Repo:
    """A git repository in a folder of its own."""

    def __init__(self, top: Path) -> None:
        self.top = top

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.top, input=stdin, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, path: str | bytes, content: str | bytes = "x = 1\n") -> Path:
        place = Path(os.fsdecode(os.path.join(os.fsencode(self.top), os.fsencode(path))))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        return place

    def commit(self, message: str = "step") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def tree(self, revision: str = "HEAD") -> str:
        return self.git("rev-parse", f"{revision}^{{tree}}")

    def snapshot(self) -> dict[str, str]:
        """Every file below .git with the hash of its bytes."""
        found = {}
        for folder, _, names in os.walk(self.top / ".git"):
            for name in names:
                path = Path(folder, name)
                content = os.readlink(path) if path.is_symlink() else path.read_bytes().hex()
                found[str(path.relative_to(self.top))] = hashlib.sha256(
                    content.encode()
                ).hexdigest()
        return found


@pytest.fixture
def make_repo(tmp_path: Path) -> Callable[..., Repo]:
    def make(name: str = "repo", *options: str) -> Repo:
        top = tmp_path / name
        top.mkdir()
        repo = Repo(top)
        repo.git("init", "--quiet", *options)
        return repo

    return make


@pytest.fixture
def repo(make_repo: Callable[..., Repo]) -> Repo:
    """One commit with a script, a package and a data file."""
    made = make_repo()
    made.write("train.py", "import lib\nlib.run()\n")
    made.write("lib/__init__.py", "def run():\n    return 1\n")
    made.write("data/table.csv", "a,b\n1,2\n")
    made.commit("first")
    return made


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that exists once something of a hostile repository was executed."""
    return tmp_path / "PWNED"
