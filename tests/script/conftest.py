"""A small repository with a run of a small program, recorded by hand, and its reproduce.sh."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reportgen.fs.documents import dump_yaml
from reportgen.runs.view import RunView
from reportgen.script import reproduce_script

PROGRAM = """\
import json
import os
import pathlib
import sys

import scale

folder = pathlib.Path(__file__).parent / "runs" / f"replay-{os.getpid()}"
folder.mkdir(parents=True)
folder.joinpath("argv").write_bytes(b"\\0".join(os.fsencode(word) for word in sys.argv[1:]))
folder.joinpath("variables.json").write_text(json.dumps(dict(os.environ)))
folder.joinpath("config.yaml").write_text("lr: 0.1\\n")
with folder.joinpath("metrics.jsonl").open("w") as stream:
    for step in range(5):
        values = {"train/loss": scale.SCALE / (step + 1), "train/seconds": os.getpid()}
        stream.write(json.dumps({"step": step, "time": 1.0, "metrics": values}) + "\\n")
folder.joinpath("run.yaml").write_text("schema: reportgen.run/1\\nstatus: finished\\n")
"""


def git(folder: Path, *words: str, **variables: str) -> str:
    """Run git and return what it printed."""
    result = subprocess.run(
        ["git", *words],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


class Recorded:
    """A repository, a run folder in it, and what its documents say."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.folder = top / "runs" / "first"
        top.mkdir()
        git(top, "init", "--quiet")
        top.joinpath("train.py").write_text(PROGRAM)
        top.joinpath("scale.py").write_text("SCALE = 0.3\n")
        top.joinpath("data").mkdir()
        top.joinpath("data", "tracked.csv").write_text("1,2\n")
        git(top, "add", ".")
        git(top, "commit", "--quiet", "-m", "Start")
        self.run: dict[str, Any] = {
            "schema": "reportgen.run/1",
            "id": "01JD3W8M7T4Q",
            "name": "first",
            "status": "finished",
            "created": "2026-11-23T10:15:00.123Z",
            "command": {"argv": ["train.py"], "cwd": ".", "interpreter": "python3"},
        }
        self.git: dict[str, Any] = {
            "commit": git(top, "rev-parse", "HEAD"),
            "tree": git(top, "rev-parse", "HEAD^{tree}"),
            "dirty": False,
        }
        version = ".".join(map(str, sys.version_info[:3]))
        self.environment: dict[str, Any] = {
            "python": {"version": version},
            "seeds": {"python": 7, "state_sha256": {"python": "0" * 64}},
            "variables": {"OMP_NUM_THREADS": "1", "MKL_CBWR": None},
        }
        self.data: dict[str, Any] = {"inputs": []}
        self.requirements = ""
        self.patch = b""
        self.points = [(step, 0.3 / (step + 1)) for step in range(5)]

    def change(self, path: str, text: str) -> None:
        """Change the work tree, as somebody does before a run, and record it as a patch."""
        self.top.joinpath(path).write_text(text)
        index = {"GIT_INDEX_FILE": str(self.top.parent / "index")}
        git(self.top, "read-tree", "HEAD", **index)
        git(self.top, "add", ".", **index)
        git(self.top, "rm", "-r", "-q", "--cached", "--ignore-unmatch", "runs", **index)
        self.git |= {"dirty": True, "tree": git(self.top, "write-tree", **index)}
        words = ["git", "diff", "--binary", "--full-index", "HEAD", self.git["tree"]]
        self.patch = subprocess.run(words, cwd=self.top, capture_output=True, check=True).stdout

    def write(self) -> Path:
        """Write the run folder and return its reproduce.sh."""
        self.folder.mkdir(parents=True, exist_ok=True)
        documents = {
            "run.yaml": self.run,
            "git_info.yaml": self.git,
            "environment.yaml": self.environment,
            "data.yaml": self.data,
        }
        for name, document in documents.items():
            self.folder.joinpath(name).write_text(dump_yaml(document))
        self.folder.joinpath("config.yaml").write_text("lr: 0.1\n")
        self.folder.joinpath("requirements.txt").write_text(self.requirements)
        if self.patch:
            self.folder.joinpath("git_diff.patch").write_bytes(self.patch)
        with self.folder.joinpath("metrics.jsonl").open("w") as stream:
            for step, value in self.points:
                values = {"train/loss": value, "train/seconds": 1.0}
                stream.write(json.dumps({"step": step, "time": 1.0, "metrics": values}) + "\n")
        script = self.folder / "reproduce.sh"
        script.write_text(reproduce_script(RunView(self.folder)))
        return script


Replay = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    """A run of a clean work tree, not written yet."""
    return Recorded(tmp_path / "project")


@pytest.fixture
def replay(tmp_path: Path) -> Replay:
    """Run a script into ``tmp_path/replayed`` with the interpreter of the tests."""

    def run(
        script: Path, *words: str, shell: str = "sh", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "REPORTGEN_PYTHON": sys.executable, **variables}
        return subprocess.run(
            [shell, str(script), *(words or (str(tmp_path / "replayed"),))],
            cwd=tmp_path,
            env={name: value for name, value in environment.items() if value},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    return run
