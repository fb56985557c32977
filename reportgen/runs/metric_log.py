"""Read ``metrics.jsonl``: whole lines to columns, whatever happened to the file."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from reportgen.fs.limits import DEFAULT_LIMITS, Limits
from reportgen.runs.numbers import from_stored
from reportgen.runs.problems import Problem

_STEP_LIMIT = 2**63 - 1
_BAD_LINES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Event:
    """A marker in the stream: ``{"event": "resume", "step": 120, "time": ..., "attempt": 2}``."""

    kind: str
    record: int
    step: int | None
    time: float | None
    attempt: int | None


@dataclass(slots=True)
class Columns:
    """The records of one file, one row each."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    times: array[float] = field(default_factory=lambda: array("d"))
    attempts: array[int] = field(default_factory=lambda: array("H"))


class Series:
    """The values of one metric in file order.

    Attributes:
        name: The metric.
        values: One float a point; NaN and infinities stand for themselves.
    """

    def __init__(self, name: str, columns: Columns) -> None:
        self.name = name
        self.values: array[float] = array("d")
        self.records: array[int] = array("q")
        self._columns = columns

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def steps(self) -> array[int]:
        """The step of each point, same length as ``values``."""
        steps = self._columns.steps
        return array("q", [steps[record] for record in self.records])

    @cached_property
    def times(self) -> array[float]:
        """Seconds since 1970 of each point (NaN where none was recorded)."""
        times = self._columns.times
        return array("d", [times[record] for record in self.records])

    @cached_property
    def attempts(self) -> array[int]:
        """The attempt, from 1, that wrote each point."""
        attempts = self._columns.attempts
        return array("H", [attempts[record] for record in self.records])

    def settled(self) -> list[tuple[int, float]]:
        """Return ``(step, value)`` of the line that counts: a resumed attempt replaces the
        points of earlier ones from its first step on; within one attempt the file order stays.
        """
        points: list[tuple[int, float]] = []
        current = 0
        for step, value, attempt in zip(self.steps, self.values, self.attempts, strict=True):
            if attempt > current:
                current = attempt
                points = [point for point in points if point[0] < step]
            points.append((step, value))
        return points


@dataclass(slots=True)
class MetricLog:
    """Everything a metrics file says.

    Attributes:
        series: By name, in order of first appearance.
        events: Markers in file order.
        columns: Step, time and attempt of each record.
        problems: What could not be read, and where.
        torn: Whether the last record was cut off.
    """

    series: dict[str, Series] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    columns: Columns = field(default_factory=Columns)
    problems: list[Problem] = field(default_factory=list)
    torn: bool = False

    @property
    def records(self) -> int:
        """Number of metric records read."""
        return len(self.columns.steps)


def read_metric_log(data: bytes, *, name: str, limits: Limits = DEFAULT_LIMITS) -> MetricLog:
    """Return the records of a metrics file.

    A torn last line is reported once; a bad line in the middle with its number; everything else
    is read. Numbers follow :func:`reportgen.runs.numbers.from_stored`.

    Args:
        data: The file's bytes; split at newline bytes only.
        name: Path for messages, relative to the run folder.
        limits: Line length and number of series.
    """
    log = MetricLog()
    _Filler(log, name, limits).fill(data)
    return log


