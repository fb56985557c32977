"""Audit results as rows."""

from __future__ import annotations

from reportgen.audit.registry import CHECKS
from reportgen.audit.report import (
    CategoryScore,
    CheckResult,
    Evidence,
    NextStep,
    Outcome,
    RunAudit,
    Score,
    Severity,
    Where,
)
from reportgen.site.parts.findings import (
    OUTCOME_TONES,
    OUTCOME_WORDS,
    anchor_of,
    bar_of,
    by_weight,
    check_info,
    mean_bars,
    result_row,
    step_row,
)


def result(outcome: Outcome, severity: Severity, check: str = "code.x") -> CheckResult:
    return CheckResult(
        id=check,
        outcome=outcome,
        severity=severity,
        evidence=Evidence.E3,
        title="t",
        message="two files differ",
        where=(Where(file="metrics.jsonl", line=3, step=7), Where(file="config.yaml", key="lr")),
    )


def score(low: int | None, high: int | None, *, faulty: bool = False) -> CategoryScore:
    return CategoryScore(passed=1, applicable=2, low=low, high=high, level="L1", faulty=faulty)


def test_every_outcome_has_a_word_and_a_tone() -> None:
    assert OUTCOME_WORDS.keys() == OUTCOME_TONES.keys() == set(Outcome)


def test_the_gravest_come_first() -> None:
    given = [
        result(Outcome.PASS, Severity.B),
        result(Outcome.INCONCLUSIVE, Severity.B),
        result(Outcome.FAIL, Severity.M),
        result(Outcome.FAIL, Severity.B),
        result(Outcome.ERROR, Severity.L),
    ]
    found = [(r.outcome, r.severity) for r in by_weight(given)]
    assert found == [
        (Outcome.ERROR, Severity.L),
        (Outcome.FAIL, Severity.B),
        (Outcome.FAIL, Severity.M),
        (Outcome.INCONCLUSIVE, Severity.B),
        (Outcome.PASS, Severity.B),
    ]


def test_places_are_named_as_a_person_would() -> None:
    row = result_row(result(Outcome.FAIL, Severity.H))
    assert row.where == ("metrics.jsonl, line 3, step 7", "config.yaml, lr")
    assert row.message == "Two files differ."
    assert (row.word, row.tone, row.severity) == ("fails", "poor", "high")


def test_bars_say_ranges_faults_and_nothing() -> None:
    assert bar_of("code", score(81, 81)).text == "81"
    assert bar_of("code", score(81, 90)).text == "81–90"
    assert bar_of("code", score(None, None)).text == "–"
    assert bar_of("code", score(50, 60, faulty=True)).text == "?"


def test_means_are_rounded_down_over_what_applies() -> None:
    def audit(low: int | None, high: int | None) -> RunAudit:
        return RunAudit(
            id="x",
            name="x",
            path="x",
            state="finished",
            score=Score(low=low, high=high),
            level="L1",
            passed=True,
            categories={"code": score(low, high)},
            checks=(),
            next_step=None,
        )

    bars = mean_bars([audit(50, 100), audit(81, 100), audit(None, None)])
    assert [(bar.name, bar.low, bar.high, bar.passed) for bar in bars] == [("Code", 65, 100, 3)]
    assert mean_bars([]) == []


def test_the_next_step_names_three_runs() -> None:
    step = NextStep(
        check="x",
        message="no commit holds it",
        remedy="commit augment.py",
        command="git commit",
        runs=("a", "b", "c", "d"),
        settles=4,
    )
    row = step_row(step)
    assert row is not None
    assert (row.remedy, row.runs, row.more) == ("Commit augment.py.", ("a", "b", "c"), 1)
    assert step_row(None) is None


def test_every_check_has_an_anchor_of_its_own() -> None:
    anchors = {anchor_of(check.id) for check in CHECKS}
    assert len(anchors) == len(CHECKS)
    assert all(check_info(check).why for check in CHECKS)
