"""Reading histograms.jsonl, whatever its bytes."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from reportgen.fs.limits import Limits
from reportgen.runs.histogram_log import read_histograms

ONE = {"low": -1.0, "high": 1.0, "counts": [3, 9, 1], "count": 14, "not_finite": 1}


def line(step: int, **histograms: object) -> bytes:
    return orjson.dumps({"step": step, "time": 1.5, "histograms": histograms}) + b"\n"


def test_lines_become_series() -> None:
    log = read_histograms([line(0, a=ONE, b=ONE) + line(5, a=ONE)[:9], line(5, a=ONE)[9:]])
    assert log.problems == []
    assert {name: [step for step, _ in points] for name, points in log.series.items()} == {
        "a": [0, 5],
        "b": [0],
    }
    histogram = log.series["a"][0][1]
    assert (histogram.counts, histogram.not_finite) == ([3, 9, 1], 1)


def test_bad_lines_are_reported_and_the_rest_is_read() -> None:
    bad = [
        b"{\n",
        b'{"step":-1,"histograms":{}}\n',
        b'{"step":1,"histograms":{"a":{"low":0,"high":1,"counts":[-1],"count":1}}}\n',
        b'{"step":1,"histograms":{"a":{"low":"NaN","high":1,"counts":[],"count":1}}}\n',
        b"\xff\n",
    ]
    log = read_histograms([line(0, a=ONE), *bad, b"\n", line(9, a=ONE), line(10, a=ONE)[:-5]])
    assert [step for step, _ in log.series["a"]] == [0, 9]
    assert [(p.id, p.line) for p in log.problems] == [
        *[("log.bad_line", number) for number in range(2, 7)],
        ("log.torn_tail", 9),
    ]
    assert "histograms.jsonl" in {p.file for p in log.problems}


def test_limits_hold() -> None:
    limits = Limits(line_bytes=200, series=2)
    data = line(0, a=ONE, b=ONE)[:-2]
    assert read_histograms([line(0, a={**ONE, "counts": [1] * 200})], limits=limits).series == {}
    log = read_histograms([data], limits=limits)
    assert [p.id for p in log.problems] == ["log.torn_tail"]
    many = read_histograms([line(0, a=ONE), line(0, b=ONE), line(0, c=ONE)], limits=limits)
    assert list(many.series) == ["a", "b"]
    huge = b'{"step":0,"histograms":{"a":{"low":0,"high":1,"count":0,"counts":[' + b"0," * 5000
    assert read_histograms([huge + b"0]}}}\n"]).series == {}


def test_the_same_fault_is_not_told_for_ever() -> None:
    log = read_histograms([b"x\n" * 500])
    assert len(log.problems) == 21
    assert log.problems[-1].message == "480 more lines like these"


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    log = read_histograms([data])
    assert log.series == {}
