"""The steps of the action and of the workflow that is handed out, run as they stand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from reportgen.cli.commands.init import planned
from reportgen.testing import git, make_repository, make_run

CRASHED = {"status": "failed", "exit_code": 1}


@dataclass
class Done:
    """What a step said and left.

    Attributes:
        status: Of its shell.
        log: What it printed.
        summary: What it added to the summary of the job.
        outputs: What it set.
    """

    status: int
    log: str
    summary: str
    outputs: dict[str, str]


class Runner:
    """Runs the shell steps of a job the way the service does.

    Args:
        folder: For temporary files.
        action: The action's own checkout.
    """

    def __init__(self, folder: Path, action: Path) -> None:
        self.temp = folder / "_temp"
        self.temp.mkdir(parents=True)
        self.action = action

    def run(self, step: dict[str, Any], workspace: Path, known: dict[str, str]) -> Done:
        """Run one step; expressions of its variables are looked up in ``known``."""
        script, summary, outputs = (self.temp / name for name in ("step.sh", "summary", "outputs"))
        script.write_text(step["run"], encoding="utf-8")
        for file in (summary, outputs):
            file.write_text("")
        given = {
            name: re.sub(r"\$\{\{ (.+?) \}\}", lambda match: known[match[1]], value)
            for name, value in step.get("env", {}).items()
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=workspace,
            env={
                **os.environ,
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(self.action),
                "GITHUB_OUTPUT": str(outputs),
                "GITHUB_STEP_SUMMARY": str(summary),
                "RUNNER_TEMP": str(self.temp),
                # What a runner fetches from the index is here already; see lend_packages.
                "PIP_NO_INDEX": "1",
                "PIP_NO_DEPS": "1",
                "PIP_NO_BUILD_ISOLATION": "0",
                **given,
            },
            capture_output=True,
            text=True,
            timeout=300,
        )
        set_outputs = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        return Done(done.returncode, done.stdout + done.stderr, summary.read_text(), set_outputs)


def lend_packages(environment: Path) -> None:
    """Lend a virtual environment the packages of this one, so that none has to be fetched."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (place,) = environment.glob("lib/python*/site-packages")
    lent = {sysconfig.get_paths()[name] for name in ("purelib", "platlib")}
    (place / "lent.pth").write_text("".join(f"{path}\n" for path in sorted(lent)))


def steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    if "runs" in document:
        return [step for step in document["runs"]["steps"] if "run" in step]
    return [step for step in document["jobs"]["audit"]["steps"] if "run" in step]