class _Filler:
    def __init__(self, log: MetricLog, name: str, limits: Limits) -> None:
        self.log = log
        self.name = name
        self.limits = limits
        self.attempt = 1
        self.bad_lines = 0
        self.left_out_series: set[str] = set()

    def fill(self, data: bytes) -> None:
        data = data.removeprefix(b"\xef\xbb\xbf")
        torn = bool(data) and not data.endswith(b"\n")
        for number, record in self._records(data, torn):
            if isinstance(record, dict):
                self._take(number, record)
            else:
                self._bad(number, "is no JSON object")
        if self.bad_lines > _BAD_LINES_SHOWN:
            rest = self.bad_lines - _BAD_LINES_SHOWN
            self._problem("log.bad_line", "error", f"{rest} more lines could not be read", None)
        if self.left_out_series:
            count = len(self.left_out_series)
            self._problem(
                "limits.series",
                "error",
                f"{count} series beyond the first {self.limits.series} were left out",
                None,
            )

    def _records(self, data: bytes, torn: bool) -> Iterator[tuple[int, Any]]:
        lines = data.split(b"\n")
        last = len(lines)
        if not torn and lines and not lines[-1]:
            lines.pop()
        try:
            if b"" in lines or max(map(len, lines), default=0) > self.limits.line_bytes:
                raise ValueError
            records = orjson.loads(b"[" + b",".join(lines) + b"]")
            if len(records) != len(lines):
                raise ValueError
            yield from enumerate(records, 1)
            return
        except ValueError:
            pass
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            if len(line) > self.limits.line_bytes:
                self._bad(number, f"has {len(line)} bytes, more than {self.limits.line_bytes}")
                continue
            try:
                yield number, orjson.loads(line)
            except orjson.JSONDecodeError as error:
                if torn and number == last:
                    self.log.torn = True
                    self._problem(
                        "log.torn_tail", "info", "the last record was cut off while written", number
                    )
                elif not line.strip(b"\0"):
                    self._problem("log.bad_bytes", "error", "a block of zero bytes", number)
                else:
                    self._bad(number, f"is not JSON: {error.msg}")

    def _bad(self, number: int, message: str) -> None:
        self.bad_lines += 1
        if self.bad_lines <= _BAD_LINES_SHOWN:
            self._problem("log.bad_line", "error", f"the line {message}", number)

    def _problem(self, kind: str, severity: Any, message: str, line: int | None) -> None:
        self.log.problems.append(Problem(kind, severity, self.name, message, line))

    def _take(self, number: int, record: dict[str, Any]) -> None:
        metrics = record.get("metrics")
        if not isinstance(metrics, dict):
            if isinstance(record.get("event"), str):
                self._event(record)
            else:
                self._bad(number, "has neither 'metrics' nor 'event'")
            return
        step = record.get("step")
        if type(step) is not int or not 0 <= step <= _STEP_LIMIT:
            message = f"the step is {step!r:.40} where a whole number from 0 on was expected"
            self._problem("log.bad_value", "error", message, number)
            return
        columns = self.log.columns
        row = len(columns.steps)
        columns.steps.append(step)
        time = record.get("time")
        columns.times.append(time if type(time) is float else _time(time))
        columns.attempts.append(self.attempt)
        all_series = self.log.series
        for name, value in metrics.items():
            if type(value) is not float:
                value = self._number(number, name, value)
                if value is None:
                    continue
            series = all_series.get(name)
            if series is None:
                series = self._new_series(name)
                if series is None:
                    continue
            series.values.append(value)
            series.records.append(row)

    def _number(self, number: int, name: str, value: Any) -> float | None:
        stored = from_stored(value)
        if stored is None:
            self._problem(
                "log.bad_value",
                "warning",
                f"{name[:80]!r} is {value!r:.60}, which is no number",
                number,
            )
        return stored

    def _new_series(self, name: str) -> Series | None:
        if len(self.log.series) >= self.limits.series:
            self.left_out_series.add(name)
            return None
        series = self.log.series[name] = Series(name, self.log.columns)
        return series

    def _event(self, record: dict[str, Any]) -> None:
        attempt = record.get("attempt")
        step = record.get("step")
        event = Event(
            kind=record["event"],
            record=self.log.records,
            step=step if type(step) is int else None,
            time=_time(record.get("time")),
            attempt=attempt if type(attempt) is int else None,
        )
        self.log.events.append(event)
        if event.kind == "resume":
            known = event.attempt if event.attempt and event.attempt > self.attempt else None
            self.attempt = min(known or self.attempt + 1, 65_535)


def _time(value: Any) -> float:
    number = from_stored(value)
    return number if number is not None else float("nan")
