"""Scores and levels from results: pure arithmetic, the formulas of the checklist.

A category's low end is ``floor(100 * sum(weight * value) / sum(weight))`` over the checks that
apply, where whatever could not be judged is worth 0; its high end is the same with 1. The headline
is the floor of the mean over the categories that have a check that applies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reportgen.audit.interface import Check
from reportgen.audit.report import (
    CATEGORIES,
    LEVELS,
    CategoryScore,
    CheckResult,
    Evidence,
    Outcome,
    Score,
    Severity,
)

_HALVES = {Outcome.PASS: 2, Outcome.PARTIAL: 1}
_OPEN = frozenset({Outcome.INCONCLUSIVE, Outcome.EXEMPT, Outcome.ERROR})
_OFFLINE = frozenset({"folder", "repository", "data", "siblings"})

CONFIRMATIONS: tuple[tuple[str, tuple[tuple[str, Evidence], ...]], ...] = (
    (
        "L3",
        (
            ("artifacts.external-retrievable", Evidence.E4),
            ("code.commit-on-remote", Evidence.E4),
            ("environment.data-version-immutable", Evidence.E4),
            ("environment.lock-resolvable", Evidence.E4),
        ),
    ),
    ("L4", (("environment.replay-prefix", Evidence.E5),)),
    ("L5", (("environment.replay-independent", Evidence.E6),)),
)
"""What each level above "consistent" asks for. A rule set without one of these ends below it."""


def category_score(results: Sequence[CheckResult], checks: Mapping[str, Check]) -> CategoryScore:
    """Return score and level of the results of one category."""
    applicable = [result for result in results if result.applicable]
    return CategoryScore(
        passed=sum(result.outcome is Outcome.PASS for result in applicable),
        applicable=len(applicable),
        low=_percent(applicable, halves_if_open=0),
        high=_percent(applicable, halves_if_open=2),
        level=_category_level(results, checks) if applicable else None,
        faulty=any(result.outcome is Outcome.ERROR for result in applicable),
    )


def category_scores(
    results: Iterable[CheckResult], checks: Mapping[str, Check]
) -> dict[str, CategoryScore]:
    """Return the score of every category, in their order."""
    split: dict[str, list[CheckResult]] = {category: [] for category in CATEGORIES}
    for result in results:
        split[result.category].append(result)
    return {category: category_score(part, checks) for category, part in split.items()}


def headline(categories: Mapping[str, CategoryScore]) -> Score:
    """Return the headline of a run: the floor of the mean of the categories that apply."""
    lows = [category.low for category in categories.values() if category.low is not None]
    highs = [category.high for category in categories.values() if category.high is not None]
    if not lows:
        return Score(low=None, high=None)
    return Score(low=sum(lows) // len(lows), high=sum(highs) // len(highs))


def level(categories: Mapping[str, CategoryScore], results: Sequence[CheckResult]) -> str:
    """Return the level of a run: that of its lowest category, up to "consistent".

    Above that it is a matter of the whole run: what its sources confirm, what was replayed.
    """
    levels = [category.level for category in categories.values() if category.level is not None]
    reached = min(levels, default=LEVELS[0])
    if reached != LEVELS[2]:
        return reached
    by_id = {result.id: result for result in results}
    for name, asked in CONFIRMATIONS:
        if not all(_confirmed(by_id.get(check), least) for check, least in asked):
            break
        reached = name
    return reached


def lost(result: CheckResult) -> float:
    """Return the weight that a result costs its category's low end."""
    if not result.applicable:
        return 0.0
    return result.severity.weight * (2 - _HALVES.get(result.outcome, 0)) / 2


def _percent(applicable: Sequence[CheckResult], *, halves_if_open: int) -> int | None:
    total = sum(result.severity.weight for result in applicable)
    if not total:
        return None
    halves = sum(
        result.severity.weight
        * (halves_if_open if result.outcome in _OPEN else _HALVES.get(result.outcome, 0))
        for result in applicable
    )
    return 100 * halves // (2 * total)


def _category_level(results: Sequence[CheckResult], checks: Mapping[str, Check]) -> str:
    bad = (Outcome.FAIL, Outcome.ERROR)
    if any(result.severity is Severity.B and result.outcome in bad for result in results):
        return "L0"
    if not all(_consistent(result, checks[result.id]) for result in results):
        return "L1"
    return "L2"


def _consistent(result: CheckResult, check: Check) -> bool:
    weighs = result.severity in (Severity.B, Severity.H) and _OFFLINE.issuperset(check.needs)
    if not weighs or not result.applicable:
        return True
    return result.outcome is Outcome.PASS and result.evidence >= check.evidence


def _confirmed(result: CheckResult | None, least: Evidence) -> bool:
    if result is None:
        return False
    return not result.applicable or (result.outcome is Outcome.PASS and result.evidence >= least)
