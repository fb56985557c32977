"""A run that was handed on is run again from what came with it, with no repository at hand."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from reproduce.projects import Project

from reportgen.cli.main import main
from reportgen.errors import NotFoundError, UnavailableError
from reportgen.reproduce.attempt import reproduce
from reportgen.reproduce.environment import plan_environment
from reportgen.reproduce.handed_over import HandedOver
from reportgen.reproduce.plan import Request, make_plan
from reportgen.runs.view import RunView
from reportgen.script.facts import ScriptFacts
from reportgen.script.requirements import read_requirements


def handed_on(recorded: RunView, tmp_path: Path, *words: str) -> Path:
    """Bundle a run, take its repository away and unpack the bundle elsewhere."""
    archive = tmp_path / "run.zip"
    assert main(["bundle", str(recorded.folder), "-o", str(archive), *words]) == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert main(["unbundle", str(archive), str(elsewhere / "new")]) == 0
    (run,) = (path.parent for path in elsewhere.rglob("run.yaml"))
    return run


def test_a_bundle_of_what_was_not_committed(project: Project, tmp_path: Path) -> None:
    project.write("settings.py", "from noise import NOISE as NOISE\n")
    project.write("noise.py", "NOISE = 0.25\n")
    run = handed_on(project.train("--steps", "30"), tmp_path, "--with-code")
    shutil.rmtree(project.top)
    plan = make_plan(RunView(run), Request(steps=10, environment="current"))
    assert plan.source.bundle == run.parent / "code.bundle"
    attempt = reproduce(plan)
    assert attempt.verdict == "identical", attempt.reason
    assert not [item for item in attempt.differences if item.tells]


def test_input_that_came_along(project: Project, tmp_path: Path) -> None:
    project.write(".gitignore", "runs/\ndata/\n__pycache__/\n")
    project.git("rm", "--quiet", "--cached", "data/line.csv")
    project.commit()
    run = handed_on(project.train("--steps", "20"), tmp_path, "--with-code", "--with-data")
    shutil.rmtree(project.top)
    plan = make_plan(RunView(run), Request(steps=5, environment="current"))
    assert reproduce(plan).verdict == "identical"
    shutil.rmtree(run.parent / "inputs")
    with pytest.raises(UnavailableError, match=r"data/line\.csv: not here"):
        make_plan(RunView(run), Request(steps=5, environment="current"))


def test_code_that_is_another(recorded: RunView, project: Project, tmp_path: Path) -> None:
    run = handed_on(recorded, tmp_path, "--with-code")
    project.write("settings.py", "NOISE = 0.9\n")
    project.commit()
    bundle = run.parent / "code.bundle"
    bundle.unlink()
    project.git("bundle", "create", "--quiet", str(bundle), "HEAD")
    at_hand = make_plan(RunView(run), Request(environment="current"))
    assert at_hand.patch == b""  # the history holds the recorded commit itself
    subprocess.run(["git", "checkout", "-q", "--orphan", "x"], cwd=project.top, check=True)
    project.commit()
    bundle.unlink()
    project.git("bundle", "create", "--quiet", str(bundle), "x")
    with pytest.raises(NotFoundError, match="holds neither commit"):
        make_plan(RunView(run), Request(environment="current"))
    bundle.write_bytes(b"no bundle")
    with pytest.raises(UnavailableError):
        make_plan(RunView(run), Request(environment="current"))


def test_beside_the_run_or_around_it(tmp_path: Path) -> None:
    run = tmp_path / "top" / "run"
    run.mkdir(parents=True)
    (tmp_path / "top" / "wheels").mkdir()
    (run / "code.bundle").write_bytes(b"")
    assert HandedOver.with_run(run) == HandedOver(code=run / "code.bundle")
    (tmp_path / "top" / "bundle.json").write_text("{}")
    assert HandedOver.with_run(run) == HandedOver(wheels=tmp_path / "top" / "wheels")
    (tmp_path / "top" / "inputs").symlink_to(tmp_path)
    assert HandedOver.with_run(run).inputs is None


def test_packages_of_somebody_else_are_kept_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTGEN_CACHE", str(tmp_path / "cache"))
    facts = ScriptFacts(requirements=read_requirements("a==1.0\nb @ https://example.org/b@c\n"))
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    own = plan_environment("new", facts)
    given = plan_environment("new", facts, wheels=wheels)
    assert given.packages.plain == ("a==1.0", "b")
    assert own.packages.plain == ("a==1.0", "b @ https://example.org/b@c")
    (wheels / "a.whl").write_bytes(b"x")
    other = plan_environment("new", facts, wheels=wheels)
    assert len({own.kept, given.kept, other.kept}) == 3
    assert "alone" in given.line
