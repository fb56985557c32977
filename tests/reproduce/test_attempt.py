"""A real run of a real repository, made again elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from reproduce.projects import Project, plan_of

from reportgen.errors import UnavailableError
from reportgen.reproduce.attempt import Attempt, judged, reproduce
from reportgen.runs.view import RunView


def attempt_of(view: RunView, **asked: object) -> Attempt:
    return reproduce(plan_of(view, **asked))


def test_to_the_end_and_to_the_last_digit(project: Project, recorded: RunView) -> None:
    before = project.state()
    attempt = attempt_of(recorded)
    assert attempt.verdict == "identical", attempt.reason
    assert attempt.steps is None
    assert attempt.judgement is not None
    assert attempt.judgement.left_out == ("train/seconds",)
    assert {one.name: one.points for one in attempt.judgement.series} == {
        "train/loss": 40,
        "val/loss": 4,
    }
    assert attempt.conclusion is not None
    assert attempt.conclusion.same is None
    assert project.state() == before


def test_the_first_steps_alone(project: Project, recorded: RunView) -> None:
    project.write("settings.py", "NOISE = 0.5\n")
    project.commit()
    attempt = attempt_of(recorded, steps=20)
    assert (attempt.verdict, attempt.steps) == ("identical", 20)
    assert attempt.replayed is not None
    assert len(attempt.replayed.series["train/loss"]) == 20
    assert attempt.replayed.run.stopped_early == "REPORTGEN_STOP_AFTER_STEP=19"
    assert attempt.judgement is not None
    assert attempt.judgement.metrics()["val/loss"]["step"] == 19
    assert attempt.conclusion is None


def test_what_was_not_committed(project: Project) -> None:
    project.write("settings.py", "from noise import NOISE as NOISE\n")
    project.write("noise.py", "import pathlib\nNOISE = len(pathlib.Path('n.bin').read_bytes())\n")
    project.write("n.bin", bytes([0, 255, 13, 10]) * 3)
    recorded = project.train("--steps", "30")
    assert recorded.git is not None
    assert recorded.git.dirty
    project.git("checkout", "--quiet", "settings.py")
    (project.top / "noise.py").unlink()
    (project.top / "n.bin").unlink()
    attempt = attempt_of(recorded, steps=10)
    assert attempt.verdict == "identical", attempt.reason
    assert f"tree {recorded.git.tree}, as recorded" in attempt.notes


def test_what_is_left_behind(recorded: RunView, tmp_path: Path) -> None:
    attempt = attempt_of(recorded, steps=5)
    assert sorted(path.name for path in attempt.folder.iterdir()) == ["reproduce.log", "run"]
    into = tmp_path / "kept"
    kept = attempt_of(recorded, steps=5, into=into)
    assert kept.folder == into
    assert (into / "tree" / "train.py").is_file()


def test_input_that_git_does_not_hold(project: Project, tmp_path: Path) -> None:
    project.write(".gitignore", "runs/\ndata/\n__pycache__/\n")
    project.git("rm", "--quiet", "--cached", "data/line.csv")
    project.commit()
    recorded = project.train("--steps", "20")
    assert attempt_of(recorded, steps=10).verdict == "identical"
    kept = tmp_path / "elsewhere" / "data"
    kept.parent.mkdir()
    (project.top / "data").rename(kept)
    with pytest.raises(UnavailableError, match=r"data/line\.csv: not here.* --data DIR"):
        plan_of(recorded, steps=10)
    assert attempt_of(recorded, steps=10, data=kept.parent).verdict == "identical"
    (kept / "line.csv").write_text("1,2\n")
    with pytest.raises(UnavailableError, match="another SHA-256"):
        plan_of(recorded, steps=10, data=kept.parent)


def test_a_program_that_left_something_to_chance(project: Project) -> None:
    text = project.top.joinpath("train.py").read_text()
    text = text.replace("run.log({", "run.log({'train/chance': int.from_bytes(os.urandom(4)), ")
    project.write("train.py", f"import os\n{text}")
    project.commit()
    recorded = project.train("--steps", "20")
    attempt = attempt_of(recorded, steps=10)
    assert attempt.verdict == "diverges"
    assert attempt.judgement is not None
    first = attempt.judgement.first_difference
    assert first is not None
    assert (first["series"], first["step"]) == ("train/chance", 0)
    assert (attempt.folder / "tree").is_dir()


def test_a_band_as_wide_as_two_replays_differ(project: Project) -> None:
    text = project.top.joinpath("train.py").read_text()
    noisy = "run.log({'train/noisy': 1 + int.from_bytes(os.urandom(2)) * 1e-8, "
    project.write("train.py", "import os\n" + text.replace("run.log({", noisy))
    project.commit()
    recorded = project.train("--steps", "40")
    assert attempt_of(recorded, steps=30).verdict == "diverges"
    attempt = attempt_of(recorded, steps=30, calibrate=True)
    assert attempt.calibration is not None
    assert 1e-5 < attempt.calibration.largest < 1e-3
    assert attempt.verdict == "within-band"
    assert attempt.judgement is not None
    assert attempt.judgement.band == attempt.calibration.band(1e-5)


def test_other_seeds_than_those_recorded_are_named(project: Project) -> None:
    project.write("settings.py", "import os, random\nNOISE = 0.01\n")
    text = project.top.joinpath("train.py").read_text()
    project.write("train.py", text.replace("seed=arguments.seed", "seed=os.getpid()", 1))
    project.write("train.py", "import os\n" + project.top.joinpath("train.py").read_text())
    project.commit()
    attempt = attempt_of(project.train("--steps", "20"), steps=10)
    assert attempt.verdict == "diverges"
    assert {item.factor for item in attempt.differences if item.tells} == {"seed"}


def test_a_command_that_fails_is_no_verdict(project: Project, recorded: RunView) -> None:
    run = recorded.folder / "run.yaml"
    run.write_text(run.read_text().replace("'40'", "forty"))
    attempt = attempt_of(recorded, steps=5)
    assert attempt.verdict == "cannot-run"
    assert attempt.reason is not None
    assert "status 2" in attempt.reason
    assert "forty" in attempt.reason


def test_a_rerun_that_somebody_made_elsewhere(
    project: Project, recorded: RunView, tmp_path: Path
) -> None:
    again = project.train("--steps", "40", "--seed", "3")
    assert judged(plan_of(recorded), again).verdict == "identical"
    other = project.train("--steps", "40", "--seed", "4")
    found = judged(plan_of(recorded), other)
    assert found.verdict == "diverges"
    assert found.differences[0].factor in ("config", "seed")
    stopped = project.train("--steps", "40", "--seed", "3", REPORTGEN_STOP_AFTER_STEP="9")
    short = judged(plan_of(recorded), stopped)
    assert (short.verdict, short.steps) == ("identical", 10)


TORCH = """\
import torch
import reportgen

torch.set_num_threads(1)
with reportgen.start_run(config={"lr": 0.1}, seed=5, deterministic=True, root="runs") as run:
    data = torch.randn(64, 8)
    layers = (torch.nn.Linear(8, 16), torch.nn.Dropout(0.2), torch.nn.Linear(16, 1))
    model = torch.nn.Sequential(*layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(30):
        loss = ((model(data) - data.sum(1, keepdim=True)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        run.log({"train/loss": loss}, step=step)
"""


def test_a_network_of_torch(project: Project) -> None:
    project.write("train.py", TORCH)
    project.commit()
    recorded = project.train()
    attempt = attempt_of(recorded, steps=20)
    assert attempt.verdict in ("identical", "within-band"), attempt.reason
    assert not [item for item in attempt.differences if item.tells]
    assert attempt.replayed is not None
    assert attempt.replayed.environment is not None
    assert "torch" in (attempt.replayed.environment.packages or {})
