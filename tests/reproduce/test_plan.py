"""What is known, shown and refused before anything is written or run."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from reproduce.projects import Project, plan_of

from reportgen.errors import NotFoundError, UnavailableError, UsageError
from reportgen.reproduce.attempt import reproduce
from reportgen.runs.view import RunView


def test_the_new_folder_is_new(recorded: RunView, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    for into in (there, link, tmp_path / "no" / "folder"):
        with pytest.raises((UsageError, NotFoundError), match=r"into|there is no folder"):
            plan_of(recorded, into=into)
    assert list(there.iterdir()) == []
    assert not os.path.lexists(tmp_path / "no")


VARIABLES = ("LD_PRELOAD", "PYTHONPATH", "PATH", "DYLD_INSERT_LIBRARIES", "GIT_SSH_COMMAND")


@pytest.mark.parametrize("name", VARIABLES)
def test_variables_that_reach_elsewhere(name: str, recorded: RunView) -> None:
    place = recorded.folder / "environment.yaml"
    text = place.read_text()
    place.write_text(text.replace("variables:\n", f"variables:\n  {name}: /tmp/evil\n", 1))
    with pytest.raises(UsageError, match=name):
        plan_of(recorded)


@pytest.mark.parametrize("length", [7, 39])
def test_a_commit_that_may_be_several(length: int, recorded: RunView) -> None:
    place = recorded.folder / "git_info.yaml"
    assert recorded.git is not None
    commit = str(recorded.git.commit)
    place.write_text(place.read_text().replace(commit, commit[:length]))
    with pytest.raises(UsageError, match="may mean several"):
        plan_of(recorded)


@pytest.mark.parametrize(
    "line",
    ["-e git+https://example.org/x#egg=x", "--index-url https://evil.example", "x @ file:///x"],
)
def test_lines_that_no_installer_is_given(line: str, recorded: RunView) -> None:
    place = recorded.folder / "requirements.txt"
    place.write_text(f"{line}\n")
    with pytest.raises(UsageError, match="no installer is given"):
        plan_of(recorded, environment="new")
    assert plan_of(recorded).environment.kind == "current"


REMOTES = ("--upload-pack=touch PWNED", "ext::sh -c touch% PWNED", "-oProxyCommand=touch PWNED")


@pytest.mark.parametrize("remote", REMOTES)
def test_a_remote_that_would_run_something(
    remote: str, project: Project, recorded: RunView, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    recorded.folder.rename(moved)
    place = moved / "git_info.yaml"
    place.write_text(place.read_text().replace("remote: null", f"remote: '{remote}'"))
    with pytest.raises(UsageError, match="nothing is fetched"):
        plan_of(RunView(moved))


def test_packages_that_are_others_here_are_said_before(recorded: RunView) -> None:
    place = recorded.folder / "environment.yaml"
    text = place.read_text()
    place.write_text(text.replace("packages:\n", "packages:\n  orjson: '0.1'\n  not-here: '1'\n"))
    place.write_text(re.sub(r"\n  orjson: (?!'0\.1').*", "", place.read_text()))
    notes = [note for note in plan_of(recorded).notes if "was recorded, here is" in note]
    assert [note.partition(" was")[0] for note in notes] == ["orjson 0.1", "not-here 1"]
    assert notes[1].endswith("here is none")


def test_a_patch_that_the_seal_does_not_know(project: Project) -> None:
    project.write("settings.py", "NOISE = 0.02\n")
    recorded = project.train("--steps", "20")
    place = recorded.folder / "git_diff.patch"
    place.write_bytes(place.read_bytes().replace(b"0.02", b"0.03"))
    with pytest.raises(UsageError, match="not the recorded one"):
        plan_of(recorded)


def test_a_changed_record_is_said(recorded: RunView) -> None:
    place = recorded.folder / "config.yaml"
    place.write_text(place.read_text() + "more: 1\n")
    assert "config.yaml is not as it was sealed" in plan_of(recorded).notes


def test_a_secret_has_to_be_given(recorded: RunView, monkeypatch: pytest.MonkeyPatch) -> None:
    place = recorded.folder / "run.yaml"
    place.write_text(place.read_text().replace("- '3'", "- '3'\n  - --token=<redacted:key>"))
    with pytest.raises(UsageError, match="REPORTGEN_ARG_TOKEN"):
        plan_of(recorded)
    monkeypatch.setenv("REPORTGEN_ARG_TOKEN", "x")
    plan_of(recorded)


def test_a_notebook_cannot_be_run_by_a_script(recorded: RunView) -> None:
    place = recorded.folder / "run.yaml"
    place.write_text(place.read_text().replace("notebook: null", "notebook: a.ipynb"))
    with pytest.raises(UnavailableError, match="notebook"):
        plan_of(recorded)


def test_what_is_shown_before(project: Project, recorded: RunView, tmp_path: Path) -> None:
    plan = plan_of(recorded, steps=5, into=tmp_path / "new")
    shown = dict(plan.lines())
    assert shown["command"] == "train.py --steps 40 --seed 3"
    assert recorded.git is not None
    assert shown["code"] == f"commit {recorded.git.commit}, from {project.top}"
    assert shown["input"] == "data/line.csv: with the code"
    assert shown["extent"] == "up to step 4"
    assert shown["into"] == str(tmp_path / "new")
    assert "s, which the recorded run took; up to " in shown["cost"]
    assert not (tmp_path / "new").exists()


def test_other_threads_by_wish_are_said(project: Project) -> None:
    recorded = project.train("--steps", "10", OMP_NUM_THREADS="1")
    plan = plan_of(recorded, steps=5, variables={"OMP_NUM_THREADS": "2", "MKL_CBWR": None})
    assert plan.facts.variables["OMP_NUM_THREADS"] == "2"
    assert plan.notes == ("OMP_NUM_THREADS is 2 by your wish, 1 was recorded",)
    attempt = reproduce(plan)
    assert attempt.verdict == "identical", attempt.reason
    assert [item.key for item in attempt.differences] == ["variables.OMP_NUM_THREADS"]
