"""What ``metrics.jsonl`` says: series as columns, markers, and what could not be read."""

from __future__ import annotations

import math
import operator
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TypeVar

from reportgen.fs.limits import DEFAULT_LIMITS, Limits
from reportgen.runs.problems import Problem

Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class Event:
    """A marker in the stream: ``{"event": "resume", "step": 120, "time": ..., "attempt": 2}``.

    Attributes:
        kind: The word after ``event``.
        record: Number of metric records before it.
        step, time, attempt: As written; None where absent or of another type.
    """

    kind: str
    record: int
    step: int | None
    time: float | None
    attempt: int | None


@dataclass
class Columns:
    """The records of one file, one row each."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    times: array[float] = field(default_factory=lambda: array("d"))
    attempts: array[int] = field(default_factory=lambda: array("H"))

    @cached_property
    def steps_rise(self) -> bool:
        """Whether each step is greater than the one before it; asked once the file is read."""
        return all(map(operator.lt, self.steps, islice(self.steps, 1, None)))

    @cached_property
    def times_rise(self) -> bool:
        """Whether each time is known and no less than the one before it; asked as above."""
        return all(map(operator.le, self.times, islice(self.times, 1, None)))


class Series:
    """The values of one metric in file order.

    Attributes:
        name: The metric.
        values: One float a point; NaN and infinities stand for themselves.
        records: The row of each point in the columns of the file.
        exact: Position to whole number, for those that no float holds (beyond 2**53).
    """

    def __init__(self, name: str, columns: Columns) -> None:
        self.name = name
        self.values: array[float] = array("d")
        self.records: array[int] = array("q")
        self.exact: dict[int, int] = {}
        self._columns = columns

    def __len__(self) -> int:
        return len(self.values)

    def _of_points(self, column: array[Number]) -> array[Number]:
        # Most metrics are in every record: those share the column itself.
        if len(self.records) == len(column):
            return column
        return array(column.typecode, map(column.__getitem__, self.records))

    @cached_property
    def steps(self) -> array[int]:
        """The step of each point, same length as ``values``; read-only."""
        return self._of_points(self._columns.steps)

    @cached_property
    def times(self) -> array[float]:
        """Seconds since 1970 of each point (NaN where none was recorded); read-only."""
        return self._of_points(self._columns.times)

    @cached_property
    def attempts(self) -> array[int]:
        """The attempt, from 1, that wrote each point; read-only."""
        return self._of_points(self._columns.attempts)

    @cached_property
    def finite(self) -> bool:
        """Whether every value is finite."""
        # One NaN or infinity makes the sum one too; finite values may overflow in it.
        return math.isfinite(sum(self.values)) or all(map(math.isfinite, self.values))

    @cached_property
    def steps_rise(self) -> bool:
        """Whether each step is greater than the one before it."""
        rise = self._columns.steps_rise
        return rise or all(map(operator.lt, self.steps, islice(self.steps, 1, None)))

    @property
    def times_rise(self) -> bool:
        """Whether each time is known to be no less than the one before it."""
        times = self.times
        return self._columns.times_rise or all(map(operator.le, times, islice(times, 1, None)))

    @cached_property
    def distinct_steps(self) -> int:
        """Number of different steps."""
        return len(self) if self.steps_rise else len(set(self.steps))

    @property
    def is_settled(self) -> bool:
        """Whether no attempt replaced points of an earlier one."""
        attempts = self.attempts
        return not attempts or attempts[0] == attempts[-1] or self.steps_rise

    def settled(self) -> list[tuple[int, float]]:
        """Return ``(step, value)`` of the line that counts: a resumed attempt replaces the
        points of earlier ones from its first step on; within one attempt the file order stays.
        """
        values: Iterable[float] = self.values
        if self.exact:
            values = [self.exact.get(index, value) for index, value in enumerate(self.values)]
        if self.is_settled:
            return list(zip(self.steps, values, strict=True))
        points: list[tuple[int, float]] = []
        current = 0
        for step, value, attempt in zip(self.steps, values, self.attempts, strict=True):
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


def read_metric_log(
    data: bytes | Iterable[bytes], *, name: str, limits: Limits = DEFAULT_LIMITS
) -> MetricLog:
    """Return the records of a metrics file.

    A torn last line is reported once; a bad line in the middle with its number; everything else
    is read. Numbers follow :func:`reportgen.runs.numbers.from_stored`. A key that stands twice in
    a record is noticed where a colon follows it at once.

    Args:
        data: The file's bytes, whole or in pieces; lines end at newline bytes only.
        name: Path for messages, relative to the run folder.
        limits: Length of lines; number of records, values, series and unreadable lines.
    """
    from reportgen.runs.metric_lines import LogFiller

    log = MetricLog()
    LogFiller(log, name, limits).fill([data] if isinstance(data, bytes) else data)
    return log
