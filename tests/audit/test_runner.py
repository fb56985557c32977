from __future__ import annotations

import datetime
from pathlib import Path

import msgspec
import pytest

from reportgen.audit.checks.environment import PythonRecorded
from reportgen.audit.interface import AuditContext, CheckResult
from reportgen.audit.policy import load_policy
from reportgen.audit.repository import Repositories
from reportgen.audit.runner import audit_run, audit_runs
from reportgen.errors import NotFoundError, UnreadableError
from reportgen.runs.view import RunView
from reportgen.testing import (
    git,
    golden_policy,
    make_full_group,
    make_golden_group,
    make_repository,
    make_run,
    sign_run,
)

KILLED = {"run": {"status": "running", "ended": None, "exit_code": None}, "sealed": False}


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "lab")


OPEN = [
    "code.commit-on-remote",
    "environment.lock-resolvable",
    "environment.replay-prefix",
    "environment.replay-independent",
]
"""What is left open without the network and before anybody replayed the run."""


def test_the_golden_runs_pass_whatever_applies(lab: Path) -> None:
    make_golden_group(lab / "runs", repository=lab, signed=True)
    report = audit_runs([lab / "runs"], policy=golden_policy())
    assert len(report.runs) == 5
    for audit in report.runs:
        assert [(one.id, one.outcome) for one in audit.findings] == [
            (name, "inconclusive") for name in OPEN
        ]
        scores = {name: (one.low, one.high) for name, one in audit.categories.items()}
        assert scores == {
            "hyperparameters": (100, 100),
            "metrics": (100, 100),
            "artifacts": (100, 100),
            "code": (89, 100),
            "environment": (86, 100),
        }
        assert (audit.score.low, audit.score.high) == (95, 100)
        assert (audit.level, audit.passed) == ("L2", True)
        assert {one.level for one in audit.categories.values()} == {"L2"}
    assert (report.gate.passed, report.gate.warnings) == (True, 0)


def test_runs_with_all_that_a_run_can_have_pass_as_well(lab: Path) -> None:
    """A new module, a schedule, accumulation, a test split, a search, and quoted numbers."""
    for run in make_full_group(lab / "runs", repository=lab):
        sign_run(run)
    for audit in audit_runs([lab / "runs"], policy=golden_policy()).runs:
        assert [one.id for one in audit.findings] == OPEN, [
            (one.id, one.message) for one in audit.findings
        ]
        assert audit.categories["hyperparameters"].applicable == 11
        assert audit.categories["metrics"].applicable == 17
        assert audit.categories["artifacts"].applicable == 11
        assert audit.categories["code"].applicable == 13


def test_a_killed_run_is_one_finding(lab: Path) -> None:
    """One cause: it has no end. What only an end could settle is held up by that."""
    make_run(
        lab / "runs",
        repository=lab,
        summary=None,
        captured={"exit": None},
        git={"dirty_end": None},
        **KILLED,
    )  # type: ignore[arg-type]
    (audit,) = audit_runs([lab / "runs"]).runs
    roots = [one for one in audit.findings if one.cause is None and one.id not in OPEN]
    assert [one.id for one in roots] == ["metrics.run-completed"]
    assert {one.cause for one in audit.findings} == {None, "metrics.run-completed"}
    assert (audit.passed, audit.level) == (False, "L0")
    step = audit.next_step
    assert step is not None
    settled = [one for one in audit.findings if one.id not in OPEN[:2]]
    assert (step.check, step.settles) == ("metrics.run-completed", len(settled))


def test_no_git_is_one_finding(tmp_path: Path) -> None:
    nothing = {"commit": None, "dirty": None, "dirty_end": None, "tree": None, "branch": None}
    make_run(tmp_path / "runs", git=nothing)
    (audit,) = audit_runs([tmp_path / "runs"]).runs
    code = [one for one in audit.findings if one.category == "code"]
    assert [one.id for one in code if one.cause is None] == ["code.commit-recorded"]
    assert len(code) == 13
    assert audit.categories["code"].passed == 1  # reproduce.sh says that it cannot


