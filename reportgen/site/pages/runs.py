"""The runs table: every run, as a plain table that a script makes sortable and filterable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from reportgen.site.figures import column_decimals, duration, fixed, moment
from reportgen.site.groups import shown
from reportgen.site.model import AuditCell, Record, best_value
from reportgen.site.pages.interface import Plan
from reportgen.site.project import Project
from reportgen.site.table import (
    Cell,
    ValueCell,
    config_cell,
    config_columns,
    record_value,
)
from reportgen.site.text import clip, script_json

COLUMNS = 6
METRICS = 3


@dataclass(frozen=True, slots=True)
class RunRow:
    """A row of the table; ``facts`` is JSON for the filter."""

    record: Record
    cells: tuple[Cell, ...]
    spark: str
    value: ValueCell
    metrics: tuple[Cell, ...]
    steps: Cell
    took: Cell
    audit: AuditCell | None
    started: Cell
    facts: str


class Runs:
    """``runs/index.html``."""

    slug: ClassVar[str] = "runs"

    def plans(self, project: Project) -> Iterator[Plan]:
        """Yield the one page."""
        records = project.shown
        columns = config_columns(project.varied, [r.config for r in records], COLUMNS)
        metrics = _further_metrics(project)
        decimals = {name: _decimals(records, name) for name in [project.metric, *metrics] if name}
        rows = [
            _row(project, record, [c.key for c in columns], metrics, decimals)
            for record in _ranked(project)
        ]
        yield Plan(
            path="runs/index.html",
            template="pages/runs.html",
            title="Runs",
            section="runs",
            values={
                "project": project,
                "rows": rows,
                "columns": columns,
                "metrics": [clip(name, 60) for name in metrics],
                "archived": [record for record in project.records if record.archived],
                "problems": project.problems,
                "grouped": any(record.group for record in records),
            },
            scripts=("filter", "runs-table"),
        )


def _ranked(project: Project) -> list[Record]:
    """Return the runs, best first; those without a value keep their order behind."""
    sign = 1 if project.goal == "minimize" else -1

    def rank(record: Record) -> tuple[bool, float]:
        value = None if record.trouble else best_value(record, project.metric)
        return value is None, 0.0 if value is None else sign * value

    return sorted(project.shown, key=rank)


def _further_metrics(project: Project) -> list[str]:
    """Return validation metrics with a goal, then losses, the ranking one left out."""
    counts: dict[str, tuple[int, int]] = {}
    for record in project.shown:
        for name, metric in record.metrics.items():
            if metric.goal is None or name == project.metric:
                continue
            first = 0 if record.view.split(name) == "val" else 1
            counts[name] = (first, counts.get(name, (0, 0))[1] - 1)
    return sorted(counts, key=lambda name: counts[name])[:METRICS]


def _decimals(records: Sequence[Record], metric: str) -> int:
    return column_decimals(best_value(record, metric) for record in records)


def _row(
    project: Project,
    record: Record,
    keys: Sequence[str],
    metrics: Sequence[str],
    decimals: dict[str, int],
) -> RunRow:
    last = max(
        (m.last_step for m in record.metrics.values() if m.last_step is not None), default=None
    )
    return RunRow(
        record=record,
        cells=tuple(config_cell(record.config, key) for key in keys),
        spark=project.spark(record),
        value=record_value(record, project.metric, decimals.get(project.metric or "", 0)),
        metrics=tuple(_metric_cell(record, name, decimals[name]) for name in metrics),
        steps=Cell("–" if last is None else f"{last:,}", last),
        took=Cell(duration(record.seconds), record.seconds),
        audit=record.audit,
        started=Cell(moment(record.created), record.created),
        facts=script_json(_facts(record)),
    )


def _metric_cell(record: Record, metric: str, decimals: int) -> Cell:
    value = best_value(record, metric)
    return Cell("–", None) if value is None else Cell(fixed(value, decimals), value)


def _facts(record: Record) -> dict[str, Any]:
    """Return what the filter may ask for: names, configuration, tags, best of each metric."""
    facts: dict[str, Any] = {
        "name": record.name,
        "project": record.project,
        "group": record.group,
        "state": record.state,
        "score": record.audit.low if record.audit else None,
        "level": record.audit.level if record.audit else None,
    }
    for key, value in list(record.view.tags.items())[:40]:
        facts[f"tags.{key}"] = _plain(value)
    for key, value in list(record.config.items())[:200]:
        facts[f"config.{key}"] = _plain(value)
    for name in list(record.metrics)[:100]:
        facts[name] = best_value(record, name)
    return facts


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return clip(shown(value), 120)
    number = float(value) if abs(value) < 1e308 else None
    return number if number is not None and number == number else clip(shown(value), 120)
