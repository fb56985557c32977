"""When two runs count as equal: every point, the band, and what is not compared."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.runs.metric_log import read_metric_log
from reportgen.script import comparison
from reportgen.script.comparison import difference, judge, last_values, number, read_points

FLOATS = st.floats(allow_nan=True, allow_infinity=True)


@given(FLOATS, FLOATS)
def test_a_difference_is_symmetric_and_never_fails(a: float, b: float) -> None:
    assert difference(a, b) == difference(b, a)
    assert (difference(a, b) == 0) == (a == b or (math.isnan(a) and math.isnan(b)))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [(1.0, 1.0, 0), (1.0, 2.0, 0.5), (-1.0, 1.0, 2.0), (0.0, 1e-9, 1.0), (1e308, -1e308, 2.0)],
)
def test_it_is_relative_to_the_larger(a: float, b: float, expected: float) -> None:
    assert difference(a, b) == expected


def test_one_that_is_not_finite_is_as_far_as_can_be() -> None:
    assert difference(math.nan, 1.0) == difference(math.inf, 1.0) == math.inf
    assert difference(math.inf, math.inf) == 0


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def point(step: int, value: object) -> dict[str, object]:
    return {"step": step, "time": 1.0, "metrics": {"loss": value}}


def test_series_are_read_as_the_reader_of_runs_reads_them(tmp_path: Path) -> None:
    data = lines(
        *(point(step, 1 / (step + 1)) for step in range(6)),
        point(6, "NaN"),
        {"event": "resume", "step": 4, "attempt": 2},
        *(point(step, 2 / (step + 1)) for step in range(4, 8)),
        point(8, True),
        point(9, 10**400),
        {"event": "resume", "step": 9, "attempt": 3},
        point(9, 3),
    )
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(data + b'not json\n[1]\n{"step": 9, "met')
    expected = read_metric_log(path.read_bytes(), name="metrics.jsonl").series["loss"].settled()
    assert read_points(path)["loss"] == expected
    assert len(expected) == 9


@pytest.mark.parametrize("value", ["-Infinity", 10**400, -(10**400), 3, 2.5])
def test_numbers_are_those_of_the_standard(value: object) -> None:
    assert isinstance(number(value), float)
    assert number(True) is number(None) is number("3") is None


Output = pytest.CaptureFixture[str]


def test_equal_to_the_last_digit(capsys: Output) -> None:
    series = {"loss": [(0, 0.1 + 0.2), (1, math.nan)]}
    assert judge(series, {"loss": list(series["loss"])}, whole=True) == 0
    assert "identical: 1 metrics, 2 values" in capsys.readouterr().out


def test_the_first_and_the_largest_difference_are_named(capsys: Output) -> None:
    a = {"loss": [(0, 1.0), (5, 1.0), (9, 1.0)], "accuracy": [(2, 0.5)]}
    b = {"loss": [(0, 1.0), (5, 1.1), (9, 2.0)], "accuracy": [(2, 0.51)]}
    assert judge(a, b, whole=True) == 1
    out = capsys.readouterr().out
    assert "first beyond 1e-05 relative at accuracy, step 2: recorded 0.5, replayed 0.51" in out
    assert "most, by 0.5 relative, at loss, step 9: recorded 1.0, replayed 2.0" in out


@pytest.mark.parametrize(
    ("replayed", "fault"),
    [
        ({}, "loss is missing"),
        ({"loss": [(0, 1.0)]}, "loss has 1 points in place of 2"),
        ({"loss": [(0, 1.0), (2, 1.0)]}, "loss has step 2 in place of 1"),
        ({"loss": [(0, 1.0), (1, 1.0), (2, 1.0)]}, "loss has 3 points in place of 2"),
    ],
)
def test_points_that_miss_or_stand_elsewhere(
    capsys: Output, replayed: dict[str, list[tuple[int, float]]], fault: str
) -> None:
    assert judge({"loss": [(0, 1.0), (1, 1.0)]}, replayed, whole=True) == 1
    assert f"differs: {fault}" in capsys.readouterr().out


def test_a_run_that_did_not_finish_is_compared_as_far_as_it_went(capsys: Output) -> None:
    longer = {"loss": [(0, 1.0), (1, 1.0), (2, 1.0)]}
    assert judge({"loss": [(0, 1.0), (1, 1.0)]}, longer, whole=False) == 0
    assert "2 values, equal to the last digit" in capsys.readouterr().out


def test_what_measures_the_machine_is_not_judged(capsys: Output) -> None:
    names = ["train/seconds", "time", "system/gpu_memory", "samples_per_sec", "perf/step_time_ms"]
    recorded = {name: [(0, 1.0)] for name in [*names, "loss"]}
    replayed = {name: [(0, 9.0)] for name in names} | {"loss": [(0, 1.0)]}
    assert judge(recorded, replayed, whole=True) == 0
    assert capsys.readouterr().err.count("measures the machine") == len(names)
    for name in ("train/loss", "val/accuracy", "timeline_loss", "lr", "membership", "second_loss"):
        assert not comparison.MEASURES_THE_MACHINE.search(name)


def test_nothing_to_compare_is_no_success() -> None:
    assert judge({}, {"loss": [(0, 1.0)]}, whole=True) == 3


def test_last_values_stand_for_series() -> None:
    kept = {"loss": ["NaN", 4, 5], "accuracy": [0.5, 4, 5], "odd": [None, None, 0]}
    found = last_values(kept)
    assert math.isnan(found["loss"][0][1])
    assert found["accuracy"] == [(4, 0.5)]
    assert "odd" not in found