def test_no_metrics_are_one_finding(tmp_path: Path) -> None:
    run = make_golden_group(tmp_path / "runs", metrics=b"", summary=None)[0]
    (audit,) = audit_runs([run]).runs
    metrics = [one for one in audit.findings if one.category == "metrics"]
    assert [one.id for one in metrics if one.cause is None] == ["metrics.series-present"]


def test_the_plain_tracker_layout_is_found_lacking(tmp_path: Path) -> None:
    run = tmp_path / "experiments" / "plain"
    (run / "checkpoints").mkdir(parents=True)
    (run / "config.yaml").write_text("lr: 0.1\nepochs: 3\n")
    (run / "environment.yaml").write_text(
        "python_version: '3.11.7 (main)'\ntorch_version: 2.13.0\n"
    )
    (run / "git_info.yaml").write_text(f"commit: {'ab' * 20}\nbranch: main\nis_dirty: false\n")
    steps = "".join(
        f"2026-01-02 03:04:0{step},000 INFO Step {step}: "
        f"{{'train/loss': {1 / (step + 1)}, 'val/acc': 0.{step}}}\n"
        for step in range(9)
    )
    (run / "training.log").write_text(f"{steps}Experiment tracking finished.\n")
    (run / "checkpoints" / "checkpoint_epoch_2.pt").write_bytes(b"PK")
    (audit,) = audit_runs([tmp_path]).runs
    found = {one.id: one.outcome.value for one in audit.checks}
    assert found["metrics.series-present"] == "pass"
    assert found["code.commit-recorded"] == "pass"
    assert found["metrics.run-completed"] == "partial"
    assert found["artifacts.checkpoint-present"] == "partial"
    assert found["environment.python-recorded"] == "partial"
    for lacking in (
        "hyperparameters.config-argv-consistent",
        "metrics.summary-recomputes",
        "artifacts.manifest-matches",
        "environment.seeds-recorded",
        "environment.packages-frozen",
        "environment.data-fingerprint-present",
    ):
        assert found[lacking] == "fail", lacking
        assert audit.result(lacking).command == "from reportgen import ExperimentTracker"
    assert not audit.passed
    assert audit.next_step is not None
    assert audit.next_step.command == "from reportgen import ExperimentTracker"


def test_a_fault_of_a_check_is_its_own_result(tmp_path: Path) -> None:
    class Broken(PythonRecorded):
        id = "environment.broken"

        def judge(self, context: AuditContext) -> CheckResult:
            raise ZeroDivisionError("a fault")

    run = RunView(make_run(tmp_path))
    with Repositories() as repositories:
        context = AuditContext(run, policy=load_policy(), repository=repositories.around(tmp_path))
        audit = audit_run(context, checks=(PythonRecorded(), Broken()))
    assert [one.outcome for one in audit.checks] == ["pass", "error"]
    assert "ZeroDivisionError: a fault" in audit.checks[1].message
    assert (audit.categories["environment"].faulty, audit.level) == (True, "L0")


def test_a_missing_path_an_empty_folder_and_a_wrong_repository(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no such folder"):
        audit_runs([tmp_path / "none"])
    with pytest.raises(NotFoundError, match="no run found"):
        audit_runs([tmp_path])
    make_run(tmp_path / "runs")
    with pytest.raises(NotFoundError, match="is no git repository"):
        audit_runs([tmp_path / "runs"], repository=tmp_path)


def test_a_run_that_cannot_be_read_is_named_and_the_others_audited(tmp_path: Path) -> None:
    newer = make_run(tmp_path / "runs", "newer")
    (newer / "run.yaml").write_text("schema: reportgen.run/2\n")
    with pytest.raises(UnreadableError, match=r"none of 1 runs can be read"):
        audit_runs([newer])
    make_run(tmp_path / "runs", "fine")
    report = audit_runs([tmp_path / "runs"])
    assert [run.name for run in report.runs] == ["fine"]
    (problem,) = report.problems
    assert (problem.id, problem.severity, problem.file.endswith("newer")) == (
        "run.unreadable",
        "error",
        True,
    )


def test_only_what_was_asked_for_is_reported(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / "runs", name) for name in ("a", "b", "c")]
    report = audit_runs([runs[0]])
    assert [run.name for run in report.runs] == ["a"]


