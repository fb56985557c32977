"""The pages of the audit as a reader without scripts has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from site_tree import Node, tree_of

from reportgen.audit.registry import CHECKS
from reportgen.audit.report import Outcome
from reportgen.cli.main import main
from reportgen.config import Settings
from reportgen.site.build import build_site, project_of
from reportgen.site.gather import Gathered
from reportgen.site.pages.audit import Audit
from reportgen.site.project import Before
from reportgen.site.theme import load_theme

Find = Callable[[str], Node]
LOST = "code.untracked-captured"


def of_run(table: Node, word: str) -> Node:
    (row,) = [one for one in table.find("tr") if word in one.find("th")[0].all_text]
    return row


def test_every_check_has_a_page_that_says_why_and_what_to_do(page: Find) -> None:
    for check in CHECKS:
        text = page(f"audit/{check.id}/index.html").find("main")[0].all_text
        assert check.id in text
        assert check.why.rstrip(".") in text
        assert check.fix.rstrip(".") in text


def test_the_page_of_a_check_names_the_runs_with_evidence_and_place(page: Find) -> None:
    found = page(f"audit/{LOST}/index.html").with_class("check-runs")[0].find("li")
    assert len(found) == 1
    assert "augment.py is in no commit." in found[0].all_text
    assert "git_info.yaml, untracked" in found[0].all_text
    assert "evidence E3, recomputed from folder and repository" in found[0].all_text
    (link,) = found[0].find("a")
    assert link.attributes["href"].startswith("../../runs/mlp-dirty")
    quiet = page("audit/metrics.series-finite/index.html")
    assert "Nothing in any run." in quiet.all_text
    assert quiet.find("h1")[0].all_text == "Every metric is finite"


def test_the_matrix_has_a_row_a_run_and_a_column_a_check(page: Find) -> None:
    (table,) = page("audit/index.html").with_class("marks")
    names = table.with_class("names")[0].find("a")
    assert len(names) == len(CHECKS)
    row = of_run(table, "mlp_dirty")
    marks = dict(zip((one.all_text for one in names), row.find("td"), strict=True))
    assert marks["untracked-captured"].all_text == "✕ fails"
    assert marks["commit-exists"].all_text == "? out of reach"
    assert marks["series-finite"].all_text == "✓ passes"
    assert "quiet" in marks["series-finite"].attributes["class"]
    assert "quiet" not in marks["untracked-captured"].attributes["class"]


def test_what_one_fix_would_gain_leads_to_its_check(page: Find) -> None:
    (table,) = page("audit/index.html").with_class("gains")
    first = of_run(table, LOST)
    assert first.find("a")[0].attributes["href"] == f"../audit/{LOST}/index.html"
    assert first.find("td")[3].all_text == "1"


def test_scores_stand_by_date_with_a_word_for_each(page: Find) -> None:
    (history,) = page("audit/index.html").with_class("history")
    titles = [one.all_text for one in history.find("title")]
    assert len(titles) == 8
    assert "mlp_dirty: 58 to 100, L0, fails the gate" in titles
    assert len(history.find("rect")) == 1


def test_nothing_is_said_of_changes_without_an_earlier_audit(page: Find) -> None:
    assert "Since" not in [one.all_text[:5] for one in page("audit/index.html").find("h2")]


def test_the_delta_against_an_earlier_audit(gathered: Gathered, tmp_path: Path) -> None:
    report = gathered.report
    assert report is not None
    first, *others = report.runs
    finite = [
        msgspec.structs.replace(one, outcome=Outcome.FAIL)
        if one.id == "metrics.series-present"
        else one
        for one in first.checks
    ]
    gone = msgspec.structs.replace(first, id="gone", name="mlp_gone", path="gone")
    runs = (msgspec.structs.replace(first, checks=tuple(finite)), *others[:-1], gone)
    before = Before(msgspec.structs.replace(report, runs=runs), "before.json")
    build_site([], tmp_path / "site", gathered=gathered, before=before)
    whole = tree_of(tmp_path / "site/audit/index.html")
    assert "Beside before.json: 0 worse, 1 better, 1 new, 1 gone." in whole.all_text
    (section,) = [one for one in whole.find("section") if one.attributes.get("id") == "changes"]
    assert "metrics.series-present fails, now passes" in section.all_text
    assert "Gone: mlp_gone" in section.all_text


def test_the_command_takes_an_earlier_audit(
    runs_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["audit", str(runs_root), "--format", "json=before.json"]) in (0, 1)
    words = ["build", str(runs_root), "-o", "out", "--base-report", "before.json", "--quiet"]
    assert main(words) == 0
    text = tree_of(tmp_path / "out/audit/index.html").all_text
    assert "Beside before.json: 0 worse, 0 better, 0 new, 0 gone." in text
    (runs_root / "inside.json").write_bytes((tmp_path / "before.json").read_bytes())
    inside = ["build", str(runs_root), "--base-report", str(runs_root / "inside.json")]
    assert main(inside) == 2
    (runs_root / "inside.json").unlink()


def test_of_many_runs_the_lowest_scores_have_a_row(gathered: Gathered, tmp_path: Path) -> None:
    project = project_of(gathered, load_theme("default"), Settings())
    many = tuple(project.records[number % 8] for number in range(300))
    plan = next(iter(Audit().plans(replace(project, records=many))))
    assert (plan.values["runs"], len(plan.values["scores"])) == (300, 200)
    lows = [row.audit.low for row in plan.values["scores"] if row.audit.tone != "poor"]
    assert lows == sorted(lows)
