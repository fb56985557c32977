"""The beginning of a resumed run is that of its first attempt."""

from __future__ import annotations

from pathlib import Path

import pytest
from reproduce.projects import Project, plan_of

from reportgen.errors import UnavailableError
from reportgen.reproduce.attempt import reproduce
from reportgen.reproduce.first_attempt import first_attempt, resumed_at
from reportgen.runs.view import RunView

RESUMING = """\
import sys
import reportgen

resume = sys.argv[2] if len(sys.argv) > 2 else None
first = 10 if resume else 0
config = {"lr": float(sys.argv[1])}
with reportgen.start_run(config=config, seed=1, root="runs", resume=resume) as run:
    for step in range(first, first + 10):
        run.log({"train/loss": float(sys.argv[1]) / (step + 1)}, step=step)
"""


@pytest.fixture
def resumed(project: Project) -> RunView:
    """Ten steps, and ten more with another setting and other code."""
    project.write("train.py", RESUMING)
    project.commit()
    run = project.train("0.5")
    project.write("train.py", RESUMING.replace("/ (step", "* 2 / (step"))
    project.commit()
    done = project.resume("0.25", str(run.folder))
    assert done.run.attempt == 2
    return done


def test_what_the_first_attempt_recorded(project: Project, resumed: RunView) -> None:
    assert resumed_at(resumed) == 10
    first = first_attempt(resumed)
    assert first.run.command is not None
    assert first.run.command.argv == ["train.py", "0.5"]
    assert (first.id, first.run.attempt) == (resumed.id, 1)
    assert first.config == {"lr": 0.5}
    assert first.git is not None
    assert first.git.commit == project.git("rev-parse", "HEAD~")
    assert len(first.series["train/loss"]) == 10
    folder = first.folder
    assert folder.is_dir()
    del first
    assert not folder.exists()


def test_the_beginning_is_replayed_with_its_own_command(resumed: RunView) -> None:
    plan = plan_of(resumed, steps=5)
    assert plan.facts.argv == ("train.py", "0.5")
    attempt = reproduce(plan)
    assert attempt.verdict == "identical", attempt.reason
    assert plan_of(resumed).facts.argv[1] == "0.25"
    assert plan_of(resumed, steps=15).facts.argv[1] == "0.25"


def test_without_a_record_of_it_there_is_no_replay(resumed: RunView) -> None:
    (resumed.folder / "attempts/1/attempt.yaml").unlink()
    with pytest.raises(UnavailableError, match="how it began is not recorded"):
        plan_of(resumed, steps=5)


def test_a_run_of_one_attempt_has_no_beginning_of_its_own(recorded: RunView) -> None:
    assert resumed_at(recorded) is None
    assert Path(plan_of(recorded, steps=5).view.folder) == recorded.folder
