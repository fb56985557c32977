"""Imported points as the text of metrics.jsonl, many at once, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from reportgen.importers.interface import Points
from reportgen.runs.goals import goal_of
from reportgen.runs.numbers import to_stored
from reportgen.runs.schema import Goal, MetricDefinition, MetricSummary, Summary

SECONDS_APART: Final = 0.1
"""Points of one step, logged one right after the other within this time, share a record."""
_MOST = 1_000
_PORTION = 200_000


def metric_lines(points: Points) -> Iterator[bytes]:
    """Yield the text of metrics.jsonl in portions of whole lines.

    A record has the time of its last point. A further attempt begins with a marker.
    """
    names = [orjson.dumps(name).decode() + ":" for name in points.names]
    bounds = _bounds(points)
    begin = 0
    for end in (*_attempt_starts(points, bounds), len(bounds) - 1):
        for portion in range(begin, end, _PORTION):
            yield _text(points, names, bounds[portion : min(portion + _PORTION, end) + 1])
        if end < len(bounds) - 1:
            yield _marker(points, bounds[end])
        begin = end


def _attempt_starts(points: Points, bounds: list[int]) -> list[int]:
    """Return which records begin a further attempt."""
    if points.attempts is None or len(bounds) < 2:
        return []
    found: list[int] = (np.flatnonzero(np.diff(points.attempts[bounds[:-1]])) + 1).tolist()
    return found


def _marker(points: Points, index: int) -> bytes:
    time = _times(points.times[index : index + 1])[0]
    attempt = 1 if points.attempts is None else int(points.attempts[index])
    step = int(points.steps[index])
    return f'{{"event":"resume","step":{step}{time},"attempt":{attempt}}}\n'.encode()


def _bounds(points: Points) -> list[int]:
    """Return where each record begins, and the end of the last one."""
    count = len(points)
    if not count:
        return [0]
    with np.errstate(invalid="ignore"):
        apart = ~(np.abs(np.diff(points.times)) <= SECONDS_APART)
    breaks = apart | (np.diff(points.steps) != 0)
    if points.attempts is not None:
        breaks |= np.diff(points.attempts) != 0
    starts = np.concatenate([[0], np.flatnonzero(breaks) + 1, [count]])
    order, of_order = _by_series(points)
    again = of_order[1:] == of_order[:-1]
    record_of = np.repeat(np.arange(len(starts) - 1), np.diff(starts))[order]
    crowded = set(record_of[1:][again & (record_of[1:] == record_of[:-1])].tolist())
    crowded.update(np.flatnonzero(np.diff(starts) > _MOST).tolist())
    if not crowded:
        return [int(start) for start in starts.tolist()]
    bounds: list[int] = []
    ids = points.name_of.tolist()
    for number, start in enumerate(starts[:-1].tolist()):
        bounds.append(start)
        if number in crowded:
            bounds.extend(_within(ids, start, int(starts[number + 1])))
    return [*bounds, count]


def _by_series(points: Points) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return the points' indices series by series, each in its order, and their series."""
    few = len(points.names) < 2**15
    ids = points.name_of.astype(np.int16) if few else points.name_of  # sorted by radix
    order = np.argsort(ids, kind="stable")
    return order, ids[order]


def _within(ids: list[int], start: int, end: int) -> Iterator[int]:
    """Yield where a record has to end because it has the next metric already, or too many."""
    seen: set[int] = set()
    for index in range(start, end):
        if ids[index] in seen or len(seen) == _MOST:
            yield index
            seen.clear()
        seen.add(ids[index])


