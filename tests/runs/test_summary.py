from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.runs.metric_log import MetricLog, read_metric_log
from reportgen.runs.schema import MetricDefinition, Summary
from reportgen.runs.summary import best_of, summarise


def log_of(*records: tuple[int, dict[str, object]] | str) -> MetricLog:
    lines = [
        entry if isinstance(entry, str) else json.dumps({"step": entry[0], "metrics": entry[1]})
        for entry in records
    ]
    return read_metric_log("".join(line + "\n" for line in lines).encode(), name="m")


def summary(*records: tuple[int, dict[str, object]] | str) -> Summary:
    return summarise(log_of(*records), {"x": MetricDefinition(goal="maximize")})


def test_last_and_first_best_by_the_goal() -> None:
    found = summary(
        (0, {"loss": 3.0, "x": 1.0, "lr": 0.1}),
        (1, {"loss": 1.0, "x": 5.0, "lr": 0.1}),
        (2, {"loss": 1.0, "x": 5.0, "lr": 0.05}),
        (3, {"loss": 2.0, "x": 2.0}),
    ).metrics
    loss, x, lr = found["loss"], found["x"], found["lr"]
    assert (loss.last, loss.last_step, loss.best, loss.best_step, loss.count) == (2.0, 3, 1.0, 1, 4)
    assert (x.last, x.best, x.best_step) == (2.0, 5.0, 1)
    assert (lr.last, lr.last_step, lr.best, lr.best_step, lr.count) == (0.05, 2, None, None, 3)


def test_what_is_not_finite_is_never_best_and_may_be_last() -> None:
    found = summary((0, {"loss": "-Infinity"}), (1, {"loss": 0.5}), (2, {"loss": "NaN"})).metrics[
        "loss"
    ]
    assert (found.best, found.best_step, found.last, found.count) == (0.5, 1, "NaN", 3)
    nothing = summary((0, {"loss": "NaN"}), (1, {"loss": "Infinity"})).metrics["loss"]
    assert (nothing.best, nothing.best_step, nothing.last) == (None, None, "Infinity")


def test_extremes() -> None:
    found = summary((0, {"loss": 1e308}), (1, {"loss": -1e308}), (2, {"loss": 2**53 + 1})).metrics
    assert (found["loss"].best, found["loss"].last) == (-1e308, 2**53 + 1)


def test_a_resumed_attempt_replaces_what_it_did_again() -> None:
    found = summary(
        (0, {"loss": 5.0}),
        (1, {"loss": 0.1}),
        (2, {"loss": 4.0}),
        '{"event": "resume", "step": 1}',
        (1, {"loss": 3.0}),
    ).metrics["loss"]
    assert (found.best, found.best_step, found.last, found.count) == (3.0, 1, 3.0, 2)


def test_a_series_that_a_resumed_attempt_does_not_log_stands() -> None:
    found = summary((0, {"val/acc": 0.5}), '{"event": "resume", "step": 0}', (0, {"loss": 1.0}))
    assert found.metrics["val/acc"].last == 0.5


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
def test_no_best_without_a_finite_point(goal: str) -> None:
    assert best_of([], goal) is None  # type: ignore[arg-type]
    assert best_of([(0, math.nan), (1, math.inf)], goal) is None  # type: ignore[arg-type]


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from([-1.0, -0.0, 0.0, 2.5, 1e300, "NaN", 2**60])),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 8),
)
def test_the_summary_is_that_of_the_points_that_count(
    points: list[tuple[int, object]], resumed: int
) -> None:
    records: list[tuple[int, dict[str, object]] | str] = [(s, {"loss": v}) for s, v in points]
    records.insert(resumed, '{"event": "resume", "step": 0}')
    log = log_of(*records)
    settled = log.series["loss"].settled()
    found = summarise(log, {}).metrics["loss"]
    best = best_of(settled, "minimize")
    assert (found.best_step, found.best) == (best or (None, None))
    assert (found.last_step, found.count) == (settled[-1][0], len(settled))
