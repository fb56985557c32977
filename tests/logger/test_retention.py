"""Which checkpoints stay."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UsageError
from reportgen.logger.retention import (
    FIRST_METRIC,
    SINGLE_LAST,
    Retention,
    Saved,
    best_saved,
    resumed_with,
    retention_of,
    superseded,
)
from reportgen.runs.schema import CheckpointPolicy


def series(*values: float | None, metric: str = "val/acc") -> list[Saved]:
    return [Saved(f"c{at}", at, metric, value) for at, value in enumerate(values, 1)]


def kept(saved: list[Saved], retention: Retention, goal: Any) -> list[str]:
    gone = {item.file for item in superseded(saved, retention, goal)}
    return [item.file for item in saved if item.file not in gone]


def test_the_newest_and_the_best_stay() -> None:
    saved = series(0.5, 0.9, 0.7, 0.8)
    assert kept(saved, Retention(2, "val/acc"), "maximize") == ["c2", "c3", "c4"]
    assert kept(saved, Retention(2, "val/acc"), "minimize") == ["c1", "c3", "c4"]


def test_the_single_checkpoint_is_the_last() -> None:
    assert kept(series(0.9, 0.1), SINGLE_LAST, None) == ["c2"]
    assert SINGLE_LAST.document() == CheckpointPolicy(keep_last=1, best=None)


def test_no_bound_keeps_everything() -> None:
    assert len(kept(series(*range(20)), Retention(None, None), None)) == 20


def test_only_the_policys_metric_decides() -> None:
    saved = [Saved("a", 1, "train/acc", 1.0), Saved("b", 2, "val/acc", 0.5), Saved("c", 3)]
    assert kept(saved, Retention(1, "val/acc"), "maximize") == ["b", "c"]


@pytest.mark.parametrize("bad", [math.nan, math.inf, None])
def test_a_value_that_is_no_number_is_never_best(bad: float | None) -> None:
    best = best_saved(series(bad, 0.3, bad), "val/acc", "maximize")
    assert best is not None
    assert best.file == "c2"


def test_among_equals_the_first_is_best_and_its_small_copy_before_it() -> None:
    saved = [*series(0.5, 0.5), Saved("best1", 1, "val/acc", 0.5, is_best_copy=True)]
    best = best_saved(saved, "val/acc", "maximize")
    assert best is not None
    assert best.file == "best1"


def test_small_copies_of_the_best_do_not_count_as_newest() -> None:
    saved = [
        Saved("c1", 1, "m", 0.9),
        Saved("b1", 1, "m", 0.9, is_best_copy=True),
        Saved("c2", 2, "m", 0.1),
    ]
    assert kept(saved, Retention(1, "m", True), "maximize") == ["b1", "c2"]
    saved += [Saved("c3", 3, "m", 1.0), Saved("b3", 3, "m", 1.0, is_best_copy=True)]
    assert kept(saved, Retention(1, "m", True), "maximize") == ["c3", "b3"]


@given(
    st.lists(st.none() | st.floats(), min_size=1, max_size=30),
    st.integers(1, 6),
    st.sampled_from(["minimize", "maximize"]),
)
def test_policy_holds_after_every_save(values: list[float | None], keep: int, goal: Any) -> None:
    retention = Retention(keep, "val/acc")
    present: list[Saved] = []
    for item in series(*values):
        present.append(item)
        for gone in superseded(present, retention, goal):
            present.remove(gone)
    finite = [v for v in values if v is not None and math.isfinite(v)]
    assert [item.order for item in present][-min(keep, len(values)) :] == list(
        range(max(1, len(values) - keep + 1), len(values) + 1)
    )
    assert len(present) <= keep + 1
    if finite:
        wanted = min(finite) if goal == "minimize" else max(finite)
        assert wanted in [item.value for item in present]


def test_the_first_metric_becomes_the_policys_and_stays() -> None:
    adopted = Retention().for_metric("val/acc").for_metric("val/loss")
    assert adopted.best == "val/acc"
    assert Retention().document().best is None
    assert Retention(best=None).for_metric("val/acc").best is None


def test_a_policy_is_read_from_a_mapping() -> None:
    asked = {"keep_last": 3, "best": "val/f1", "best_without_optimizer": True}
    assert retention_of(asked) == Retention(3, "val/f1", True)
    assert retention_of(None) == Retention(5, FIRST_METRIC)
    assert retention_of(CheckpointPolicy(keep_last=None, best="x")) == Retention(None, "x")


def test_a_resumed_run_goes_on_with_its_policy() -> None:
    assert resumed_with(None) == Retention()
    assert resumed_with(CheckpointPolicy(keep_last=2, best=None)) == Retention(2)
    assert resumed_with(SINGLE_LAST.document()) == SINGLE_LAST


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ({"keep_lats": 1}, "Did you mean keep_last"),
        ({"keep_last": 0}, "whole number from 1"),
        ({"keep_last": True}, "whole number from 1"),
        ({"best": 3}, "the name of a metric"),
        ({"best": " "}, "the name of a metric"),
        (5, "is of type int"),
    ],
)
def test_a_policy_that_is_none_is_refused_with_the_fix(argument: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        retention_of(argument)
