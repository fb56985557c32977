"""Data files: strict, hashed, and thinned without losing a spike."""

from __future__ import annotations

import json
import math
from array import array
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reportgen.runs.metric_log import read_metric_log
from reportgen.site.shards import (
    COARSE_POINTS,
    Clock,
    Curve,
    CurveFiles,
    clock_of,
    coarse_places,
    curve_files,
    curve_of,
    data_file,
    non_finite_stretches,
    places_of,
)

ANY_FLOAT = st.floats(width=64)


def content(data: bytes) -> tuple[str, Any]:
    text = data.decode("ascii")
    assert text.startswith("reportgen.put(")
    assert text.endswith(");\n")
    name, value = json.loads(f"[{text[len('reportgen.put(') : -3]}]")
    return name, value


def curve(values: list[float]) -> Curve:
    steps = list(range(len(values)))
    return Curve(np.array(steps), np.array(values), 1e9 + np.array(steps, dtype=float))


@given(st.lists(ANY_FLOAT, min_size=1, max_size=3000))
def test_the_coarse_tier_keeps_ends_and_extremes(values: list[float]) -> None:
    places = coarse_places(values, 40)
    assert places == sorted(set(places))
    finite = [(value, i) for i, value in enumerate(values) if math.isfinite(value)]
    if finite:
        kept = {values[i] for i in places}
        assert {min(finite)[0], max(finite)[0]} <= kept
        assert finite[0][1] in places
        assert finite[-1][1] in places
    assert sum(math.isfinite(values[i]) for i in places) <= max(40, 0)


def test_a_spike_of_one_point_in_a_million_stays() -> None:
    values = array("d", bytes(8 * 1_000_000))
    values[654_321] = 7.0
    places = coarse_places(values)
    assert 654_321 in places
    assert len(places) <= COARSE_POINTS


@given(st.lists(ANY_FLOAT, max_size=80))
def test_stretches_are_exactly_what_is_not_finite(values: list[float]) -> None:
    covered = {i for first, last in non_finite_stretches(values) for i in range(first, last + 1)}
    assert covered == {i for i, value in enumerate(values) if not math.isfinite(value)}


def test_nan_is_text_in_a_file() -> None:
    (file,) = curve_files("run-1", "val/loss", curve([0.5, math.nan, math.inf, -math.inf]))
    name, value = content(file.data)
    assert name == file.name
    assert value["values"] == [0.5, "NaN", "Infinity", "-Infinity"]
    assert value["seconds"] == [0.0, 1.0, 2.0, 3.0]
    assert value["tier"] == "full"
    assert places_of([file]) == CurveFiles(file.place, None)


def test_a_long_series_has_a_full_tier_with_every_point() -> None:
    values = [math.sin(i) for i in range(2000)]
    files = curve_files("run-1", "m", curve(values))
    _, coarse = content(files[0].data)
    assert coarse["tier"] == "coarse"
    assert len(coarse["values"]) <= COARSE_POINTS
    assert coarse["points"] == 2000
    name, full = content(files[1].data)
    assert name == files[1].name != files[0].name
    assert full["values"] == values
    assert places_of(files).reference() == {
        "name": files[0].name,
        "path": files[0].path,
        "fullName": name,
        "fullPath": files[1].path,
    }


def test_the_name_of_a_file_follows_from_its_content() -> None:
    one, same, other = (data_file("a/b", {"x": x}) for x in (1, 1, 2))
    assert one.path == same.path != other.path
    assert one.path.startswith("data/a/b.")
    assert one.path.endswith(".js")


def test_a_resumed_attempt_replaces_points_and_keeps_them_apart() -> None:
    lines = [{"step": s, "time": 1e9 + s, "metrics": {"m": float(s)}} for s in range(4)]
    lines.append({"event": "resume", "step": 2, "time": 1e9 + 9, "attempt": 2})
    lines += [{"step": s, "time": 1e9 + 10 + s, "metrics": {"m": s + 0.5}} for s in (2, 3, 4)]
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    found = curve_of(read_metric_log(data, name="metrics.jsonl").series["m"])
    assert found.steps.tolist() == [0, 1, 2, 3, 4]
    assert found.values.tolist() == [0.0, 1.0, 2.5, 3.5, 4.5]
    assert [point[:3] for point in found.earlier] == [(1, 2, 2.0), (1, 3, 3.0)]
    _, value = content(curve_files("r", "m", found)[0].data)
    assert value["earlier"] == [
        {"attempt": 1, "steps": [2, 3], "values": [2.0, 3.0], "seconds": [2.0, 3.0]}
    ]


def test_time_counts_from_the_first_record_of_the_run_and_pauses_are_told() -> None:
    lines = [
        {"step": 0, "time": 1e9, "metrics": {"a": 1.0}},
        {"step": 1, "time": 1e9 + 5, "metrics": {"b": 1.0}},
        {"event": "resume", "step": 1, "time": 1e9 + 100, "attempt": 2},
        {"step": 1, "time": 1e9 + 105, "metrics": {"b": 2.0}},
    ]
    log = read_metric_log(
        b"".join(json.dumps(line).encode() + b"\n" for line in lines), name="metrics.jsonl"
    )
    clock = clock_of(log.columns)
    assert clock == Clock(1e9, ((5.0, 100.0),))
    _, value = content(curve_files("r", "b", curve_of(log.series["b"], clock))[0].data)
    assert value["start"] == 1e9
    assert value["seconds"] == [105.0]
    assert value["pauses"] == [[5.0, 100.0]]
