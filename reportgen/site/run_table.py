"""The table of runs as data: what its first screen needs in one file, the rest column by column.

A column is ``{"of": [...], "at": [...]}`` (each different value once, and which one each run has)
where values repeat, else ``{"all": [...]}``. The small curves come in files of 500 runs each, in
the order of the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.fs.paths import slug
from reportgen.site.groups import canonical
from reportgen.site.model import Record, best_value
from reportgen.site.project import Project
from reportgen.site.run_columns import TableColumn, columns_of
from reportgen.site.shards import DataFile, data_file
from reportgen.site.text import clip

SPARKS = 500
"""Small curves a file."""

_CONFIG_SHOWN = 6
_METRICS_SHOWN = 3
_AT_ONCE = ("name", "project", "group", "state", "archived")


@dataclass(frozen=True, slots=True)
class RunTable:
    """The table, and the files that hold it.

    Attributes:
        records: In the order of the table: best first, archived ones last.
        columns: Every column.
        shown: Keys of the columns that are shown at first.
        files: The first is loaded with the page, the others when they are needed.
    """

    records: Sequence[Record]
    columns: Sequence[TableColumn]
    shown: Sequence[str]
    files: Sequence[DataFile]


def run_table(project: Project) -> RunTable:
    """Return the table of all runs."""
    archived = [record for record in project.records if record.archived]
    records = [*ranked(project), *archived]
    columns = columns_of(project, records)
    shown = shown_keys(project, columns)
    at_once = {*shown, *_AT_ONCE}
    further = {c.key: _column_file(c) for c in columns if c.key not in at_once}
    sparks = _spark_files(project, records)
    described = [
        {
            "key": column.key,
            "title": column.title,
            "kind": column.kind,
            "goal": column.goal,
            "decimals": column.decimals,
            "distinct": column.distinct,
            **(
                _encoded(column.values)
                if column.key in at_once
                else {"name": further[column.key].name, "path": further[column.key].path}
            ),
        }
        for column in columns
    ]
    first = data_file(
        "table",
        {
            "slugs": [record.slug for record in records],
            "labels": [record.label for record in records],
            "styles": [list(record.style) for record in records],
            "remarks": _encoded([record.remark or None for record in records]),
            "tones": _encoded([record.tone for record in records]),
            "levels": _encoded(
                [record.audit.level if record.audit else None for record in records]
            ),
            "verdicts": _encoded(
                [
                    [record.audit.tone, record.audit.word] if record.audit else None
                    for record in records
                ]
            ),
            "troubles": _troubles(records),
            "settings": _settings(project, records),
            "columns": described,
            "shown": list(shown),
            "metric": project.metric,
            "goal": project.goal,
            "curve": clip(project.curve_metric, 80) if project.curve_metric else None,
            "sparks": [{"name": one.name, "path": one.path} for one in sparks],
            "sparksEach": SPARKS,
        },
    )
    return RunTable(records, columns, shown, [first, *further.values(), *sparks])


def ranked(project: Project) -> list[Record]:
    """Return the runs that are not archived, best first; those without a value keep their order
    behind.
    """
    sign = 1 if project.goal == "minimize" else -1

    def rank(record: Record) -> tuple[bool, float]:
        value = None if record.trouble else best_value(record, project.metric)
        return value is None, 0.0 if value is None else sign * value

    return sorted(project.shown, key=rank)


def shown_keys(project: Project, columns: Sequence[TableColumn]) -> list[str]:
    """Return the columns that are shown at first: what ranks, what differs, further metrics."""
    known = {column.key: column for column in columns}
    keys = ["name"]
    if project.metric:
        keys.append(f"metrics.{project.metric}")
    keys += [key for key in ("group",) if known[key].varies]
    keys += [f"config.{key}" for key in project.varied][:_CONFIG_SHOWN]
    keys += [f"metrics.{name}" for name in further_metrics(project)]
    keys += ["steps", "seconds", "score", "created"]
    return [key for key in keys if key in known]


def further_metrics(project: Project) -> list[str]:
    """Return validation metrics with a goal, then others with one, the ranking one left out."""
    counts: dict[str, tuple[int, int]] = {}
    for record in project.shown:
        for name, metric in record.metrics.items():
            if metric.goal is None or name == project.metric:
                continue
            first = 0 if record.view.split(name) == "val" else 1
            counts[name] = (first, counts.get(name, (0, 0))[1] - 1)
    return sorted(counts, key=lambda name: counts[name])[:_METRICS_SHOWN]


def _encoded(values: Sequence[Any]) -> dict[str, list[Any]]:
    places: dict[str, int] = {}
    of: list[Any] = []
    at = []
    for value in values:
        key = canonical(value)
        if key not in places:
            places[key] = len(of)
            of.append(value)
        at.append(places[key])
    return {"of": of, "at": at} if 2 * len(of) < len(values) else {"all": list(values)}


def _column_file(column: TableColumn) -> DataFile:
    return data_file(f"columns/{slug(column.key)}", _encoded(column.values))


def _spark_files(project: Project, records: Sequence[Record]) -> list[DataFile]:
    if not project.curve_metric:
        return []
    paths = [project.spark(record) for record in records]
    return [
        data_file(f"sparks/{first // SPARKS}", {"paths": paths[first : first + SPARKS]})
        for first in range(0, len(paths), SPARKS)
    ]


def _troubles(records: Sequence[Record]) -> list[list[Any]]:
    """Return ``[row, metric, text]`` of the runs that ended in NaN or an infinity."""
    return [
        [row, record.trouble.metric, record.trouble.text]
        for row, record in enumerate(records)
        if record.trouble
    ]


def _settings(project: Project, records: Sequence[Record]) -> dict[str, Any]:
    """Return the names of the settings, and which one each run is of; -1 for archived ones."""
    places = {
        record.slug: place
        for place, setting in enumerate(project.settings)
        for record in setting.records
    }
    names = [
        f"{setting.qualifier} / {setting.name}" if setting.qualifier else setting.name
        for setting in project.settings
    ]
    return {
        "names": [clip(name, 200) for name in names],
        "at": [places.get(record.slug, -1) for record in records],
    }
