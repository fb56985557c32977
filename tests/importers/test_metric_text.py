from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reportgen.importers.interface import Points
from reportgen.importers.metric_text import metric_lines, summary_of
from reportgen.runs.metric_log import read_metric_log
from reportgen.runs.summary import summarise

NAMES = ["loss", "val/accuracy", 'odd "name"\n', "50% %s {x}"]
POINT = st.tuples(
    st.integers(0, 3),
    st.integers(0, 5) | st.integers(0, 2**62),
    st.floats(),
    st.sampled_from([0.0, 0.05, 0.5, math.nan, math.inf, 1e300]),
)


def points(rows: list[tuple[int, int, float, float]], resumed: int | None = None) -> Points:
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    attempts = None
    if resumed is not None:
        attempts = np.where(np.arange(len(rows)) < resumed, 1, 2).astype(np.int32)
    return Points(
        NAMES,
        np.array(columns[0], dtype=np.int32),
        np.array(columns[1], dtype=np.int64),
        1.76e9 + np.cumsum(np.array(columns[3], dtype=np.float64)),
        np.array(columns[2], dtype=np.float64),
        attempts,
    )


@given(st.lists(POINT, max_size=30), st.none() | st.integers(0, 30))
def test_what_is_written_is_what_is_read(
    rows: list[tuple[int, int, float, float]], resumed: int | None
) -> None:
    given_points = points(rows, resumed)
    log = read_metric_log(b"".join(metric_lines(given_points)), name="metrics.jsonl")
    assert [p for p in log.problems if p.severity == "error"] == []
    for index, name in enumerate(NAMES):
        wanted = [(step, repr(value)) for at, step, value, _ in rows if at == index]
        found = log.series.get(name)
        values = found.values if found else []
        steps = found.steps if found else []
        assert [(s, repr(v)) for s, v in zip(steps, values, strict=True)] == wanted
    assert summary_of(given_points, {}) == summarise(log, {})


def test_points_logged_together_share_a_record() -> None:
    rows = [(0, 1, 0.1, 0.0), (1, 1, 0.2, 0.05), (0, 1, 0.3, 0.05), (1, 2, 0.4, 0.0), (0, 2, 1, 1)]
    text = b"".join(metric_lines(points(rows))).decode().splitlines()
    assert text == [
        '{"step":1,"time":1760000000.05,"metrics":{"loss":0.1,"val/accuracy":0.2}}',
        '{"step":1,"time":1760000000.1,"metrics":{"loss":0.3}}',
        '{"step":2,"time":1760000000.1,"metrics":{"val/accuracy":0.4}}',
        '{"step":2,"time":1760000001.1,"metrics":{"loss":1.0}}',
    ]


def test_a_further_attempt_begins_with_a_marker() -> None:
    rows = [(0, 1, 0.1, 0.0), (0, 2, 0.2, 1.0), (0, 1, 0.3, 1.0)]
    log = read_metric_log(b"".join(metric_lines(points(rows, 2))), name="m")
    assert [(e.kind, e.step, e.attempt) for e in log.events] == [("resume", 1, 2)]
    assert log.series["loss"].settled() == [(1, 0.3)]


def test_very_many_metrics_of_a_step_are_several_records() -> None:
    count = 2_500
    many = Points(
        [f"m{at}" for at in range(count)],
        np.arange(count, dtype=np.int32),
        np.zeros(count, dtype=np.int64),
        np.zeros(count),
        np.zeros(count),
    )
    assert len(b"".join(metric_lines(many)).splitlines()) == 3
