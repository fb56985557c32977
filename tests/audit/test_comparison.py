"""What "worse than on the base" means, outcome by outcome."""

from __future__ import annotations

from itertools import product

import msgspec
import pytest
from audit.report_of_every_kind import PLAIN, result, run_audit
from msgspec.structs import replace

from reportgen.audit.comparison import compared
from reportgen.audit.gate import reasons_of, verdict, worse_than_base
from reportgen.audit.interface import Check
from reportgen.audit.policy import Policy, load_policy
from reportgen.audit.report import CheckResult, Outcome, RunAudit, Severity

STEADY, NETWORK, BLOCKED = "metrics.series-finite", "code.on-remote", "metrics.not-diverged"
VALUE = {Outcome.PASS: 2, Outcome.PARTIAL: 1}


class Steady(Check):
    id = STEADY
    severity = Severity.H


class Blocked(Check):
    id = BLOCKED
    severity = Severity.M


class Network(Check):
    id = NETWORK
    severity = Severity.H
    needs = ("repository", "network")


CHECKS: dict[str, Check] = {STEADY: Steady(), NETWORK: Network(), BLOCKED: Blocked()}


def policy(level: str = "warn", worse: str = "error", least: int | None = None) -> Policy:
    gate = dict.fromkeys((STEADY, NETWORK, BLOCKED), level)
    built_in = load_policy()
    return replace(built_in, gate=gate, worse_than_base=worse, minimum_score=least)  # type: ignore[arg-type]


def audit(*results: CheckResult) -> RunAudit:
    return run_audit(PLAIN, checks=results, number=1)


def beside(
    was: Outcome, now: Outcome, check: str = STEADY, *, judging: Policy | None = None
) -> RunAudit:
    return compared(
        audit(result(check, now, Severity.H)),
        audit(result(check, was, Severity.H)),
        "changed",
        policy=judging or policy(),
        checks=CHECKS,
    )


@pytest.mark.parametrize(("was", "now"), list(product(Outcome, Outcome)))
def test_less_is_worse_and_what_could_not_be_judged_is_as_little_as_a_failure(
    was: Outcome, now: Outcome
) -> None:
    comparison = beside(was, now).comparison
    assert comparison is not None
    applies = Outcome.NOT_APPLICABLE not in (was, now)
    difference = VALUE.get(now, 0) - VALUE.get(was, 0) if applies else 0
    assert bool(comparison.worse) is (difference < 0)
    assert bool(comparison.better) is (difference > 0)


def test_what_asks_the_network_may_differ_for_reasons_of_its_own() -> None:
    comparison = beside(Outcome.PASS, Outcome.FAIL, NETWORK).comparison
    assert comparison is not None
    assert comparison.worse == ()


@pytest.mark.parametrize(
    ("was", "stops"), [(Outcome.FAIL, False), (Outcome.INCONCLUSIVE, True), (Outcome.PASS, True)]
)
def test_only_what_failed_on_the_base_is_held_over(was: Outcome, stops: bool) -> None:
    judging = policy("error")
    assert bool(reasons_of(beside(was, Outcome.FAIL, judging=judging), judging)) is stops


def test_a_check_that_the_base_does_not_know_is_held_over_for_a_known_run() -> None:
    judging = policy("error")
    now = audit(result(STEADY, Outcome.FAIL, Severity.H))
    found = compared(now, audit(), "known", policy=judging, checks=CHECKS)
    assert found.comparison is not None
    assert found.comparison.held_over == (STEADY,)
    assert reasons_of(found, judging) == []
    assert [one.check for one in reasons_of(now, judging)] == [STEADY]


def test_one_cause_is_one_reason() -> None:
    before = audit(
        result(STEADY, Outcome.PASS, Severity.H), result(BLOCKED, Outcome.PASS, Severity.M)
    )
    now = audit(
        result(STEADY, Outcome.FAIL, Severity.H),
        result(BLOCKED, Outcome.INCONCLUSIVE, Severity.M, cause=STEADY, blocked_by=STEADY),
    )
    found = compared(now, before, "changed", policy=policy(), checks=CHECKS)
    assert found.comparison is not None
    assert [one.check for one in found.comparison.worse] == [STEADY, BLOCKED]
    assert [one.check for one in worse_than_base(found, policy())] == [STEADY]
    (reason,) = reasons_of(found, policy())
    assert reason.message == "as it was found (on the base: pass)"


def test_a_failure_that_is_new_and_an_error_is_one_reason_not_two() -> None:
    judging = policy("error")
    assert len(reasons_of(beside(Outcome.PASS, Outcome.FAIL, judging=judging), judging)) == 1


def test_warnings_are_counted_when_getting_worse_only_warns() -> None:
    judging = policy("warn", "warn")
    found = beside(Outcome.PASS, Outcome.PARTIAL, judging=judging)
    assert verdict([(found, judging)]).warnings == 1
    assert verdict([(found, policy("warn", "off"))]).warnings == 0


@pytest.mark.parametrize(
    ("before", "now", "stops"), [(40, 50, False), (50, 50, False), (55, 50, True), (95, 50, True)]
)
def test_a_score_that_was_too_low_before_must_not_fall(before: int, now: int, stops: bool) -> None:
    judging = policy(least=60)
    was = msgspec.structs.replace(audit(), score=replace(audit().score, low=before))
    found = compared(audit(), was, "changed", policy=judging, checks=CHECKS)
    assert found.score.low == now
    assert bool(reasons_of(found, judging)) is stops