@pytest.fixture(scope="module")
def source(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files alone, as the service checks an action out."""
    if not (repository / ".git").exists():
        pytest.skip("not a checkout: what git tracks is unknown")
    folder = tmp_path_factory.mktemp("action")
    listed = git(repository, "ls-files", "-z", "reportgen", "themes", "*.md", "LICENSE", "*.toml")
    for name in listed.split("\0"):
        if name and (repository / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((repository / name).read_bytes())
    return folder


@pytest.fixture(scope="module")
def action(repository: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((repository / "action.yml").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def runner(
    source: Path, action: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Runner:
    """A runner on which the install step was run, as it stands."""
    runner = Runner(tmp_path_factory.mktemp("runner"), source)
    lend_packages(runner.temp / "reportgen")
    install = steps(action)[0]
    done = runner.run(install, source, {})
    assert done.status == 0, done.log
    python = runner.temp / "reportgen/bin/python"
    where = "import reportgen; print(reportgen.__file__)"
    said = subprocess.run([python, "-I", "-c", where], capture_output=True, text=True, check=True)
    assert said.stdout.startswith(str(runner.temp))
    return runner


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A repository with a run on main, seen from a branch."""
    lab = make_repository(tmp_path / "lab")
    make_run(lab / "runs", "good", repository=lab)
    git(lab, "add", "--all")
    git(lab, "commit", "--quiet", "--message", "runs")
    git(lab, "checkout", "--quiet", "-b", "work")
    return lab


def head_of(lab: Path, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Check out the head with its history, as the first step does; return what the event says."""
    git(lab, "add", "--all")
    git(lab, "commit", "--quiet", "--allow-empty", "--message", "change")
    clone = tmp_path / "workspace"
    git(tmp_path, "clone", "--quiet", "--no-checkout", lab.as_uri(), str(clone))
    head = git(lab, "rev-parse", "work")
    git(clone, "checkout", "--quiet", "--detach", head)
    base = git(lab, "rev-parse", "main")
    event = {"github.event.pull_request.base.sha": base, "inputs.base": base}
    return clone, event | {"inputs.path": "", "inputs.policy": "", "inputs.fail-on": "error"}


def commands(log: str) -> list[str]:
    """The lines that the service would take for commands."""
    found = []
    stopped = ""
    for line in log.splitlines():
        if stopped:
            stopped = "" if line == f"::{stopped}::" else stopped
        elif line.startswith("::stop-commands::"):
            stopped = line.removeprefix("::stop-commands::")
        elif line.startswith(("::", "##[")):
            found.append(line)
    assert not stopped
    return found


def test_a_badly_recorded_run_fails_the_job_with_its_reason(
    runner: Runner, action: dict[str, Any], lab: Path, tmp_path: Path
) -> None:
    make_run(lab / "runs", "new", run={**CRASHED, "name": "a\n::error::injected"})
    workspace, event = head_of(lab, tmp_path)
    done = runner.run(steps(action)[1], workspace, event)
    assert done.status == 1, done.log
    assert "The gate fails" in done.log
    assert done.summary.startswith("## Audit of runs: the gate fails\n")
    assert done.outputs["status"] == "1"
    reports = Path(done.outputs["reports"])
    assert json.loads((reports / "audit.json").read_text())["gate"]["passed"] is False
    assert json.loads((reports / "audit.sarif").read_text())["version"] == "2.1.0"
    found = commands(done.log)
    assert any(line.startswith("::error file=runs/digits/baseline/new/run.yaml") for line in found)
    assert all(re.match(r"::(error|warning|notice) (file|title)=", line) for line in found)


def test_the_mended_run_passes(
    runner: Runner, action: dict[str, Any], lab: Path, tmp_path: Path
) -> None:
    make_run(lab / "runs", "new", repository=lab)
    workspace, event = head_of(lab, tmp_path)
    done = runner.run(steps(action)[1], workspace, event)
    assert (done.status, done.outputs["status"]) == (0, "0"), done.log
    assert "The gate passes: 1 run added or changed since" in done.log


def test_a_change_without_runs_passes(
    runner: Runner, action: dict[str, Any], lab: Path, tmp_path: Path
) -> None:
    (lab / "train.py").write_text("x = 1\n")
    (lab / "reportgen.py").write_text("raise SystemExit('imported from the checkout')\n")
    (lab / "json.py").write_text("raise SystemExit('imported from the checkout')\n")
    workspace, event = head_of(lab, tmp_path)
    done = runner.run(steps(action)[1], workspace, event)
    assert done.status == 0, done.log
    assert "no run was added or changed since" in done.log
    assert commands(done.log) == []


def test_inputs_reach_the_audit_as_they_are(
    runner: Runner, action: dict[str, Any], lab: Path, tmp_path: Path
) -> None:
    odd = "runs $(touch PWNED) `touch PWNED`; x"
    make_run(lab / odd, "new", run=CRASHED)
    make_run(lab / "runs", "other", run=CRASHED)
    workspace, event = head_of(lab, tmp_path)
    inputs = {"inputs.path": f"{odd}\n\n", "inputs.policy": "debug", "inputs.fail-on": "none"}
    done = runner.run(steps(action)[1], workspace, event | inputs)
    assert done.status == 0, done.log
    document = json.loads((Path(done.outputs["reports"]) / "audit.json").read_text())
    assert [run["name"] for run in document["runs"]] == ["new"]
    assert document["policy"] == "debug"
    assert not list(tmp_path.rglob("PWNED"))


def test_without_a_base_every_run_is_audited(
    runner: Runner, action: dict[str, Any], lab: Path, tmp_path: Path
) -> None:
    workspace, event = head_of(lab, tmp_path)
    done = runner.run(steps(action)[1], workspace, event | {"inputs.base": ""})
    assert done.status == 0, done.log
    assert "The gate passes: 1 run," in done.log


def test_what_cannot_be_audited_fails_with_its_reason(
    runner: Runner, action: dict[str, Any], lab: Path, tmp_path: Path
) -> None:
    workspace, event = head_of(lab, tmp_path)
    done = runner.run(steps(action)[1], workspace, event | {"inputs.base": "none"})
    assert (done.status, done.outputs["status"], done.summary) == (2, "2", "")
    assert "no commit 'none'" in done.log


def test_the_workflow_that_is_handed_out_does_the_same(
    runner: Runner, lab: Path, tmp_path: Path
) -> None:
    plan = planned(lab, "commit")
    workflow = yaml.safe_load(plan[".github/workflows/reportgen-audit.yml"])
    install, audit = steps(workflow)
    assert "pip install" in install["run"]
    make_run(lab / "runs", "new", run=CRASHED)
    workspace, event = head_of(lab, tmp_path)
    done = runner.run(audit, workspace, event)
    assert done.status == 1, done.log
    assert done.summary.startswith("## Audit of runs: the gate fails\n")
    assert any(line.startswith("::error file=") for line in commands(done.log))


def test_the_site_of_the_workflow_that_is_handed_out_is_built(
    runner: Runner, lab: Path, tmp_path: Path
) -> None:
    workflow = yaml.safe_load(planned(lab, "commit")[".github/workflows/reportgen-pages.yml"])
    (build,) = [
        step
        for step in workflow["jobs"]["build"]["steps"]
        if "reportgen build" in step.get("run", "")
    ]
    workspace, _ = head_of(lab, tmp_path)
    done = runner.run(build, workspace, {})
    assert done.status == 0, done.log
    assert (runner.temp / "site" / "index.html").is_file()
    upload = workflow["jobs"]["build"]["steps"][-1]
    assert upload["with"]["path"] == "${{ runner.temp }}/site"


def test_the_hook_for_commits_runs_as_it_stands(
    runner: Runner, repository: Path, lab: Path
) -> None:
    (hook,) = yaml.safe_load((repository / ".pre-commit-hooks.yaml").read_text())
    make_run(lab / "runs", "new", run=CRASHED)
    path = f"{runner.temp / 'reportgen/bin'}{os.pathsep}{os.environ['PATH']}"
    words = hook["entry"].split(" ")
    done = subprocess.run(
        words, cwd=lab, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("The gate fails: new added or changed since HEAD")
