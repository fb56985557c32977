"""When an alert goes out, and when it does not."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UsageError
from reportgen.logger.alert_rules import DEFAULT_RULES, RuleBook, alert_when
from reportgen.runs.schema import MetricDefinition


def titles(values: list[float], metric: str = "train/loss", *rules: Any) -> list[str]:
    book = RuleBook((*rules, *DEFAULT_RULES), {})
    return [verdict.title for value in values for verdict in book.see(metric, value)]


def test_a_threshold_speaks_once_until_it_recovers() -> None:
    rule = alert_when("val/accuracy", above=0.9, level="info")
    values = [0.8, 0.91, 0.95, 0.9, 0.92]
    assert titles(values, "val/accuracy", rule) == ["val/accuracy above 0.9"] * 2
    assert titles(values, "val/other", rule) == []


def test_both_bounds_and_a_title_of_ones_own() -> None:
    rule = alert_when("lr", above=1, below=0.1, level="error", title="lr out of range")
    book = RuleBook([rule], {})
    verdicts = [v for value in (0.5, 2, 0.5, 0.05) for v in book.see("lr", value)]
    assert [v.text for v in verdicts] == ["lr is 2, above 1", "lr is 0.05, below 0.1"]
    assert {(v.title, v.level) for v in verdicts} == {("lr out of range", "error")}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_is_an_error(bad: float) -> None:
    book = RuleBook(DEFAULT_RULES, {})
    book.see("val/loss", 1.0)
    (verdict,) = book.see("val/loss", bad)
    assert verdict.level == "error"
    assert book.see("val/loss", bad) == []
    assert book.see("val/accuracy", bad) == []


def test_a_nan_is_above_nothing() -> None:
    rule = alert_when("x", above=0)
    assert titles([math.nan], "x", rule) == []


def test_a_loss_that_climbs_to_ten_times_its_lowest_diverges() -> None:
    falling = [2.3 * 0.9**step for step in range(30)]
    climbing = [falling[-1] * 1.5**step for step in range(20)]
    assert titles(falling + climbing) == ["train/loss diverges"]


def test_a_loss_that_explodes_from_its_start_diverges() -> None:
    assert titles([2.3 * 4**step for step in range(15)]) == ["train/loss diverges"]


def test_a_divergence_that_recovers_is_said_again_when_it_comes_back() -> None:
    assert titles([1.0] * 9 + [50.0] * 9 + [1.0] * 9 + [50.0] * 9) == ["train/loss diverges"] * 2


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("one spike", [1.0] * 20 + [500.0] + [1.0] * 20),
        ("two spikes", [1.0] * 20 + [500.0, 400.0] + [1.0] * 20),
        ("noise near nought", [1e-4, 2e-3, 1e-4, 3e-3, 5e-3] * 10),
        ("a fall to nought, then noise", [2.0] * 5 + [1e-6] * 9 + [1e-3] * 9),
        ("a warm restart", [2.0] * 5 + [0.5] * 10 + [2.5] * 10),
        ("below nought", [-1.0] * 9 + [50.0] * 9),
        ("too few points", [1.0, 1.0, 100.0, 100.0]),
    ],
)
def test_what_is_no_divergence(name: str, values: list[float]) -> None:
    assert titles(values) == [], name


def test_a_noisy_training_that_converges_raises_no_alert() -> None:
    noise = random.Random(3)
    values = [
        (2.3 * math.exp(-step / 300) + 0.02) * noise.lognormvariate(0, 0.8) for step in range(3000)
    ]
    assert titles(values) == []


@pytest.mark.parametrize("metric", ["val/loss", "test/loss", "train/accuracy", "lr"])
def test_only_training_losses_diverge(metric: str) -> None:
    assert titles([1.0] * 9 + [50.0] * 9, metric) == []


def test_a_declared_split_counts() -> None:
    declared = {"fit_loss": MetricDefinition(split="train")}
    book = RuleBook(DEFAULT_RULES, declared)
    found = [v for value in [1.0] * 9 + [50.0] * 9 for v in book.see("fit_loss", value)]
    assert [v.title for v in found] == ["fit_loss diverges"]


@given(st.lists(st.floats() | st.sampled_from([2.0, 4.0])))
def test_a_threshold_speaks_exactly_when_it_is_crossed(values: list[float]) -> None:
    book = RuleBook([alert_when("x", above=3)], {})
    spoke = [bool(book.see("x", value)) for value in values]
    holds = [value > 3 for value in values]
    assert spoke == [
        now and not before for before, now in zip([False, *holds], holds, strict=False)
    ]


@given(st.lists(st.floats()))
def test_no_series_makes_a_default_rule_raise(values: list[float]) -> None:
    titles(values)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"metric": "x"}, "above= or below="),
        ({"metric": "x", "above": "10"}, "above is '10'"),
        ({"metric": "x", "below": True}, "below is True"),
        ({"metric": "x", "above": math.nan}, "above is nan"),
        ({"metric": "x", "above": 1, "level": "fatal"}, "info, warning or error"),
        ({"metric": "", "above": 1}, "a metric's name"),
        ({"metric": None, "above": 1}, "a metric's name"),
    ],
)
def test_a_rule_that_is_none_is_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        alert_when(**arguments)
