from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.audit.interface import CATEGORIES, Check, CheckResult, Evidence, Outcome, Severity
from reportgen.audit.score import category_score, category_scores, headline, level, lost

B, H, M, L = Severity.B, Severity.H, Severity.M, Severity.L
P, HALF, F = Outcome.PASS, Outcome.PARTIAL, Outcome.FAIL
NA, OPEN, EXEMPT, FAULT = (
    Outcome.NOT_APPLICABLE,
    Outcome.INCONCLUSIVE,
    Outcome.EXEMPT,
    Outcome.ERROR,
)


class _Rule(Check):
    evidence = Evidence.E3

    def __init__(self, name: str, needs: tuple[str, ...] = ("folder",)) -> None:
        self.id = name  # type: ignore[misc]
        self.needs = needs  # type: ignore[misc, assignment]


def result(
    outcome: Outcome,
    severity: Severity = H,
    name: str = "code.a",
    evidence: Evidence = Evidence.E3,
) -> CheckResult:
    return CheckResult(
        id=name, outcome=outcome, severity=severity, evidence=evidence, title="", message=""
    )


def scored(*results: CheckResult, needs: tuple[str, ...] = ("folder",)):  # type: ignore[no-untyped-def]
    return category_score(results, {one.id: _Rule(one.id, needs) for one in results})


@pytest.mark.parametrize(
    ("results", "low", "high"),
    [
        ([(P, B), (F, H)], 66, 66),  # 10 / 15
        ([(P, B), (HALF, H)], 83, 83),  # 12.5 / 15
        ([(HALF, L)], 50, 50),
        ([(P, H), (OPEN, H)], 50, 100),
        ([(P, H), (EXEMPT, H)], 50, 100),
        ([(P, H), (FAULT, M)], 62, 100),
        ([(P, H), (NA, B)], 100, 100),
        ([(F, B)], 0, 0),
        ([(P, M), (HALF, M), (F, M)], 50, 50),
        ([(P, H), (P, M), (F, L)], 88, 88),  # 88.88: floored, never rounded
    ],
)
def test_a_category_is_the_floor_of_its_weights(
    results: list[tuple[Outcome, Severity]], low: int, high: int
) -> None:
    score = scored(*(result(outcome, severity) for outcome, severity in results))
    assert (score.low, score.high) == (low, high)


def test_k_of_n_counts_passes_among_what_applies() -> None:
    score = scored(*(result(one) for one in (P, P, HALF, F, OPEN, EXEMPT, FAULT, NA)))
    assert (score.passed, score.applicable, score.faulty) == (2, 7, True)


def test_a_category_without_a_check_that_applies_has_no_numbers() -> None:
    score = scored(result(NA))
    assert (score.low, score.high, score.level, score.applicable) == (None, None, None, 0)


def test_the_headline_is_the_floor_of_the_mean_of_those_that_apply() -> None:
    results = [
        result(P, H, "code.a"),
        result(F, B, "metrics.a"),
        result(P, M, "metrics.b"),
        result(NA, B, "artifacts.a"),
        result(OPEN, H, "environment.a"),
    ]
    rules = {one.id: _Rule(one.id) for one in results}
    categories = category_scores(results, rules)
    assert list(categories) == list(CATEGORIES)
    score = headline(categories)
    assert (score.low, score.high) == ((100 + 23 + 0) // 3, (100 + 23 + 100) // 3)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([result(F, B)], "L0"),
        ([result(FAULT, B)], "L0"),
        ([result(OPEN, B)], "L1"),  # no blocker fails, and not all is consistent
        ([result(HALF, B)], "L1"),
        ([result(P, B), result(F, H, "code.b")], "L1"),
        ([result(P, B), result(P, H, "code.b"), result(F, M, "code.c")], "L2"),
        ([result(P, H, evidence=Evidence.E2)], "L1"),  # passes, but not at its best evidence
        ([result(NA, H)], None),
    ],
)
def test_the_level_of_a_category(results: list[CheckResult], expected: str | None) -> None:
    assert scored(*results).level == expected


def test_what_needs_the_network_does_not_keep_from_consistent() -> None:
    assert scored(result(P, B), result(OPEN, H, "code.b"), needs=("network",)).level == "L2"


def full(**changed: Outcome) -> list[CheckResult]:
    """A run that is retrievable, replayed and reproduced, with single results changed."""
    beyond = {
        "artifacts.external-retrievable": Evidence.E4,
        "code.commit-on-remote": Evidence.E4,
        "environment.data-version-immutable": Evidence.E4,
        "environment.lock-resolvable": Evidence.E4,
        "environment.replay-prefix": Evidence.E5,
        "environment.replay-independent": Evidence.E6,
    }
    names = {name.replace(".", "_").replace("-", "_"): name for name in beyond}
    outcomes = {names[key]: outcome for key, outcome in changed.items()}
    return [result(P, H, f"{category}.base") for category in CATEGORIES] + [
        result(outcomes.get(name, P), H, name, evidence) for name, evidence in beyond.items()
    ]


def level_of(results: list[CheckResult]) -> str:
    rules = {
        one.id: _Rule(one.id, ("folder",) if one.id.endswith(".base") else ("network",))
        for one in results
    }
    return level(category_scores(results, rules), results)


def test_the_level_of_a_run_climbs_by_what_confirms_it() -> None:
    assert level_of(full()) == "L5"
    assert level_of(full(environment_replay_independent=OPEN)) == "L4"
    assert level_of(full(environment_replay_prefix=OPEN)) == "L3"
    assert level_of(full(code_commit_on_remote=OPEN)) == "L2"
    assert level_of(full(artifacts_external_retrievable=NA)) == "L5"
    assert level_of(full()[: len(CATEGORIES)]) == "L2"  # a rule set that cannot confirm


def test_the_lowest_category_decides() -> None:
    assert level_of([*full(), result(F, B, "metrics.bad")]) == "L0"


def test_lost_is_the_weight_given_away() -> None:
    assert [lost(result(one, B)) for one in (P, HALF, F, OPEN, NA)] == [0, 5, 10, 10, 0]


outcomes = st.lists(st.tuples(st.sampled_from(Outcome), st.sampled_from(Severity)), max_size=12)


@given(outcomes)
def test_low_is_never_above_high_and_both_are_whole_percents(
    drawn: list[tuple[Outcome, Severity]],
) -> None:
    score = scored(*(result(outcome, severity) for outcome, severity in drawn))
    if score.low is not None and score.high is not None:
        assert 0 <= score.low <= score.high <= 100


@given(outcomes, st.integers(0, 11))
def test_withheld_evidence_never_raises_a_score(
    drawn: list[tuple[Outcome, Severity]], index: int
) -> None:
    if index >= len(drawn) or drawn[index][0] is NA:
        return
    before = scored(*(result(outcome, severity) for outcome, severity in drawn))
    withheld = [*drawn[:index], (OPEN, drawn[index][1]), *drawn[index + 1 :]]
    after = scored(*(result(outcome, severity) for outcome, severity in withheld))
    assert after.low is not None
    assert before.low is not None
    assert after.low <= before.low
