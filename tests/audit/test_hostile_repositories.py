"""Repositories of every shape: each is answered for, none obeyed, none given away."""

from __future__ import annotations

import json
import shutil
import stat
from functools import partial
from pathlib import Path

import pytest
from audit.repository_shapes import SHAPES
from hostile_env import CANARY, HostileEnvironment

from reportgen.audit import repository as asked_repository
from reportgen.audit.runner import audit_runs
from reportgen.capture.shadow import open_shadow
from reportgen.testing import git, make_repository, make_run

TOUCH = f"touch {CANARY}"
CODE = ("code.commit-exists", "code.modules-match-tree", "code.entrypoint-in-tree")


def outcomes(text: str) -> dict[str, dict[str, tuple[str, str]]]:
    """What each check said of each run, by the run's folder."""
    return {
        run["path"]: {one["id"]: (one["outcome"], one["message"]) for one in run["checks"]}
        for run in json.loads(text)["runs"]
    }


@pytest.mark.parametrize("part", range(3))
def test_repositories_of_every_shape(hostile_env: HostileEnvironment, part: int) -> None:
    shapes = dict(list(SHAPES.items())[part::3])
    places = {name: shape.build(hostile_env.folder / name) for name, shape in shapes.items()}
    words = [str(place.relative_to(hostile_env.folder)) for place in places.values()]
    done = hostile_env.run("audit", *words, "--format", "json", times=1)
    said = outcomes(done.stdout)
    assert len(said) == len(shapes)
    for (name, shape), word in zip(shapes.items(), words, strict=True):
        found = said[word]
        assert {check: found[check][0] for check in shape.outcomes} == shape.outcomes, name
        assert [text for outcome, text in found.values() if outcome == "error"] == [], name
    assert "SECRET" not in done.stdout


def a_git(folder: Path, script: str) -> str:
    """A folder for PATH with a program called git that is none, and nothing else."""
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(stat.S_IRWXU)
    return str(folder)


OLD = """case "$*" in
*--end-of-options*|*--no-show-signature*) echo "error: unknown option" >&2; exit 129;;
--version) echo "git version 2.17.1"; exit 0;;
*) echo "usage: git" >&2; exit 129;;
esac"""


GITS = {
    "absent": None,
    "old": OLD,
    "fails": "exit 1",
    "refuses": "echo not a repository >&2; exit 128",
    "lies": "echo lies; exit 0",
    "floods": "exec cat /dev/zero",
    "dies": "kill -9 $$",
}


@pytest.mark.parametrize("name", GITS)
def test_a_git_that_is_none_answers_nothing(hostile_env: HostileEnvironment, name: str) -> None:
    script = GITS[name]
    lab = make_repository(hostile_env.folder / "lab")
    make_run(lab / "runs", repository=lab)
    bin_folder = hostile_env.folder.parent / "bin"
    if script is None:
        bin_folder.mkdir()
    else:
        a_git(bin_folder, script)
    path = {"PATH": str(bin_folder)}
    done = hostile_env.run("audit", "lab/runs", "--format", "json", environment=path, times=1)
    (found,) = outcomes(done.stdout).values()
    assert {check: found[check][0] for check in CODE} == dict.fromkeys(CODE, "inconclusive")
    assert found[CODE[0]][1] == "git is not installed" or script is not None
    assert [text for outcome, text in found.values() if outcome == "error"] == []


def test_a_git_that_hangs_costs_its_time_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = make_repository(tmp_path / "lab")
    runs = [make_run(lab / "runs", name, repository=lab) for name in ("one", "two")]
    monkeypatch.setattr(asked_repository, "SECONDS", 0.3)
    monkeypatch.setattr(asked_repository, "open_shadow", partial(open_shadow, seconds=0.3))
    monkeypatch.setenv("PATH", a_git(tmp_path / "bin", "exec /bin/sleep 600"))
    for audit in audit_runs(runs).runs:
        found = {one.id: one for one in audit.checks}
        assert {found[check].outcome.value for check in CODE} == {"inconclusive"}
        assert "took too long" in found[CODE[0]].message
        assert "error" not in {one.outcome.value for one in audit.checks}


def test_settings_of_the_audited_repository_are_not_those_of_the_auditor(
    hostile_env: HostileEnvironment,
) -> None:
    """Modules, plug-ins, settings and variables that lie there: what counts is the caller's own."""
    lab = make_repository(hostile_env.folder / "lab")
    make_run(lab / "runs", repository=lab, run={"status": "failed", "exit_code": 1})
    clean = hostile_env.run("audit", "lab/runs")
    relaxed = 'policy = "none.yaml"\nroots = ["/"]\n[site]\noutput = "/"\n'
    for name, text in {
        "reportgen.toml": relaxed,
        "none.yaml": 'gate: {"*": off}\n',
        "pyproject.toml": '[project.entry-points."reportgen.checks"]\nevil = "evil:Evil"\n'
        "[tool.reportgen]\n" + relaxed,
        ".env": "REPORTGEN_POLICY=none.yaml\n",
        "conftest.py": f"import os\nos.system({TOUCH!r})\n",
        "json.py": f"import os\nos.system({TOUCH!r})\n",
        "reportgen/__init__.py": f"import os\nos.system({TOUCH!r})\n",
        "sitecustomize.py": f"import os\nos.system({TOUCH!r})\n",
    }.items():
        for folder in (lab, lab / "runs", lab / "runs/digits"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
    done = hostile_env.run("audit", "lab/runs")
    assert (done.status, done.stdout) == (clean.status, clean.stdout)
    assert done.status == 1


def test_a_change_that_excuses_itself_is_held_to_the_rules_of_its_base(
    hostile_env: HostileEnvironment,
) -> None:
    """It relaxes policy and settings, exempts itself, and hides, moves and adds runs."""
    lab = make_repository(hostile_env.folder)
    crashed = {"run": {"status": "failed", "exit_code": 1}}
    good = make_run(lab / "runs", "good", repository=lab)
    gone = make_run(lab / "runs", "gone", repository=lab, **crashed)
    (lab / "reportgen.toml").write_text('policy = "audit.yaml"\n')
    (lab / "audit.yaml").write_text("gate: {environment.seeds-recorded: error}\n")
    git(lab, "add", "--all")
    git(lab, "commit", "--quiet", "--message", "Runs and rules")
    git(lab, "checkout", "--quiet", "-b", "work")
    shutil.rmtree(gone)
    good.rename(good.with_name("renamed"))
    make_run(lab / "runs", "new", repository=lab, environment={"seeds": None}, **crashed)
    (lab / "audit.yaml").write_text(
        'gate: {"*": off}\nexemptions:\n- {check: "*", runs: "*", reason: accepted, by: '
        f"{TOUCH}, until: 2099-01-01}}\n"
    )
    (lab / "reportgen.toml").write_text('policy = "debug"\n')
    (lab / ".gitignore").write_text("runs/**/new/manifest.json\n")
    git(lab, "add", "--all")
    git(lab, "commit", "--quiet", "--message", f"$({TOUCH})")
    done = hostile_env.run("audit", "--base", "main")
    assert done.status == 1
    said = " ".join(done.stdout.split())
    assert "audit.config_changed" in said
    for file in ("audit.yaml", "reportgen.toml"):
        assert f"{file}: " in said
    assert "gone gone failed there: metrics.run-completed" in said
    assert "environment.seeds-recorded" in said
    assert "1 exemption added (* for runs *)" in said
    assert "exempt, " not in said  # the outcome of nothing
