"""The runs as columns: what the table of runs shows, filters, sorts and exports.

The names are those of ``reportgen list`` (:mod:`reportgen.runs.table`): ``state``,
``config.model.width``, ``metrics.val/accuracy``; beside them ``last.METRIC``, ``score``,
``level``, ``steps`` and ``replays``, which the site alone knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reportgen.runs.numbers import to_stored
from reportgen.runs.view import flatten
from reportgen.site.figures import column_decimals
from reportgen.site.groups import canonical
from reportgen.site.model import Record
from reportgen.site.project import Project
from reportgen.site.table import short_titles
from reportgen.site.text import clip

Kind = Literal["number", "metric", "text", "time", "duration"]

_COLUMNS = 2_000
_TEXT = 400
_FIXED: tuple[tuple[str, str, Kind], ...] = (
    ("id", "Id", "text"),
    ("name", "Run", "text"),
    ("project", "Project", "text"),
    ("group", "Group", "text"),
    ("kind", "Kind", "text"),
    ("state", "State", "text"),
    ("archived", "Archived", "text"),
    ("created", "Started", "time"),
    ("seconds", "Took", "duration"),
    ("notes", "Notes", "text"),
    ("steps", "Last step", "number"),
    ("score", "Audit", "number"),
    ("level", "Level", "text"),
    ("replays", "Replays", "number"),
)


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column over all runs.

    Attributes:
        key: Its name in conditions.
        title: Its heading.
        kind: How its cells are written.
        values: One a run: text, truth, number, list of these, or None for a run without it.
        goal: Direction of a metric.
        decimals: What its numbers are written with, where that is the same in all cells.
        distinct: How many different values there are.
    """

    key: str
    title: str
    kind: Kind
    values: Sequence[Any]
    goal: str | None = None
    decimals: int | None = None
    distinct: int = 0

    @property
    def varies(self) -> bool:
        """Whether the runs differ in it."""
        return self.distinct > 1


def columns_of(project: Project, records: Sequence[Record]) -> list[TableColumn]:
    """Return every column: the fixed ones, then tags, configuration, metrics best and last."""
    found = [
        _column(key, title, kind, [_fixed(record, key) for record in records])
        for key, title, kind in _FIXED
    ]
    for section, values in (
        ("tags.", [flatten(record.view.tags) for record in records]),
        ("config.", [record.config for record in records]),
    ):
        keys = _keys(values)
        titles = short_titles(keys)
        for key in keys:
            held = [value.get(key) for value in values]
            kind: Kind = "number" if all(map(_numeric, held)) else "text"
            found.append(_column(f"{section}{key}", titles[key], kind, held))
    names = _keys([record.metrics for record in records])
    for section, pick in (("metrics.", _telling), ("last.", _last)):
        found += [_metric(section, name, records, pick) for name in names]
    return found[:_COLUMNS]


def _fixed(record: Record, key: str) -> Any:
    view = record.view
    if key in ("name", "project", "group", "state", "archived"):
        return getattr(record, key)
    if key == "created":
        return view.run.created or None
    if key == "seconds":
        return record.seconds
    if key == "score":
        return record.audit.low if record.audit else None
    if key == "level":
        return record.audit.level if record.audit else None
    if key == "replays":
        return record.replays
    if key == "steps":
        steps = [one.last_step for one in record.metrics.values() if one.last_step is not None]
        return max(steps, default=None)
    if key == "notes":
        return clip(view.notes, _TEXT) if view.notes else None
    return view.id if key == "id" else view.run.kind


def _metric(
    section: str,
    name: str,
    records: Sequence[Record],
    pick: Callable[[Record, str], float | None],
) -> TableColumn:
    values = [pick(record, name) for record in records]
    goal = next((r.metrics[name].goal for r in records if name in r.metrics), None)
    title = name if section == "metrics." else f"{name} (last)"
    column = _column(f"{section}{name}", title, "metric", values)
    decimals = column_decimals(values)
    return TableColumn(
        column.key, column.title, "metric", column.values, goal, decimals, column.distinct
    )


def _telling(record: Record, name: str) -> float | None:
    """Return the best value by its goal, the last one of a metric without a goal."""
    found = record.metrics.get(name)
    return None if found is None else found.last if found.best is None else found.best


def _last(record: Record, name: str) -> float | None:
    found = record.metrics.get(name)
    return found.last if found else None


def _keys(values: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for value in values for key in value))


def _numeric(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _column(key: str, title: str, kind: Kind, values: Sequence[Any]) -> TableColumn:
    plain = [_plain(value) for value in values]
    distinct = len({canonical(value) for value in plain})
    return TableColumn(key, clip(title, 120), kind, plain, distinct=distinct)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: NaN and infinities by name, text bounded."""
    if isinstance(value, float):
        return to_stored(value)
    if isinstance(value, str):
        return clip(value, _TEXT)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value[:100]]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):  # a browser's numbers are exact up to there
        return value if abs(value) <= 2**53 else clip(str(value), _TEXT)
    return clip(str(value), _TEXT)
