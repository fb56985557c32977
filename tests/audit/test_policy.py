from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from reportgen.audit.policy import load_policy
from reportgen.audit.registry import CHECKS
from reportgen.audit.report import Severity
from reportgen.errors import SettingsError
from reportgen.testing import make_run, run_check

EXEMPT = """
exemptions:
  - {check: artifacts.checkpoint-present, runs: "mlp_*", reason: accepted, by: A. Person,
     until: 2027-01-31, note: models are kept elsewhere}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "lab.yaml"
    path.write_text(text)
    return path


def test_the_built_in_policy_has_a_line_for_every_check() -> None:
    policy = load_policy()
    assert list(policy.gate) == [check.id for check in CHECKS] or set(policy.gate) == {
        check.id for check in CHECKS
    }
    assert {check.id for check in CHECKS if policy.level(check.id) == "error"} == {
        check.id for check in CHECKS if check.severity is Severity.B
    }


def test_a_file_is_laid_over_the_built_in_policy(tmp_path: Path) -> None:
    text = 'gate: {code.commit-exists: error, "metrics.*": off}\nminimum_score: 60\n'
    policy = load_policy(written(tmp_path, text + "tolerances: {divergence_factor: 5}\n"))
    assert (policy.name, policy.minimum_score) == ("lab", 60)
    assert policy.level("code.commit-exists") == "error"
    assert policy.level("metrics.run-completed") == "off"
    assert policy.level("hyperparameters.config-parses") == "error"
    assert policy.tolerances.divergence_factor == 5
    assert policy.tolerances.short_fraction == 0.9


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("gates: {}\n", "gates: unknown key. Did you mean gate"),
        ("gate: {code.comit-exists: error}\n", "Did you mean code.commit-exists"),
        ("gate: {code.commit-exists: fatal}\n", "gate"),
        ("tolerances: {divergence: 5}\n", "Did you mean divergence_factor"),
        ("tolerances: [1]\n", "is no mapping"),
        ("goals: {val/f1: up}\n", "goals"),
        ("claims: README.md\n", "claims"),
        ("- a\n", "is no mapping"),
        ("gate: {a\n", "is not valid YAML"),
        ("minimum_score: high\n", "minimum_score"),
        (EXEMPT.replace("accepted", "busy"), "reason"),
        (EXEMPT.replace("2027-01-31", "'next year'"), "'next year' is no date"),
        (EXEMPT.replace("checkpoint-present", "checkpoints"), "artifacts.checkpoints"),
        (EXEMPT.replace("by: A. Person,", ""), "by"),
    ],
)
def test_a_mistake_names_its_place(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_policy(written(tmp_path, text))
    assert says in str(caught.value)
    assert "lab.yaml" in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_policy(tmp_path / "none.yaml")


def test_fail_on_adds_checks_to_what_stops() -> None:
    policy = load_policy()
    assert policy.failing_on(["error"]) == policy
    assert policy.failing_on(["code.*"]).level("code.patch-applies") == "error"
    assert set(policy.failing_on(["warn"]).gate.values()) == {"error"}
    assert set(policy.failing_on(["none"]).gate.values()) == {"off"}
    with pytest.raises(SettingsError, match="Did you mean code"):
        policy.failing_on(["code.patch-aplies"])


def test_an_exemption_holds_until_its_last_day(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, EXEMPT))
    run = make_run(tmp_path / "runs", checkpoints=False)
    check = "artifacts.checkpoint-present"
    last_day = datetime.date(2027, 1, 31)
    exempt = run_check(check, run, policy=policy, today=last_day)
    assert (exempt.outcome, exempt.exemption and exempt.exemption.by) == ("exempt", "A. Person")
    later = run_check(check, run, policy=policy, today=last_day + datetime.timedelta(1))
    assert (later.outcome, later.exemption) == ("fail", None)


def test_an_exemption_covers_the_runs_of_its_pattern_and_no_pass(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, EXEMPT))
    day = datetime.date(2026, 6, 1)
    other = make_run(tmp_path / "runs", "cnn_digits", checkpoints=False)
    assert (
        run_check("artifacts.checkpoint-present", other, policy=policy, today=day).outcome == "fail"
    )
    whole = make_run(tmp_path / "runs")
    assert (
        run_check("artifacts.checkpoint-present", whole, policy=policy, today=day).outcome == "pass"
    )


def test_the_policy_of_the_documentation_is_one(tmp_path: Path, repository: Path) -> None:
    import re

    page = (repository / "docs" / "audit.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    policy = load_policy(written(tmp_path, example))
    assert (policy.name, policy.minimum_score, len(policy.exemptions)) == ("lab", 60, 1)
    assert policy.level("code.commit-exists") == "error"
