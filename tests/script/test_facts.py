"""From documents to facts: what is taken, what is refused, what stands in the way."""

from __future__ import annotations

from typing import Any

import pytest

from reportgen.runs.redact import redact_argv
from reportgen.runs.view import RunView
from reportgen.script.facts import ScriptFacts, facts_of, redacted_arguments


def facts(recorded: Any) -> ScriptFacts:
    recorded.write()
    return facts_of(RunView(recorded.folder))


def test_a_plain_run_has_no_obstacle(recorded: Any) -> None:
    recorded.git["remote"] = "https://example.org/team/project.git"
    found = facts(recorded)
    assert found.obstacles == found.notes == ()
    assert found.commit == recorded.git["commit"]
    assert found.tree == recorded.git["tree"]
    assert found.remote == "https://example.org/team/project.git"
    assert found.argv == ("train.py",)
    assert found.seeds == {"python": 7, "state_sha256": {"python": "0" * 64}}
    assert found.variables == {"OMP_NUM_THREADS": "1", "MKL_CBWR": None}
    assert found.metrics["train/loss"] == [0.06, 4, 5]


@pytest.mark.parametrize(
    ("part", "value", "obstacle"),
    [
        ("run", {"command": {"argv": []}}, "records no command"),
        ("run", {"command": {"argv": ["a"], "notebook": "n.ipynb"}}, "ran in a notebook"),
        ("run", {"command": {"argv": ["a"], "cwd": "../x"}}, "outside its repository"),
        ("run", {"command": {"argv": ["a\0b"]}}, "holds a NUL"),
        ("run", {"command": {"argv": ["~/t.py"], "interpreter": "python3"}}, "outside its repos"),
        ("git", {"commit": None}, "records no commit"),
        ("git", {"commit": "abc123"}, "no full object id"),
        ("git", {"commit": "--output=x"}, "no full object id"),
        ("git", {"dirty": True, "tree": None}, "git_diff.patch was not recorded"),
        ("git", {"packaged": {"distribution": "x"}}, "from an installed package"),
    ],
)
def test_obstacles(recorded: Any, part: str, value: dict[str, Any], obstacle: str) -> None:
    getattr(recorded, part).update(value)
    (said,) = facts(recorded).obstacles
    assert obstacle in said


def test_notes_for_whoever_runs_it(recorded: Any) -> None:
    recorded.run |= {"attempt": 2, "ranks": 4}
    recorded.git["left_out"] = [
        {"path": "data/big.bin", "bytes": 20},
        {"path": "../../x"},
        {"path": "ext/"},
    ]
    found = facts(recorded)
    assert [note.split(":")[0] for note in found.notes] == [
        "the run was resumed (attempt 2)",
        "it ran on 4 ranks",
        "not in the record, the run may miss it",
        "not in the record, the run may miss it",
        "not in the record, the run may miss it",
    ]
    assert found.left_out == ("data/big.bin", "ext")


@pytest.mark.parametrize(
    "remote",
    [
        "https://example.org/team/project.git",
        "https://example.org:8443/p",
        "ssh://git@example.org/team/project.git",
        "git@example.org:team/project.git",
    ],
)
def test_remotes_that_may_be_fetched_from(recorded: Any, remote: str) -> None:
    recorded.git["remote"] = remote
    assert facts(recorded).remote == remote


def test_secrets_get_a_variable_each() -> None:
    argv = [
        "t.py",
        "--api-key=hunter2hunter2",
        "--token",
        "hunter2hunter2x",
        "api.password=hunter2x",
    ]
    cleaned, count = redact_argv([*argv, "--token", "hunter2hunter2y"])
    assert count == 4
    assert redacted_arguments(tuple(cleaned)) == {
        1: "REPORTGEN_ARG_API_KEY",
        3: "REPORTGEN_ARG_TOKEN",
        4: "REPORTGEN_ARG_API_PASSWORD",
        6: "REPORTGEN_ARG_TOKEN_6",
    }
    assert redacted_arguments(("<unscanned>",)) == {0: "REPORTGEN_ARG_0"}
