"""Parsed records of a metrics file to the columns of a :class:`MetricLog`."""

from __future__ import annotations

import math
import operator
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, pairwise
from typing import Any

from reportgen.runs.metric_log import Event, MetricLog, Series
from reportgen.runs.numbers import from_stored
from reportgen.runs.problems import Severity
from reportgen.runs.times import END_OF_TIME

Notice = Callable[[str, Severity, str, int | None], None]
"""Takes the id, severity and message of a problem, and its line."""

_STEP_LIMIT = 2**63 - 1
_ATTEMPT_LIMIT = 2**16 - 1
_FLOAT_HOLDS = 2**53
_FEW = 4
_PARTS = tuple(map(operator.itemgetter, ("metrics", "step", "time")))
_NAN = float("nan")
_Shape = tuple[str, ...]


class RowFiller:
    """Fills the columns of a log.

    Args:
        log: What is filled.
        most_series: Names that get a series.
        notice: Called with every fault.

    Attributes:
        points: Values met so far.
        left_out: Hashes of the names that got no series.
    """

    def __init__(self, log: MetricLog, most_series: int, notice: Notice) -> None:
        self.log = log
        self.most_series = most_series
        self.notice = notice
        self.attempt = 1
        self.points = 0
        self.left_out: set[int] = set()

    def take(self, line: int, records: Sequence[Any]) -> int:
        """Add the records of consecutive lines and return the number of keys in them."""
        first_row = len(self.log.columns.steps)
        accepted = self._together(records)
        if accepted is not None:
            self._spread(accepted, range(line, line + len(records)), first_row)
            return sum(map(len, records)) + sum(map(len, accepted))
        accepted, lines, keys = [], [], 0
        for number, record in enumerate(records, line):
            if type(record) is not dict:
                self.notice("log.bad_line", "error", "the line is no JSON object", number)
                continue
            metrics = record.get("metrics")
            keys += len(record) + (len(metrics) if type(metrics) is dict else 0)
            if self._row(number, record):
                accepted.append(record["metrics"])
                lines.append(number)
        self._spread(accepted, lines, first_row)
        return keys

    def _together(self, records: Sequence[Any]) -> list[dict[str, Any]] | None:
        """Add the rows of records that are all as a writer of the standard makes them."""
        try:
            metrics, steps, times = (list(map(part, records)) for part in _PARTS)
            usual = (
                set(map(type, metrics)) == {dict}
                and set(map(type, steps)) == {int}
                and set(map(type, times)) == {float}
                and 0 <= min(steps) <= max(steps) <= _STEP_LIMIT
                and 0.0 <= min(times) <= max(times) < END_OF_TIME
            )
        except (KeyError, TypeError):
            return None
        if not usual:
            return None
        columns = self.log.columns
        columns.steps.extend(array("q", steps))
        columns.times.extend(array("d", times))
        columns.attempts.extend(array("H", [self.attempt]) * len(steps))
        return metrics

    def _row(self, line: int, record: dict[str, Any]) -> bool:
        """Add the row of one record that holds metrics."""
        metrics, step, time = record.get("metrics"), record.get("step"), record.get("time")
        if type(metrics) is not dict or type(step) is not int or not 0 <= step <= _STEP_LIMIT:
            self._no_metrics(line, record)
            return False
        if type(time) is not float or not 0.0 <= time < END_OF_TIME:
            time = self._time(line, time)
        self.log.columns.steps.append(step)
        self.log.columns.times.append(time)
        self.log.columns.attempts.append(self.attempt)
        return True

    # -- values ---------------------------------------------------------------------------

    def _spread(
        self, accepted: Sequence[dict[str, Any]], lines: Sequence[int], first_row: int
    ) -> None:
        """Add the values: records with the same names together, one column after the other."""
        for shape, offsets in _parts(accepted):
            self.points += len(shape) * len(offsets)
            if len(offsets) < _FEW:
                for offset in offsets:
                    for name, value in accepted[offset].items():
                        self._one(name, value, lines[offset], first_row + offset)
                continue
            together = map(accepted.__getitem__, offsets)
            flat = list(chain.from_iterable(map(dict.values, together)))
            rows = array("q", map(first_row.__add__, offsets))
            for position, name in enumerate(shape):
                values = flat[position :: len(shape)]
                if not self._column(name, values, rows):
                    for offset, value in zip(offsets, values, strict=True):
                        self._one(name, value, lines[offset], first_row + offset)

    def _column(self, name: str, values: list[Any], rows: array[int]) -> bool:
        """Add the values of one name when all are plain numbers; tell whether they were."""
        kinds = set(map(type, values))
        if kinds != {float} and not (
            kinds <= {float, int} and min(values) >= -_FLOAT_HOLDS and max(values) <= _FLOAT_HOLDS
        ):
            return False
        series = self._series(name)
        if series is not None:
            series.values.extend(array("d", values))
            series.records.extend(rows)
        return True

    def _one(self, name: str, value: Any, line: int, row: int) -> None:
        number = value if type(value) is float else self._number(line, name, value)
        series = None if number is None else self._series(name)
        if number is None or series is None:
            return
        if type(value) is int and abs(value) > _FLOAT_HOLDS and math.isfinite(number):
            series.exact[len(series.values)] = value
        series.values.append(number)
        series.records.append(row)

    def _series(self, name: str) -> Series | None:
        series = self.log.series.get(name)
        if series is None:
            if len(self.log.series) >= self.most_series:
                self.left_out.add(hash(name))
                return None
            series = self.log.series[name] = Series(name, self.log.columns)
        return series

    def _number(self, line: int, name: str, value: Any) -> float | None:
        stored = from_stored(value)
        if stored is None:
            message = f"{name[:80]!r} is {_shown(value)}, which is no number"
            self.notice("log.bad_value", "warning", message, line)
        elif type(value) is int and math.isinf(stored):
            message = f"{name[:80]!r} is larger than any number of double precision"
            self.notice("log.bad_value", "warning", message, line)
        return stored

    # -- the rest of a record -------------------------------------------------------------

    def _time(self, line: int, value: Any) -> float:
        if value is None:
            return _NAN
        time = from_stored(value)
        if time is not None and 0.0 <= time < END_OF_TIME:
            return time
        message = f"the time is {_shown(value)}, no seconds since 1970 up to the year 9999"
        self.notice("log.bad_value", "warning", message, line)
        return _NAN

    def _no_metrics(self, line: int, record: dict[str, Any]) -> None:
        if isinstance(record.get("metrics"), dict):
            step = _shown(record.get("step"))
            message = f"the step is {step}, where a whole number from 0 on is expected"
            self.notice("log.bad_value", "error", message, line)
        elif isinstance(record.get("event"), str):
            self._event(line, record)
        else:
            message = "the line has neither 'metrics' nor 'event'"
            self.notice("log.bad_line", "error", message, line)

    def _event(self, line: int, record: dict[str, Any]) -> None:
        attempt, step = record.get("attempt"), record.get("step")
        time = self._time(line, record.get("time"))
        event = Event(
            kind=record["event"],
            record=self.log.records,
            step=step if type(step) is int else None,
            time=None if time != time else time,
            attempt=attempt if type(attempt) is int else None,
        )
        self.log.events.append(event)
        if event.kind == "resume":
            known = event.attempt if event.attempt and event.attempt > self.attempt else None
            self.attempt = min(known or self.attempt + 1, _ATTEMPT_LIMIT)


def _parts(accepted: Sequence[dict[str, Any]]) -> Iterable[tuple[_Shape, Sequence[int]]]:
    """Return the records as groups with the same names in the same order, each in file order.

    When a name is in records of several shapes, only neighbours go together.
    """
    distinct = dict.fromkeys(map(tuple, accepted))
    if len(distinct) <= 1:
        return [(shape, range(len(accepted))) for shape in distinct]
    shapes = list(map(tuple, accepted))
    names = [name for shape in distinct for name in shape]
    if len(names) == len(set(names)):
        groups: dict[_Shape, list[int]] = {shape: [] for shape in distinct}
        for offset, shape in enumerate(shapes):
            groups[shape].append(offset)
        return groups.items()
    ends = [offset for offset in range(1, len(shapes)) if shapes[offset] != shapes[offset - 1]]
    bounds = pairwise([0, *ends, len(shapes)])
    return [(shapes[start], range(start, end)) for start, end in bounds]


def _shown(value: Any) -> str:
    """Return a value as a message shows it; nested ones may be too deep to print."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and abs(value) > 10**30:
        return "a whole number of more than 30 digits"
    return repr(value[:60] if isinstance(value, str) else value)
