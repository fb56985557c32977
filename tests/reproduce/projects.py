"""A small repository with a training script in plain Python, and runs that it really made."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reportgen.capture.code import CodeCapture, capture_code
from reportgen.reproduce.plan import Plan, Request, make_plan
from reportgen.runs.view import RunView
from reportgen.script.facts import ScriptFacts

TRAIN = '''\
"""Fit a line by stochastic gradient descent."""

import argparse
import csv
import random
from pathlib import Path
from typing import Any

import settings

import reportgen

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.05)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--steps", type=int, default=60)
parser.add_argument("words", nargs="*")
arguments = parser.parse_args()

HERE = Path(__file__).resolve().parent
config = {"lr": arguments.lr, "steps": arguments.steps, "seed": arguments.seed}
run = reportgen.start_run(
    config=config,
    seed=arguments.seed,
    data=[HERE / "data" / "line.csv"],
    root=HERE / "runs",
    group="lines",
    planned={"steps": arguments.steps},
)
with run:
    with open(HERE / "data" / "line.csv") as stream:
        points = [(float(x), float(y)) for x, y in csv.reader(stream)]
    slope = random.uniform(-1, 1)
    for step in range(arguments.steps):
        x, y = random.choice(points)
        error = slope * x - y + random.gauss(0, settings.NOISE)
        slope -= arguments.lr * error * x
        run.log({"train/loss": error * error, "train/seconds": step * 1.0}, step=step)
        if step % 10 == 9:
            loss = sum((slope * a - b) ** 2 for a, b in points) / len(points)
            run.log({"val/loss": loss}, step=step)
    print("done", *arguments.words)
'''
DATA = "".join(f"{x / 10},{x / 5}\n" for x in range(-10, 11))


class Project:
    """A git repository in a folder of its own."""

    def __init__(self, top: Path) -> None:
        self.top = top
        top.mkdir(parents=True)
        self.git("init", "--quiet")

    def git(self, *words: str, stdin: bytes = b"") -> str:
        """Run git and return what it printed."""
        done = subprocess.run(["git", *words], cwd=self.top, input=stdin, capture_output=True)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode(errors="surrogateescape").strip()

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file of the work tree."""
        place = self.top / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)
        return place

    def commit(self) -> str:
        """Commit everything and return the commit's id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", "Change")
        return self.git("rev-parse", "HEAD")

    def capture(self) -> CodeCapture:
        """The code as a run would record it."""
        return capture_code(self.top, run_root=self.top / "runs")

    def state(self) -> dict[str, str]:
        """The SHA-256 of every file of the work tree and of the git directory."""
        return {
            str(path.relative_to(self.top)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.top.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }

    def train(self, *words: str, **variables: str) -> RunView:
        """Run the training script and return the run that it made."""
        before = set(self.top.joinpath("runs").rglob("run.yaml"))
        self._run(*words, **variables)
        (made,) = set(self.top.joinpath("runs").rglob("run.yaml")) - before
        return RunView(made.parent)

    def resume(self, *words: str) -> RunView:
        """Run the training script, which goes on with the run that its last word names."""
        self._run(*words)
        return RunView(Path(words[-1]))

    def _run(self, *words: str, **variables: str) -> None:
        done = subprocess.run(
            [sys.executable, "train.py", *words],
            cwd=self.top,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stderr


def facts_at(code: CodeCapture) -> ScriptFacts:
    """What a script says of captured code."""
    left_out = tuple(item.path for item in code.git.left_out)
    return ScriptFacts(commit=code.git.commit, tree=code.git.tree, left_out=left_out)


def filled(project: Project) -> Project:
    """Commit the training script and its data."""
    project.write("train.py", TRAIN)
    project.write("settings.py", "NOISE = 0.01\n")
    project.write("data/line.csv", DATA)
    project.write(".gitignore", "runs/\n__pycache__/\n")
    project.commit()
    return project


def plan_of(view: RunView, **asked: Any) -> Plan:
    """Plan a replay of a run in the environment of the tests."""
    return make_plan(RunView(view.folder), Request(**{"environment": "current", **asked}))


MakeProject = Callable[[str], Project]