def test_an_expired_exemption_is_reported(tmp_path: Path) -> None:
    policy_file = tmp_path / "lab.yaml"
    policy_file.write_text(
        "exemptions:\n- {check: code.commit-exists, reason: accepted, by: A. Person,"
        " until: 2026-01-01}\n"
    )
    make_run(tmp_path / "runs")
    policy = load_policy(policy_file)
    report = audit_runs([tmp_path / "runs"], policy=policy, today=datetime.date(2026, 1, 2))
    (problem,) = report.problems
    assert problem.id == "exemption.expired"
    assert "code.commit-exists" in problem.message
    assert "2026-01-01" in problem.message


def test_the_same_input_gives_the_same_report(lab: Path) -> None:
    for name in ("a", "b"):
        make_run(lab / "runs", name, repository=lab, checkpoints=False)
    first = msgspec.json.encode(audit_runs([lab / "runs"]))
    assert msgspec.json.encode(audit_runs([lab / "runs"])) == first


def test_the_next_step_is_a_blocker_before_many_smaller_findings(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        make_run(tmp_path / "runs", name, environment={"seeds": None})
    make_run(tmp_path / "runs", "crashed", run={"status": "failed", "exit_code": 1})
    step = audit_runs([tmp_path / "runs"]).next_step
    assert step is not None
    assert (step.check, step.runs) == ("metrics.run-completed", ("crashed",))


def test_the_next_step_is_what_gives_most_back(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    for name in ("a", "b"):
        make_run(lab / "runs", name, repository=lab, environment={"seeds": None})
    make_run(lab / "runs", "c", repository=lab, files={"stdout.log": None})
    step = audit_runs([lab / "runs"]).next_step
    assert step is not None
    assert (step.check, step.runs, step.settles) == ("environment.seeds-recorded", ("a", "b"), 6)
    assert step.command == "reportgen.start_run(seed=1337)"


def test_a_minimum_score_is_one_more_reason(tmp_path: Path) -> None:
    make_run(tmp_path / "runs", data={"inputs": []})
    policy = msgspec.structs.replace(load_policy(), minimum_score=99)
    report = audit_runs([tmp_path / "runs"], policy=policy)
    (reason,) = report.gate.reasons
    assert (report.gate.passed, reason.check) == (False, None)
    assert "the policy asks for 99" in reason.message


def test_a_hanging_repository_costs_its_limit_once(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reportgen.audit import repository as module
    from reportgen.capture.git_process import Deadline

    for name in ("a", "b"):
        make_run(lab / "runs", name, repository=lab)
    asked: list[float] = []

    class Passed(Deadline):
        def __init__(self, seconds: float) -> None:
            asked.append(seconds)
            super().__init__(-1.0)

    monkeypatch.setattr(module, "Deadline", Passed)
    report = audit_runs([lab / "runs"])
    assert len(asked) == 1
    for run in report.runs:
        result = run.result("code.commit-exists")
        assert (result.outcome, "took too long" in result.message) == ("inconclusive", True)


def test_nothing_is_written_into_the_repository(lab: Path) -> None:
    (lab / "helper.py").write_text("WIDTH = 64\n")
    make_run(lab / "runs", repository=lab, git={"commit": "0" * 39 + "1"})
    git(lab, "gc", "--quiet")
    before = sorted((str(path), path.stat().st_mtime_ns) for path in lab.rglob("*"))
    audit_runs([lab / "runs"])
    assert sorted((str(path), path.stat().st_mtime_ns) for path in lab.rglob("*")) == before
