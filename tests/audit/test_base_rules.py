"""Whose rules an audit against a base goes by."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from audit.branches import commit, run

from reportgen.audit.base_revision import open_base
from reportgen.audit.base_rules import rules_of
from reportgen.audit.policy import Policy, load_policy
from reportgen.audit.since import audit_since
from reportgen.errors import SettingsError
from reportgen.testing import git

TODAY = datetime.date(2026, 6, 1)


@pytest.fixture
def ruled(lab: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose main has settings, and a policy by which commits must exist."""
    git(lab, "checkout", "--quiet", "main")
    (lab / "reportgen.toml").write_text('roots = ["runs"]\npolicy = "ci/audit.yaml"\n')
    (lab / "ci").mkdir()
    (lab / "ci/audit.yaml").write_text("gate: {environment.seeds-recorded: error}\n")
    (lab / "pyproject.toml").write_text('[project]\nname = "lab"\n')
    (lab / ".github/workflows").mkdir(parents=True)
    (lab / ".github/workflows/audit.yml").write_text("run: reportgen audit --base main\n")
    (lab / ".github/workflows/other.yml").write_text("run: make\n")
    commit(lab, "rules")
    git(lab, "checkout", "--quiet", "-B", "work")
    monkeypatch.chdir(lab)
    return lab


def rules(lab: Path, **more: Any) -> tuple[Policy, tuple[Path, ...], dict[str, str]]:
    with open_base(lab, "main") as base:
        found = rules_of(base, **more)
    assert {one.id for one in found.problems} <= {"audit.config_changed"}
    return found.policy, found.roots, {one.file: one.message for one in found.problems}


def test_the_rules_of_the_base_are_in_force(ruled: Path) -> None:
    policy, roots, changed = rules(ruled)
    assert policy.name == "audit"
    assert policy.level("environment.seeds-recorded") == "error"
    assert (roots, changed) == ((ruled.resolve() / "runs",), {})


def test_a_change_that_relaxes_the_policy_for_itself_is_caught(ruled: Path) -> None:
    run(ruled, "new", environment={"seeds": None})
    (ruled / "ci/audit.yaml").write_text(
        'gate: {"*": off}\nexemptions:\n'
        "- {check: environment.seeds-recorded, reason: accepted, by: Me, until: 2099-01-01}\n"
    )
    commit(ruled)
    policy, _, changed = rules(ruled)
    with open_base(ruled, "main") as base:
        report = audit_since(base, [ruled / "runs"], policy=policy, today=TODAY)
    stopped = {(reason.run, reason.check) for reason in report.gate.reasons}
    assert stopped == {("new", "environment.seeds-recorded")}
    said = changed.pop("ci/audit.yaml")
    assert said.startswith("1 exemption added (environment.seeds-recorded for runs *), hyper")
    assert "error → off" in said
    assert "goes by the rules of main" in said
    assert changed == {}


@pytest.mark.parametrize(
    ("files", "changed"),
    [
        ({"reportgen.toml": 'roots = ["empty"]\n'}, {"reportgen.toml"}),
        ({"reportgen.toml": None}, {"reportgen.toml"}),
        ({"reportgen.toml": "roots = 3\n"}, {"reportgen.toml"}),
        (
            {"reportgen.toml": 'policy = "lax.yaml"\n', "lax.yaml": 'gate: {"*": off}\n'},
            {"reportgen.toml", "lax.yaml"},
        ),
        ({"ci/audit.yaml": None}, {"ci/audit.yaml"}),
        ({"ci/audit.yaml": "gate: [\n"}, {"ci/audit.yaml"}),
        ({"pyproject.toml": '[project]\nname = "other"\n'}, set()),
        ({"pyproject.toml": "[tool.reportgen]\nroots = []\n"}, {"pyproject.toml"}),
        ({".github/workflows/audit.yml": "run: true\n"}, {".github/workflows/audit.yml"}),
        ({".github/workflows/other.yml": "run: true\n"}, set()),
        ({"train.py": "x = 1\n"}, set()),
    ],
)
def test_whatever_a_change_does_to_the_rules_is_listed_and_not_in_force(
    ruled: Path, files: dict[str, str | None], changed: set[str]
) -> None:
    before = rules(ruled)[:2]
    for name, text in files.items():
        if text is None:
            (ruled / name).unlink()
        else:
            (ruled / name).write_text(text)
    commit(ruled)
    policy, roots, said = rules(ruled)
    assert (policy, roots) == before
    assert set(said) == changed


def test_rules_that_main_got_since_are_no_change_of_this_branch(ruled: Path) -> None:
    git(ruled, "checkout", "--quiet", "main")
    (ruled / "ci/audit.yaml").write_text("minimum_score: 90\n")
    commit(ruled, "stricter")
    git(ruled, "checkout", "--quiet", "work")
    policy, _, changed = rules(ruled)
    assert (policy.minimum_score, changed) == (90, {})


def test_a_policy_that_comes_with_the_change_waits_for_it(lab: Path) -> None:
    (lab / "audit.yaml").write_text('gate: {"*": off}\n')
    commit(lab)
    policy, _, changed = rules(lab, overrides={"policy": str(lab / "audit.yaml")})
    assert policy == load_policy()
    assert changed["audit.yaml"].startswith("added; this audit goes by the rules of main")


def test_a_policy_from_outside_the_repository_is_the_caller_s(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("minimum_score: 70\n")
    policy, _, changed = rules(lab, overrides={"policy": str(tmp_path / "own.yaml")})
    assert (policy.minimum_score, changed) == (70, {})
    strict, _, _ = rules(lab, overrides={"policy": "strict"})
    assert strict.name == "strict"


def test_a_policy_of_the_base_that_is_wrong_is_refused_with_its_place(ruled: Path) -> None:
    git(ruled, "checkout", "--quiet", "main")
    (ruled / "ci/audit.yaml").write_text("gate: {x: error}\n")
    commit(ruled, "broken")
    git(ruled, "checkout", "--quiet", "-B", "work")
    (ruled / "ci/audit.yaml").write_text("gate: {}\n")
    with pytest.raises(SettingsError, match=r"main:ci/audit\.yaml: gate: no check"):
        rules(ruled)
    git(ruled, "checkout", "--quiet", "-f", "main")
    (ruled / "reportgen.toml").write_text("root = 3\n")
    commit(ruled, "broken too")
    with pytest.raises(SettingsError, match=r"main:reportgen\.toml: root"):
        rules(ruled)