def _text(points: Points, names: list[str], bounds: list[int]) -> bytes:
    first, last = bounds[0], bounds[-1]
    values = _numbers(points.values[first:last])
    ids = points.name_of[first:last]
    edges = np.array(bounds, dtype=np.int64) - first
    steps = list(map(str, points.steps[edges[:-1] + first].tolist()))
    times = _times(points.times[edges[1:] + first - 1])
    lines: list[str] = []
    for begin, end in _alike(ids, edges):
        place, stop = int(edges[begin]), int(edges[end])
        width = (stop - place) // (end - begin)
        own = (names[index].replace("%", "%%") for index in ids[place : place + width].tolist())
        template = f'{{"step":%s%s,"metrics":{{{",".join(name + "%s" for name in own)}}}}}\n'
        filled = [""] * ((width + 2) * (end - begin))
        filled[0 :: width + 2] = steps[begin:end]
        filled[1 :: width + 2] = times[begin:end]
        for at in range(width):
            filled[at + 2 :: width + 2] = values[place + at : stop : width]
        lines.append(template * (end - begin) % tuple(filled))
    return "".join(lines).encode()


def _alike(ids: NDArray[np.int32], edges: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield from which record to which all hold the same metrics in the same order."""
    widths = np.diff(edges)
    breaks = np.flatnonzero(np.diff(widths) != 0) + 1
    for begin, end in pairwise([0, *breaks.tolist(), len(widths)]):
        rows = ids[edges[begin] : edges[end]].reshape(end - begin, -1)
        others = np.flatnonzero((rows[1:] != rows[:-1]).any(axis=1)) + 1
        yield from pairwise([begin, *(others + begin).tolist(), end])


def _numbers(values: NDArray[np.float64]) -> list[str]:
    """Return numbers as strict JSON, those that are not finite as their names."""
    if not len(values):
        return []
    text = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    numbers = text.decode()[1:-1].split(",")
    for index in np.flatnonzero(~np.isfinite(values)).tolist():
        numbers[index] = f'"{to_stored(float(values[index]))}"'
    return numbers


def _times(times: NDArray[np.float64]) -> list[str]:
    known = np.isfinite(times) & (np.abs(times) < 1e12)
    texts = _numbers(np.round(np.where(known, times, 0.0), 6).astype(np.float64))
    return [
        f',"time":{text}' if there else ""
        for text, there in zip(texts, known.tolist(), strict=True)
    ]


def summary_of(points: Points, goals: dict[str, Goal]) -> Summary:
    """Return last and best of each series, as :func:`reportgen.runs.summary.summarise` does."""
    definitions = {name: MetricDefinition(goal=goal) for name, goal in goals.items()}
    order, of_order = _by_series(points)
    edges = np.searchsorted(of_order, np.arange(len(points.names) + 1))
    found = {}
    groups = [order[begin:end] for begin, end in pairwise(edges.tolist())]
    present = [index for index, where in enumerate(groups) if len(where)]
    for index in sorted(present, key=lambda index: int(groups[index][0])):
        where = groups[index]
        name = points.names[index]
        found[name] = _summary(points, where, goal_of(name, definitions))
    return Summary(metrics=found)


def _summary(points: Points, where: NDArray[Any], goal: Goal | None) -> MetricSummary:
    where = _settled(points, where)
    steps, values = points.steps[where], points.values[where]
    summary = MetricSummary(
        last=to_stored(float(values[-1])), last_step=int(steps[-1]), count=len(values)
    )
    finite = np.flatnonzero(np.isfinite(values))
    if goal and len(finite):
        pick = np.argmin if goal == "minimize" else np.argmax
        best = finite[int(pick(values[finite]))]
        summary.best, summary.best_step = float(values[best]), int(steps[best])
    return summary


def _settled(points: Points, where: NDArray[Any]) -> NDArray[Any]:
    """Return which points of a series count: a further attempt replaces from its first step on."""
    if points.attempts is None:
        return where
    attempts, steps = points.attempts[where], points.steps[where]
    keep = np.ones(len(where), dtype=bool)
    for attempt in np.unique(attempts)[1:].tolist():
        begin = int(np.argmax(attempts == attempt))
        keep[:begin] &= steps[:begin] < steps[begin]
    return where[keep]
