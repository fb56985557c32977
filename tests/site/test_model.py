"""Rows of runs: what diverged, how the audit is coloured, what stands for a setting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from site_runs import records

from reportgen.audit.report import (
    CheckResult,
    Evidence,
    Outcome,
    RunAudit,
    Score,
    Severity,
)
from reportgen.runs.view import RunView
from reportgen.site.model import Record, audit_cell, best_value, record_of, setting_from
from reportgen.testing import make_run


def record(root: Path, name: str = "run", **given: Any) -> Record:
    return record_of(RunView(make_run(root, name, **given)), name, judged=None, goals={})


def one_metric(**values: Any) -> list[dict[str, Any]]:
    return [
        {"step": i, "time": 1e9 + i, "metrics": {"val/loss": value}}
        for i, value in enumerate(values["values"])
    ]


def test_a_loss_that_ends_in_nan_is_trouble_from_its_first_nan(tmp_path: Path) -> None:
    found = record(tmp_path, metrics=records(nan=61)).trouble
    assert found is not None
    assert (found.metric, found.step, found.text) == ("train/loss", 61, "NaN at step 61")


def test_a_loss_that_recovers_is_no_trouble(tmp_path: Path) -> None:
    found = record(tmp_path, metrics=one_metric(values=[1.0, "NaN", 0.5]))
    assert found.trouble is None
    assert best_value(found, "val/loss") == 0.5


def test_an_infinity_is_named(tmp_path: Path) -> None:
    found = record(tmp_path, metrics=one_metric(values=[1.0, "Infinity"])).trouble
    assert found is not None
    assert found.text == "Infinity at step 1"


def test_facts_of_a_record(tmp_path: Path) -> None:
    found = record(tmp_path)
    assert found.page == "runs/run/index.html"
    assert found.seconds == 31.0
    assert found.state == "finished"
    assert found.headline == "val/accuracy"
    assert found.metrics["val/accuracy"].goal == "maximize"
    assert found.metrics["val/accuracy"].unit == "share"
    assert not found.archived


def test_labels_written_later_count(tmp_path: Path) -> None:
    found = record(tmp_path, files={"labels.yaml": "archived: true\ngroup: other\n"})
    assert found.archived
    assert found.group == "other"


def test_replays_are_counted_by_their_verdict(tmp_path: Path) -> None:
    verdicts = ("identical", "within-band", "diverges")
    files = {
        f"reproductions/{i}.yaml": f"schema: reportgen.reproduction/1\nrun: x\nverdict: {verdict}\n"
        for i, verdict in enumerate(verdicts)
    }
    assert record(tmp_path, files={**files, "reproductions/note.txt": "x"}).replays == 2


def judged(*, passed: bool, outcome: Outcome, severity: Severity) -> RunAudit:
    result = CheckResult(
        id="code.x", outcome=outcome, severity=severity, evidence=Evidence.E3, title="", message=""
    )
    score = Score(low=96, high=100)
    return RunAudit(
        id="x",
        name="x",
        path="x",
        state="finished",
        score=score,
        level="L2",
        passed=passed,
        categories={},
        checks=(result,),
        next_step=None,
    )


@pytest.mark.parametrize(
    ("passed", "outcome", "severity", "tone"),
    [
        (True, Outcome.PASS, Severity.B, "good"),
        (True, Outcome.FAIL, Severity.L, "good"),
        (True, Outcome.FAIL, Severity.H, "warn"),
        (True, Outcome.INCONCLUSIVE, Severity.H, "good"),
        (False, Outcome.PASS, Severity.B, "poor"),
    ],
)
def test_the_gate_s_word_colours_the_score(
    passed: bool, outcome: Outcome, severity: Severity, tone: str
) -> None:
    cell = audit_cell(judged(passed=passed, outcome=outcome, severity=severity))
    assert (cell.tone, cell.low, cell.level) == (tone, 96, "L2")


def test_the_best_seed_stands_for_a_setting_and_the_diverged_one_does_not(tmp_path: Path) -> None:
    members = [
        record(tmp_path, "a", metrics=one_metric(values=[2.0, 1.0])),
        record(tmp_path, "b", metrics=one_metric(values=[2.0, 0.5])),
        record(tmp_path, "c", metrics=one_metric(values=[0.1, "NaN"])),
    ]
    setting = setting_from(members, "abc", "val/loss")
    assert setting.best is members[1]
    assert setting.values == (1.0, 0.5)
    nothing = setting_from(members[2:], "c", "val/loss")
    assert nothing.best is members[2]
    assert nothing.values == ()
