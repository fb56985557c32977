"""Runs as two tables: a row a run, and a row a point of every metric. Pure but for reading runs.

Each format writes these same rows, so a value is the same in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from reportgen.fs.text import storable
from reportgen.runs.numbers import from_stored
from reportgen.runs.schema import MetricSummary
from reportgen.runs.summary import summarise_series
from reportgen.runs.table import identity_of
from reportgen.runs.view import RunView, flatten

RUNS: Final = "runs"
METRICS: Final = "metrics"
FIXED: Final = (
    *("id", "name", "project", "group", "kind", "state", "archived", "created", "ended"),
    *("seconds", "notes", "commit", "tree", "dirty", "python", "path"),
)
_SECTIONS = ("tags.", "config.", "metrics.")
_PARTS = ("last", "last_step", "best", "best_step", "count")

Row = dict[str, Any]


class Point(NamedTuple):
    """A point of a metric: a row of the long table.

    Attributes:
        run: Id of its run.
        metric: Name.
        step: As recorded.
        time: Seconds since 1970; None when it was not recorded.
        value: A number, finite or not.
        attempt: From 1.
    """

    run: str
    metric: str
    step: int
    time: float | None
    value: float
    attempt: int


def run_row(view: RunView) -> Row:
    """Return a run as a row: the fixed columns, then ``tags.*``, ``config.*`` by dotted key, and
    ``metrics.<name>.last``, ``.best`` and so on; numbers are numbers.
    """
    git, python = view.git, view.environment.python if view.environment else None
    row: Row = {
        **identity_of(view),
        "ended": view.run.ended,
        "notes": view.notes,
        "commit": git.commit if git else None,
        "tree": git.tree if git else None,
        "dirty": git.dirty if git else None,
        "python": python.version if python else None,
    }
    row.update((f"tags.{key}", value) for key, value in flatten(view.tags).items())
    row.update((f"config.{key}", value) for key, value in view.flat_config.items())
    for name, summary in summaries(view).items():
        for part in _PARTS:
            value = getattr(summary, part)
            if part in ("last", "best"):
                value = None if value is None else from_stored(value)
            row[f"metrics.{name}.{part}"] = value
    return {storable(key): plain(value) for key, value in row.items()}


def summaries(view: RunView) -> dict[str, MetricSummary]:
    """Return last and best of each metric, read from the metrics themselves."""
    return {name: summarise_series(series, view.goal(name)) for name, series in view.series.items()}


def columns_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the columns of rows: the fixed ones, then tags, configuration and metrics."""
    seen = dict.fromkeys(key for row in rows for key in row)
    further = [key for section in _SECTIONS for key in seen if key.startswith(section)]
    return [*FIXED, *further]


def points_of(view: RunView) -> Iterator[Point]:
    """Yield every point of a run, metric by metric, each in the order of its file.

    What a resumed attempt did again stands twice, told apart by ``attempt``.
    """
    run = storable(view.id)
    for name, series in view.series.items():
        metric = storable(name)
        columns = zip(series.steps, series.times, series.values, series.attempts, strict=True)
        for index, (step, time, value, attempt) in enumerate(columns):
            known = None if time != time else time
            yield Point(run, metric, step, known, series.exact.get(index, value), attempt)


def plain(value: Any) -> Any:
    """Return a value of a document as JSON has it: dates as text, text that UTF-8 can hold."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): plain(part) for key, part in value.items()}
    if isinstance(value, Sequence):
        return [plain(part) for part in value]
    return value if isinstance(value, bool | int | float | None) else str(value)
