from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
from audit.runs_of_every_kind import make_runs

from reportgen.audit.formats.json import render, schema
from reportgen.audit.report import AuditReport
from reportgen.audit.runner import audit_runs


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> AuditReport:
    return audit_runs([make_runs(tmp_path_factory.mktemp("kinds"))])


def test_it_is_valid_by_its_published_schema(report: AuditReport) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(json.loads(render(report)), schema())


def test_it_reads_back_as_the_report_it_was(report: AuditReport) -> None:
    assert msgspec.json.decode(render(report), type=AuditReport) == report


def test_its_stable_keys(report: AuditReport) -> None:
    document = json.loads(render(report))
    assert document["schema"] == "reportgen.audit/1"
    assert {"rules", "runs", "problems", "gate"} <= document.keys()
    assert {"passed", "reasons"} <= document["gate"].keys()
    run = document["runs"][0]
    assert {"id", "name", "path", "score", "level", "categories", "checks"} <= run.keys()
    assert {"next_step", "problems"} <= run.keys()
    assert run["score"].keys() == {"low", "high"}
    assert {"passed", "applicable", "low", "high"} <= run["categories"]["code"].keys()
    check = run["checks"][0]
    keys = {"id", "outcome", "severity", "evidence", "message", "remedy", "where", "inspected"}
    assert keys | {"blocked_by"} <= check.keys()


def test_half_characters_of_file_names_become_question_marks(report: AuditReport) -> None:
    odd = msgspec.structs.replace(report.runs[0], path="runs/\udcff")
    text = render(msgspec.structs.replace(report, runs=(odd,)))
    assert json.loads(text)["runs"][0]["path"] == "runs/?"


def test_problems_carry_file_and_line(tmp_path: Path) -> None:
    from reportgen.testing import make_run

    run = make_run(tmp_path / "runs")
    with (run / "metrics.jsonl").open("ab") as log:
        log.write(b"{broken}\n")
    document = json.loads(render(audit_runs([tmp_path / "runs"])))
    (problem,) = document["runs"][0]["problems"]
    assert (problem["file"], problem["line"], problem["severity"]) == (
        "metrics.jsonl",
        121,
        "error",
    )
