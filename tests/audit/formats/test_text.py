from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from audit.report_of_every_kind import make_change
from audit.runs_of_every_kind import make_runs

from reportgen.audit.formats.text import lines, render, score_text
from reportgen.audit.report import AuditReport, Base, CategoryScore, Gate, GateReason, Outcome
from reportgen.audit.runner import audit_runs
from reportgen.testing import golden_policy, make_golden_group, make_repository


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> AuditReport:
    return audit_runs([make_runs(tmp_path_factory.mktemp("kinds"))])


def without_paths(text: str, report: AuditReport) -> str:
    """Take out where the test ran, and the ids of commits, which depend on git's defaults."""
    root = report.runs[0].path.rsplit("/", 3)[0]
    return text.replace(root, "runs")


def test_runs_of_every_kind(report: AuditReport, golden: Callable[[str, str], None]) -> None:
    golden("audit/kinds.txt", without_paths(render(report), report))


def test_one_golden_run(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    lab = make_repository(tmp_path / "lab")
    run = make_golden_group(lab / "runs", repository=lab)[0]
    golden("audit/golden.txt", render(audit_runs([run])))


def test_the_verdict_and_the_next_step_come_first(report: AuditReport) -> None:
    text = render(report).splitlines()
    assert text[0].startswith("The gate fails: 3 of 7 runs")
    assert text[2].startswith("Next step, settles")
    assert "metrics.run-completed" in text[2]


def test_every_run_has_one_line_and_every_cause_one_finding(report: AuditReport) -> None:
    text = render(report)
    for run in report.runs:
        assert len(re.findall(rf"^(?:passes|fails) .* L\d \w+ +{run.name}\b", text, re.M)) == 1
    assert text.count("metrics.run-completed, E2, 2 runs") == 1


def test_what_stops_the_gate_is_told_in_full_and_the_rest_in_a_line(report: AuditReport) -> None:
    text = render(report)
    full, _, short = text.partition("\nDoes not stop the gate, ")
    assert re.findall(r"^stops   .*, (\S+), E\d", full, re.M) == [
        "metrics.run-completed",
        "artifacts.manifest-matches",
    ]
    assert full.count("\n  do     ") == 3  # the next step, and what to do about either
    short = short.partition("\n\n")[0]
    assert "  found " not in short
    assert len(re.findall(r"^(?:fails|partly|open) ", short, re.M)) == len(short.splitlines()) - 1
    passes = msgspec.structs.replace(report, gate=Gate(passed=True))
    assert "Does not stop the gate" not in render(passes)
    assert render(passes).count("\n  do     ") > 10


def test_a_score_that_stops_the_gate_leaves_every_finding_in_full(report: AuditReport) -> None:
    run = report.runs[0]
    least = GateReason(run=run.name, path=run.path, check=None, message="the score is 50")
    text = render(msgspec.structs.replace(report, gate=Gate(passed=False, reasons=(least,))))
    assert "Does not stop the gate" not in text
    assert text.count("\n  do     ") > 10


def test_one_check_that_stops_some_runs_is_told_apart_in_the_others() -> None:
    text = render(make_change())
    assert "  found  train/loss is NaN at step 60 (on the base: pass)" not in text
    report = make_change()
    run = report.runs[0]
    reason = GateReason(run=run.name, path=run.path, check="metrics.series-finite", message="x")
    worse = msgspec.structs.replace(report, gate=Gate(passed=False, reasons=(reason,)))
    assert "  found  train/loss is NaN at step 60 (on the base: pass)" in render(worse)


def test_a_change_of_the_rules_is_said_at_the_top() -> None:
    second = render(make_change()).splitlines()[1]
    assert second == "rules   changed in audit.yaml; this audit goes by those of main (012345678)"


def test_of_many_runs_those_that_fail_are_listed_first(report: AuditReport) -> None:
    fine = msgspec.structs.replace(report.runs[3], passed=True)
    bad = msgspec.structs.replace(report.runs[0], passed=False)
    text = render(msgspec.structs.replace(report, runs=(fine,) * 150 + (bad,) * 120))
    table = text.partition("level           run\n")[2].partition("\n\n")[0].splitlines()
    assert [line[:5] for line in table[:100]] == ["fails"] * 100
    assert table[100:] == ["and 170 more runs, 20 of which fail"]


def golden_report(folder: Path) -> AuditReport:
    """The report over one golden run, by a policy that knows who signed it."""
    lab = make_repository(folder / "lab")
    run = make_golden_group(lab / "runs", repository=lab, signed=True)[0]
    return audit_runs([run], policy=golden_policy())


def test_a_report_without_findings_is_short(tmp_path: Path) -> None:
    text = render(golden_report(tmp_path))
    assert text.startswith("The gate passes: 1 run, nothing fails")
    assert len(re.findall(r"^open ", text, re.M)) == 4  # what only others can confirm
    assert not re.findall(r"^(?:fails|partly) ", text, re.M)
    assert len(text.splitlines()) < 40


def test_a_fault_of_the_auditor_shows_a_question_mark(report: AuditReport) -> None:
    run = report.runs[0]
    categories = dict(run.categories)
    score = categories["code"]
    categories["code"] = msgspec.structs.replace(score, faulty=True)
    assert score_text(msgspec.structs.replace(run, categories=categories)) == "?"
    faulty = CategoryScore(passed=0, applicable=0, low=None, high=None, level=None)
    assert not faulty.faulty


def test_the_line_of_a_run_says_what_is_special_though_every_check_passes(
    report: AuditReport, tmp_path: Path
) -> None:
    fact = "uncommitted work: a.py and 2 more, kept in the patch"
    (golden,) = golden_report(tmp_path).runs
    run = msgspec.structs.replace(golden, facts=(fact, "2 attempts"))
    text = render(msgspec.structs.replace(report, runs=(run, report.runs[4])))
    assert f"{run.name}   ({fact}; 2 attempts)\n" in text


def test_advice_is_said_once_with_the_runs_that_it_concerns(report: AuditReport) -> None:
    text = render(report)
    assert text.count("Organisation, advice without a score") == 1
    assert "  name     a name without the model ('mlp')" in text
    assert "in crashed, diverged and 5 more\n" in text
    tidy = tuple(msgspec.structs.replace(run, advice=()) for run in report.runs)
    assert "Organisation" not in render(msgspec.structs.replace(report, runs=tidy))


def test_many_findings_are_counted_and_not_all_printed(report: AuditReport) -> None:
    run = report.runs[0]
    example = run.checks[0]
    many = tuple(
        msgspec.structs.replace(example, id=f"code.check-{number}", outcome=Outcome.FAIL)
        for number in range(10_000)
    )
    huge = msgspec.structs.replace(report, runs=(msgspec.structs.replace(run, checks=many),))
    text = render(huge)
    assert "and 9,960 more kinds of finding" in text
    assert len(text.splitlines()) < 300


def test_styled_lines_say_the_same_as_plain_ones(report: AuditReport) -> None:
    styled = "".join("".join(span.text for span in line) + "\n" for line in lines(report))
    assert styled == render(report)
    styles = {span.style for line in lines(report) for span in line}
    assert styles == {"", "good", "bad", "warn", "faint", "strong", "command"}


def test_a_change_beside_its_base(golden: Callable[[str, str], None]) -> None:
    golden("audit/change.txt", render(make_change()))


def test_a_change_without_runs_says_so_in_its_first_line() -> None:
    base = Base(revision="main", commit="ab" * 20, same=27, ignored=1)
    said = render(AuditReport(gate=Gate(passed=True), base=base))
    assert said == (
        "The gate passes: no run was added or changed since main (ababababa)"
        " (27 runs as before, 1 run ignored by git)   policy default, rules 1\n"
    )


def test_a_gate_that_fails_for_a_run_that_cannot_be_read_names_it() -> None:
    reason = GateReason(run="mlp", path="runs/mlp", check=None, message="is newer")
    report = AuditReport(gate=Gate(passed=False, reasons=(reason,)), base=Base(report="base.json"))
    assert render(report).startswith("The gate fails: mlp beside base.json")
