"""Spaces of a search: what they are, and the trials of grid and random search."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UsageError
from reportgen.logger.search_space import (
    checked_space,
    grid_size,
    grid_trials,
    plain_space,
    random_trials,
)

LISTS = {"lr": [0.1, 0.01], "width": [16, 32, 64], "act": ["relu"]}


def test_a_grid_is_every_combination_in_order() -> None:
    space = checked_space(LISTS)
    trials = list(grid_trials(space))
    assert trials[:3] == [{"lr": 0.1, "width": width, "act": "relu"} for width in (16, 32, 64)]
    assert len(trials) == grid_size(space) == 6
    assert len({tuple(trial.items()) for trial in trials}) == 6


def test_a_random_search_is_the_same_for_the_same_seed() -> None:
    space = checked_space({**LISTS, "dropout": {"min": 0, "max": 0.5}})
    first = list(random_trials(space, 5, 3))
    assert first == list(random_trials(space, 5, 3))
    assert first != list(random_trials(space, 5, 4))
    assert len(first) == 5


def test_lists_come_without_repetition_until_all_have_come() -> None:
    trials = [tuple(trial.values()) for trial in random_trials(checked_space(LISTS), 8, 0)]
    assert len(set(trials[:6])) == 6
    assert len(trials) == 8
    assert set(trials) == {tuple(trial.values()) for trial in grid_trials(checked_space(LISTS))}


def test_a_huge_grid_is_drawn_from_without_being_listed() -> None:
    space = checked_space({f"x{at}": list(range(100)) for at in range(12)})
    (trial,) = random_trials(space, 1, 1)
    assert list(trial) == list(space)


@given(st.integers(0, 1000))
def test_draws_stay_in_their_range(seed: int) -> None:
    space = checked_space(
        {
            "lr": {"min": 1e-5, "max": 1e-1, "log": True},
            "n": {"min": 1, "max": 3, "int": True},
            "units": {"min": 8, "max": 512, "int": True, "log": True},
            "p": {"min": -1.5, "max": 2},
        }
    )
    (trial,) = random_trials(space, 1, seed)
    assert 1e-5 <= trial["lr"] <= 1e-1
    assert trial["n"] in (1, 2, 3)
    assert type(trial["units"]) is int
    assert 8 <= trial["units"] <= 512
    assert -1.5 <= trial["p"] <= 2


def test_a_logarithmic_range_has_as_many_small_values_as_great_ones() -> None:
    space = checked_space({"lr": {"min": 1e-4, "max": 1.0, "log": True}})
    draws = [trial["lr"] for trial in random_trials(space, 2000, 0)]
    below = sum(value < 1e-2 for value in draws) / len(draws)
    assert below == pytest.approx(0.5, abs=0.05)


def test_a_space_is_recorded_plainly() -> None:
    space = checked_space({"lr": np.array([0.1, 0.2]), "opt": (np.float32(0.5), math.pi, None)})
    assert plain_space(space) == {"lr": [0.1, 0.2], "opt": [0.5, math.pi, None]}
    assert grid_size(checked_space({"a": range(3), "b": {"min": 0, "max": 1}})) is None


@pytest.mark.parametrize(
    "space",
    [
        None,
        {},
        [("lr", [1])],
        {3: [1]},
        {"": [1]},
        {"lr": 0.1},
        {"lr": "abc"},
        {"lr": []},
        {"lr": {}},
        {"lr": {"min": 0}},
        {"lr": {"min": 1, "max": 0}},
        {"lr": {"min": "a", "max": "b"}},
        {"lr": {"min": 0, "max": math.inf}},
        {"lr": {"min": 0, "max": 1, "log": True}},
        {"lr": {"min": 0.5, "max": 2, "int": True}},
        {"lr": {"min": 0, "max": 1, "step": 0.1}},
    ],
    ids=str,
)
def test_what_is_no_space_is_refused(space: Any) -> None:
    with pytest.raises(UsageError, match="lists of values or ranges"):
        checked_space(space)
