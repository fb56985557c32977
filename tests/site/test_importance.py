"""What goes with a metric, and how much."""

from __future__ import annotations

import math
import random

import pytest

from reportgen.site.importance import correlation, importances, ranked


def test_ranks_of_equal_values_are_shared() -> None:
    assert ranked([3.0, 1.0, 3.0, 2.0]) == [3.5, 1.0, 3.5, 2.0]


def test_a_monotonous_relation_is_whole_whatever_its_shape() -> None:
    configs = [{"lr": 10.0**-power, "dull": 1} for power in range(6)]
    found = importances(configs, ["lr", "dull"], [math.exp(p) for p in range(6)])
    assert (found[0].key, found[0].size, found[0].sign) == ("lr", 1.0, -1)
    assert (found[1].key, found[1].size, found[1].sign) == ("dull", 0.0, 0)


def test_a_known_rank_correlation() -> None:
    # Kendall, Rank Correlation Methods: two judges of ten boys; rho = 1 - 6 * 24 / 990.
    configs = [{"x": rank} for rank in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)]
    values = [1.0, 3.0, 2.0, 5.0, 4.0, 9.0, 6.0, 7.0, 10.0, 8.0]
    squares = sum((i + 1 - v) ** 2 for i, v in enumerate(values))
    (found,) = importances(configs, ["x"], values)
    assert found.size == pytest.approx(1 - 6 * squares / 990, abs=1e-4)


def test_categories_that_tell_the_metric_apart() -> None:
    noise = random.Random(1)
    configs = [{"opt": "adam" if i % 2 else "sgd", "luck": str(i % 3)} for i in range(40)]
    values = [(i % 2) * 5 + noise.random() for i in range(40)]
    first, second = importances(configs, ["opt", "luck"], values)
    assert (first.key, first.sign, first.n) == ("opt", 0, 40)
    assert first.size > 0.8 > 0.4 > second.size


def test_runs_without_a_value_do_not_count() -> None:
    configs = [{"x": i} for i in range(6)]
    values = [None, math.nan, 1.0, 2.0, 3.0, 4.0]
    (found,) = importances(configs, ["x"], values)
    assert (found.n, found.size) == (4, 1.0)
    assert importances(configs[:5], ["x"], values[:5]) == []


def test_a_constant_correlates_with_nothing() -> None:
    assert correlation([1.0, 1.0], [1.0, 2.0]) == 0.0
