"""The report of an earlier audit as the base of a later one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from audit.report_of_every_kind import make_report
from msgspec.structs import replace

from reportgen.audit.base_report import compared_with, read_report
from reportgen.audit.formats.json import render
from reportgen.audit.policy import load_policy
from reportgen.errors import ReportgenError


def test_it_reads_what_the_audit_wrote(tmp_path: Path) -> None:
    file = tmp_path / "base.json"
    file.write_text(render(make_report()), encoding="utf-8")
    assert read_report(file, [tmp_path / "runs"]) == make_report()


def test_a_report_of_an_older_reportgen_lacks_fields_and_is_read(tmp_path: Path) -> None:
    document = json.loads(render(make_report()))
    del document["base"], document["runs"][0]["place"], document["runs"][0]["facts"]
    document["runs"][0]["something_new"] = 3
    file = tmp_path / "base.json"
    file.write_text(json.dumps(document))
    assert read_report(file, []).runs[0].name == "mlp_digits"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no report"),
        ("{}", "is no report"),
        ("[" * 100_000, "is no report"),
        ('{"runs": 3}', "is no report"),
        (b"\xff\xfe", "is no report"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str | bytes | None, says: str) -> None:
    file = tmp_path / "base.json"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ReportgenError, match=says) as caught:
        read_report(file, [])
    assert "base.json" in str(caught.value)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "base.json"
    file.write_text(render(replace(make_report(), schema="reportgen.audit/2")))
    with pytest.raises(ReportgenError, match=r"schema 'reportgen\.audit/2'; expected a report"):
        read_report(file, [])


def test_a_report_inside_what_is_audited_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "runs")
    (tmp_path / "runs" / "base.json").write_text(render(make_report()))
    for file in (tmp_path / "runs" / "base.json", tmp_path / "link" / "base.json"):
        with pytest.raises(ReportgenError, match="could say anything of itself"):
            read_report(file, [tmp_path / "runs"])


def test_runs_are_known_by_their_id() -> None:
    before = make_report()
    bad, fine = before.runs
    fresh = replace(fine, id="01NEW")
    policy = load_policy()
    judged, base, problems = compared_with([(bad, policy), (fresh, policy)], before, "base.json")
    changes = [one.comparison.change for one, _ in judged if one.comparison]
    assert changes == ["known", "added"]
    assert [one.id for one in base.deleted] == [fine.id]
    assert (base.report, base.label, problems) == ("base.json", "base.json", [])


def test_another_version_of_the_rules_is_said() -> None:
    older = replace(make_report(), rules="0")
    _, _, (problem,) = compared_with([], older, "base.json")
    assert (problem.id, problem.file) == ("base.rules", "base.json")
    assert "made by rules 0" in problem.message
