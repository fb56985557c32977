from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from reportgen.audit.policy import PROFILES, Policy, load_policy
from reportgen.audit.registry import CHECKS
from reportgen.audit.report import Severity
from reportgen.audit.runner import audit_runs
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


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_named_and_whole(name: str) -> None:
    policy = load_policy(Path(name))
    assert policy.name == name
    assert set(policy.gate) == {check.id for check in CHECKS}
    assert policy.tolerances == load_policy().tolerances
    assert policy.exemptions == ()


def stopping(policy: Policy) -> set[str]:
    return {check for check, level in policy.gate.items() if level == "error"}


def test_profiles_grow_stricter() -> None:
    debug, default, strict, publication = (
        stopping(load_policy(Path(name))) for name in ("debug", "default", "strict", "publication")
    )
    assert debug < default < strict < publication
    severity = {check.id: check.severity for check in CHECKS}
    # What depends on the network or a replay only warns, unless a profile names it.
    steady = {check.id for check in CHECKS if not {"network", "replay"} & set(check.needs)}
    assert strict == {check for check in steady if severity[check] in ("B", "H")}
    assert publication - steady == {check.id for check in CHECKS if "network" in check.needs}
    grave = {check for check in steady if severity[check] != "L"}
    assert grave - publication == {"environment.clock-sane"}
    assert publication & steady <= grave


def test_a_policy_extends_a_profile(tmp_path: Path) -> None:
    text = "extends: strict\nseverities: {H: warn}\ngate: {code.patch-applies: error}\n"
    policy = load_policy(written(tmp_path, text))
    assert policy.name == "lab"
    assert policy.debug_gate is None
    assert policy.level("code.patch-applies") == "error"
    assert policy.level("code.commit-exists") == "warn"
    assert policy.level("code.commit-recorded") == "error"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("extends: strickt\n", "extends: no profile 'strickt'. Did you mean strict?"),
        ("severities: {X: error}\n", "severities: no severity 'X'"),
        ("severities: [B]\n", "severities: is no mapping"),
        ("severities: {B: loud}\n", "loud"),
        ("debug_profile: strict\n", "debug_profile: is 'strict'; expected debug or null"),
        ("debug_gate: {}\n", "debug_gate: unknown key"),
        ("worse_than_base: perhaps\n", "worse_than_base"),
    ],
)
def test_a_mistake_in_a_profile_names_its_place(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_policy(written(tmp_path, text))
    assert says in str(caught.value)


def test_a_file_that_is_called_like_a_profile_is_named_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "strict").write_text("name: mine\n")
    monkeypatch.chdir(tmp_path)
    assert load_policy(Path("strict")).name == "strict"
    assert load_policy(tmp_path / "strict").name == "mine"
    with pytest.raises(SettingsError, match="or one of default, strict, debug, publication"):
        load_policy(Path("strickt"))


@pytest.mark.parametrize(
    ("tag", "light"),
    [
        (True, True),
        ("yes", True),
        ("", True),
        (1, True),
        (False, False),
        ("no", False),
        (None, False),
    ],
)
def test_runs_tagged_debug_are_judged_by_debug(tmp_path: Path, tag: object, light: bool) -> None:
    run = {"tags": {"debug": tag}, "status": "failed", "exit_code": 1}
    make_run(tmp_path / "runs", run=run)
    report = audit_runs([tmp_path / "runs"])
    (audit,) = report.runs
    assert audit.result("metrics.run-completed").outcome == "fail"
    assert report.gate.passed is light
    assert audit.policy == ("debug" if light else "default")
    assert ("judged by the debug profile" in audit.facts) is light
    strict = audit_runs([tmp_path / "runs"], policy=load_policy(Path("strict")))
    assert not strict.gate.passed


def test_what_was_said_on_the_command_line_holds_for_debug_runs_too(tmp_path: Path) -> None:
    make_run(tmp_path / "runs", run={"tags": {"debug": True}, "status": "failed", "exit_code": 1})
    asked = load_policy().failing_on(["metrics.run-completed"])
    assert not audit_runs([tmp_path / "runs"], policy=asked).gate.passed
    nothing = asked.failing_on(["none"])
    assert (nothing.worse_than_base, nothing.level("metrics.run-completed")) == ("off", "off")


def test_a_label_made_later_does_not_lighten_the_judgement(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs", run={"status": "failed", "exit_code": 1})
    (run / "labels.yaml").write_text("tags: {debug: true}\n")
    assert not audit_runs([tmp_path / "runs"]).gate.passed


def test_a_debug_run_whose_seal_is_broken_fails_all_the_same(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs", run={"tags": {"debug": True}})
    (run / "stdout.log").write_text("other words\n")
    report = audit_runs([tmp_path / "runs"])
    assert [reason.check for reason in report.gate.reasons] == ["artifacts.manifest-matches"]
