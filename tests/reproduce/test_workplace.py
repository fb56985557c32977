"""A restored tree in which a program is run: also one that knows nothing of reportgen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from reproduce.projects import Project, plan_of

from reportgen.reproduce.attempt import reproduce
from reportgen.runs.view import RunView

FIT = """\
import csv
import random
import time

random.seed(3)
with open("log.csv", "w") as stream:
    table = csv.writer(stream)
    table.writerow(["step", "val/loss"])
    for step in range(400):
        table.writerow([step, 1 / (step + 1) + random.random() * 0.01])
        stream.flush()
        time.sleep(0.01)
"""


@pytest.fixture
def wrapped(project: Project) -> RunView:
    """A run that `reportgen run` made of a program that only writes a table."""
    project.write("fit.py", FIT)
    project.write(".gitignore", "runs/\nlog.csv\n")
    project.commit()
    words = [sys.executable, "-m", "reportgen", "run", "--", "python", "fit.py"]
    subprocess.run(words, cwd=project.top, check=True, capture_output=True)
    (run,) = project.top.joinpath("runs").rglob("run.yaml")
    return RunView(run.parent)


def test_a_program_that_cannot_stop_is_stopped(wrapped: RunView) -> None:
    attempt = reproduce(plan_of(wrapped, steps=20))
    assert attempt.verdict == "identical", attempt.reason
    assert attempt.replayed is not None
    assert 20 <= len(attempt.replayed.series["val/loss"]) < 400
    assert attempt.judgement is not None
    assert attempt.judgement.series[0].points == 20


def test_each_run_has_a_folder_of_its_own(recorded: RunView, tmp_path: Path) -> None:
    into = tmp_path / "new"
    attempt = reproduce(plan_of(recorded, steps=5, calibrate=True, into=into))
    assert attempt.verdict == "identical", attempt.reason
    assert (into / "run" / "run.yaml").is_file()
    assert (into / "run-again" / "run.yaml").is_file()
    log = (into / "reproduce.log").read_text()
    assert log == ""  # a program that is stopped after five steps has not said its last word
