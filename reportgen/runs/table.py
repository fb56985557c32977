"""One row a run: the columns that tables, data frames and queries share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from reportgen.fs.text import storable
from reportgen.runs.numbers import from_stored
from reportgen.runs.schema import Goal, MetricSummary
from reportgen.runs.summary import summarise_series
from reportgen.runs.times import from_iso
from reportgen.runs.view import RunView, flatten

FIXED = (
    *("id", "name", "project", "group", "kind", "state"),
    *("archived", "created", "seconds", "path"),
)
"""The columns that every row has."""

SECTIONS = ("tags.", "config.", "metrics.")
"""What the names of the other columns start with, in the order of the columns."""

Row = dict[str, Any]


def row_of(view: RunView, goals: Mapping[str, Goal] | None = None) -> Row:
    """Return one run as a row.

    ``config.*`` has the dotted keys of the configuration, ``metrics.*`` the best value of each
    series by its goal (declared, else of ``goals``, else by its name), the last one of a series
    without a goal. Lists are tuples, so that every value can be grouped by.
    """
    row = identity_of(view)
    row.update((f"tags.{key}", _hashable(value)) for key, value in flatten(view.tags).items())
    row.update((f"config.{key}", _hashable(value)) for key, value in view.flat_config.items())
    for name, series in view.series.items():
        row[f"metrics.{name}"] = _telling(summarise_series(series, view.goal(name, goals)))
    return row


def identity_of(view: RunView) -> Row:
    """Return the columns of :data:`FIXED` for one run."""
    return {
        "id": view.id,
        "name": view.name,
        "project": view.project,
        "group": view.group,
        "kind": view.run.kind,
        "state": view.state,
        "archived": view.labels.archived,
        "created": view.run.created or None,
        "seconds": seconds_of(view),
        "path": storable(str(view.folder)),
    }


def seconds_of(view: RunView) -> float | None:
    """Return how long a run took, in seconds, or None when that is not recorded.

    The sum over its attempts where that was measured, else the time from start to end.
    """
    compute = view.environment.compute if view.environment else None
    if compute is not None and compute.wall_seconds is not None:
        return compute.wall_seconds
    start, end = from_iso(view.run.created), from_iso(view.run.ended)
    return None if start is None or end is None else round(end - start, 3)


def columns_of(rows: Iterable[Row]) -> list[str]:
    """Return the columns of a table: the fixed ones, then tags, configuration and metrics, each
    in order of first appearance.
    """
    seen = dict.fromkeys(key for row in rows for key in row)
    further = [
        key for section in SECTIONS for key in seen if key.startswith(section) and key not in FIXED
    ]
    return [*FIXED, *further]


def _telling(summary: MetricSummary) -> float | None:
    stored = summary.best if summary.best is not None else summary.last
    return from_stored(stored)


def _hashable(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_hashable(part) for part in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value
