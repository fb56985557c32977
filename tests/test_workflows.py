"""Rules that all workflows keep: of this repository, those handed out, and the action."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
OWN = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
STARTER = sorted((ROOT / "reportgen" / "cli" / "starter").glob("*.y*ml"))
ACTION = ROOT / "action.yml"
EVENT = re.compile(r"\$\{\{[^}]*\}\}")
WRITES = {"deploy": {"pages": "write", "id-token": "write"}}
"""Jobs that may write, and what."""


def loaded(path: Path) -> dict[str, Any]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    if "runs" in document:
        return list(document["runs"]["steps"])
    return [step for job in document["jobs"].values() for step in job["steps"]]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_these_are_all() -> None:
    assert [path.name for path in OWN] == ["ci.yml"]
    assert [path.name for path in STARTER] == ["audit.yml", "pages.yml"]


@pytest.mark.parametrize("path", [*OWN, *STARTER, ACTION], ids=named)
def test_steps_are_pinned_and_nothing_is_pasted_into_a_script(path: Path) -> None:
    for step in steps(loaded(path)):
        assert ("uses" in step) != ("run" in step)
        assert "uses" not in step or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"])
        # An expression inside a script is pasted into it unquoted.
        assert "${{" not in step.get("run", "")
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
            assert step["with"]["fetch-depth"] == 0 or path in OWN


@pytest.mark.parametrize("path", [*OWN, *STARTER, ACTION], ids=named)
def test_each_pin_says_which_version_it_is(path: Path) -> None:
    uses = re.findall(r"uses: .*", path.read_text(encoding="utf-8"))
    assert uses
    assert all(re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line) for line in uses)


def test_one_version_of_each_action_everywhere() -> None:
    versions: dict[str, set[str]] = {}
    for path in (*OWN, *STARTER, ACTION):
        for step in steps(loaded(path)):
            if "uses" in step:
                action, _, version = step["uses"].partition("@")
                versions.setdefault(action, set()).add(version)
    assert {action: found for action, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", [*OWN, *STARTER], ids=named)
def test_a_workflow_gives_away_nothing(path: Path) -> None:
    workflow = loaded(path)
    triggers = workflow[True]  # YAML 1.1 reads the key `on` so
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(triggers)
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        assert job.get("permissions", {}) == WRITES.get(name, {})
        assert job["timeout-minutes"] <= 60


def test_a_pull_request_publishes_nothing() -> None:
    pages = loaded(ROOT / "reportgen/cli/starter/pages.yml")
    assert set(pages[True]) == {"push"}
    assert "default_branch" in pages["jobs"]["build"]["if"]
    assert pages["jobs"]["deploy"]["needs"] == "build"


def test_expressions_that_an_author_controls_are_read_as_variables_alone() -> None:
    for path in (*STARTER, ACTION):
        for step in steps(loaded(path)):
            for value in step.get("env", {}).values():
                assert EVENT.fullmatch(value)
                assert "title" not in value
                assert "head_ref" not in value


def test_the_audit_of_a_change_looks_at_its_head_with_its_history() -> None:
    for path in (ROOT / "reportgen/cli/starter/audit.yml", ACTION):
        (checkout,) = [
            step for step in steps(loaded(path)) if "actions/checkout@" in step.get("uses", "")
        ]
        assert "github.event.pull_request.head.sha" in checkout["with"]["ref"]
        assert checkout["with"]["fetch-depth"] == 0


def test_ci_runs_what_anybody_can_run() -> None:
    workflow = loaded(ROOT / ".github/workflows/ci.yml")
    assert [step["run"] for step in steps(workflow) if "run" in step] == ["bash .ci/run"]


def test_the_action_and_the_workflow_that_is_handed_out_audit_alike() -> None:
    """Line by line but for the action's inputs and outputs."""
    scripts = []
    for path in (ROOT / "reportgen/cli/starter/audit.yml", ACTION):
        (script,) = [
            step["run"] for step in steps(loaded(path)) if "reportgen audit" in step.get("run", "")
        ]
        scripts.append([line for line in script.splitlines() if line])
    handed_out, action = scripts
    own = [line for line in handed_out if line not in action]
    assert own == [
        '"$python" -I -m reportgen audit --base "$BASE" --format "$formats" || status=$?'
    ]
    assert [line for line in action if line in handed_out] == [
        line for line in handed_out if line not in own
    ]


def test_the_hook_for_commits() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["entry"] == "reportgen audit --base HEAD"
    assert hook["pass_filenames"] is False
    assert hook["language"] == "python"
    pattern = re.compile(hook["files"])
    for name in ("runs/a/run.yaml", "runs/a/metrics.jsonl", "runs/a/manifest.json", "run.yaml"):
        assert pattern.search(name)
    for name in ("train.py", "runs/a/stdout.log", "overrun.yaml", "README.md"):
        assert not pattern.search(name)
