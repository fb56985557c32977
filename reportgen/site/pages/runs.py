"""The runs table: a page of it as plain HTML, all of it as data that a script filters and sorts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from reportgen.runs.numbers import from_stored
from reportgen.runs.times import from_iso
from reportgen.site.figures import duration, fixed, moment, number
from reportgen.site.groups import shown
from reportgen.site.model import AuditCell, Record
from reportgen.site.pages.interface import Plan
from reportgen.site.pages.overview import same_settings
from reportgen.site.project import Project
from reportgen.site.run_columns import TableColumn
from reportgen.site.run_exports import export_files
from reportgen.site.run_table import RunTable, run_table
from reportgen.site.text import clip

ROWS = 200
_CELL = 60
_SAME = 14


@dataclass(frozen=True, slots=True)
class Head:
    """A heading of the plain table."""

    key: str
    title: str
    numeric: bool


@dataclass(frozen=True, slots=True)
class PlainCell:
    """A cell of the plain table: an audit, a small curve, or text."""

    text: str
    numeric: bool = False
    poor: bool = False
    audit: AuditCell | None = None
    spark: str | None = None


@dataclass(frozen=True, slots=True)
class RunRow:
    """A row of the plain table, without its first cell."""

    record: Record
    cells: tuple[PlainCell, ...]


class Runs:
    """``runs/index.html``."""

    slug: ClassVar[str] = "runs"

    def plans(self, project: Project) -> Iterator[Plan]:
        """Yield the one page."""
        table = run_table(project)
        rows = plain_rows(project, table)
        same = same_settings(project)
        yield Plan(
            path="runs/index.html",
            template="pages/runs.html",
            title="Runs",
            section="runs",
            values={
                "project": project,
                "columns": _heads(project, table),
                "sorted": f"metrics.{project.metric}",
                "rows": rows,
                "more": len(project.shown) - len(rows),
                "table": table.files[0].path,
                "same": same[:_SAME],
                "same_left": max(0, len(same) - _SAME),
                "archived": [record for record in project.records if record.archived],
                "problems": project.problems,
            },
            scripts=("table",),
            data=(*table.files, *export_files(table.records, table.columns)),
        )


def _shown(project: Project, table: RunTable) -> list[TableColumn | None]:
    """Return the columns of the plain table; None stands for the small curve."""
    known = {column.key: column for column in table.columns}
    found: list[TableColumn | None] = []
    for key in table.shown[1:]:
        if project.curve_metric and key == f"metrics.{project.metric}":
            found.append(None)
        found.append(known[key])
    return found


def _heads(project: Project, table: RunTable) -> list[Head]:
    heads = [Head("name", "Run", False)]
    for column in _shown(project, table):
        if column is None:
            heads.append(Head("spark", clip(project.curve_metric or "", _CELL), False))
        else:
            heads.append(Head(column.key, clip(column.title, _CELL), _is_numeric(column)))
    return heads


def _is_numeric(column: TableColumn) -> bool:
    return column.kind in ("number", "metric", "duration") and column.key != "score"


def plain_rows(project: Project, table: RunTable) -> list[RunRow]:
    """Return the first rows of the table that are not archived."""
    columns = _shown(project, table)
    return [
        RunRow(record, tuple(_cell(project, record, place, column) for column in columns))
        for place, record in enumerate(table.records[:ROWS])
        if not record.archived
    ]


def _cell(project: Project, record: Record, place: int, column: TableColumn | None) -> PlainCell:
    if column is None:
        return PlainCell("", spark=project.spark(record))
    if column.key == "score" and record.audit is not None:
        return PlainCell("", audit=record.audit)
    if record.trouble and column.key == f"metrics.{project.metric}":
        return PlainCell(record.trouble.text, numeric=True, poor=True)
    return PlainCell(_text(column, column.values[place]), numeric=_is_numeric(column))


def _text(column: TableColumn, value: Any) -> str:
    if value is None:
        return "–"
    if column.kind == "time":
        return moment(from_iso(value))
    if column.kind == "duration":
        return duration(from_stored(value))
    if column.kind == "metric" and column.decimals is not None:
        return fixed(from_stored(value), column.decimals)
    if column.kind == "number" and isinstance(value, float):
        return number(value, 6)
    return clip(shown(value), _CELL)
