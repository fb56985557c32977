"""What a report asks for in a fenced block: a chart or a table of runs, in YAML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from reportgen.errors import ReportgenError
from reportgen.fs.documents import load_yaml
from reportgen.site.chart_figure import ChartFigure, Series, chart_figure
from reportgen.site.figures import plural
from reportgen.site.groups import shown, split_keys
from reportgen.site.model import Record, Setting, best_value
from reportgen.site.project import Project
from reportgen.site.report_values import Values
from reportgen.site.table import config_cell, config_columns, record_value
from reportgen.site.text import clip, script_json

_LINES = 100
_ROWS = 500
_COLUMNS = 8


class Directive(Struct, forbid_unknown_fields=True):
    """Keys of a directive; all but ``metric`` may be left out.

    Attributes:
        metric: What is drawn, or what the table ranks by.
        metrics: Further columns of a table.
        runs: Names, ids or patterns such as ``mlp_*``; every run without it.
        group: Only runs of this group.
        x, xscale, y: Axis of x, and the scales of both.
        smooth: Weight of the smoothing.
        seeds: ``together`` draws runs of one setting as a line with a band.
        columns: Configuration keys of a table; those that differ without it.
        title: Heading.
        rows: At most so many rows of a table.
    """

    metric: str
    metrics: list[str] = []
    runs: list[str] | str = []
    group: str | None = None
    x: str = "step"
    xscale: Literal["linear", "log", "symlog"] = "linear"
    y: Literal["linear", "log", "symlog"] = "linear"
    smooth: float = 0.0
    seeds: Literal["together", "apart"] = "apart"
    columns: list[str] | None = None
    title: str = ""
    rows: int = 50


class Table(Struct):
    """A table of runs.

    Attributes:
        title: Above it.
        head: Names of the columns after that of the run, each with whether it is of numbers.
        rows: Page, label and style of the run, then the cells.
        left: How many more runs there are.
    """

    title: str
    head: list[tuple[str, bool]]
    rows: list[tuple[str, str, tuple[int, int], list[str]]]
    left: int


def read_directive(content: str, where: str) -> Directive:
    """Return a directive.

    Raises:
        ReportgenError: It is no YAML, or holds what a directive has not.
    """
    raw = load_yaml(content.encode("utf-8"), name=where)
    try:
        found = msgspec.convert(raw, Directive)
    except msgspec.ValidationError as error:
        what, _, key = str(error).partition(" - at `$.")
        raise ReportgenError(what, where=f"{where}: {key.rstrip('`')}".rstrip(": ")) from None
    if not 0 <= found.smooth < 1:
        raise ReportgenError("is no weight", where=f"{where}: smooth", expected="0 to below 1")
    return found


def _chosen(wanted: Directive, values: Values) -> list[Record]:
    names = [wanted.runs] if isinstance(wanted.runs, str) else wanted.runs
    found = values.named(names, wanted.group)
    if not found:
        raise ReportgenError("no run is meant by this", expected="names, ids or patterns of runs")
    return found


def chart_of(wanted: Directive, project: Project, values: Values) -> ChartFigure:
    """Return the chart that a directive asks for.

    Raises:
        ReportgenError: No run is meant, or none has the metric.
    """
    records = [r for r in _chosen(wanted, values) if wanted.metric in r.metrics][:_LINES]
    settings = {r.slug: s for s in project.settings for r in s.records}
    order = {s.name: place for place, s in enumerate(project.settings)}
    groups = {r.slug: settings[r.slug].name if r.slug in settings else r.label for r in records}
    # As on the other pages: settings best first, each in the colour of its best run.
    records.sort(
        key=lambda r: (order.get(groups[r.slug], len(order)), not _leads(r, settings.get(r.slug)))
    )
    series = [Series(r, wanted.metric, r.label, r.style, groups[r.slug]) for r in records]
    leading = list({groups[s.record.slug]: s for s in reversed(series)}.values())[::-1]
    figure = chart_figure(
        project,
        series,
        title=wanted.title or wanted.metric,
        y=wanted.metric,
        leading=[Series(s.record, s.metric, s.group, s.style) for s in leading][:6]
        if wanted.seeds == "together"
        else (),
        state=script_json(
            {
                "x": wanted.x,
                "xScale": wanted.xscale,
                "yScale": wanted.y,
                "smooth": wanted.smooth,
                "group": wanted.seeds == "together",
            }
        ),
    )
    if figure is None:
        raise ReportgenError(f"no run that is meant has {wanted.metric}")
    return figure


def _leads(record: Record, setting: Setting | None) -> bool:
    return setting is None or setting.best.slug == record.slug


def table_of(wanted: Directive, values: Values) -> Table:
    """Return the table that a directive asks for, best run first.

    Raises:
        ReportgenError: No run is meant.
    """
    records = _chosen(wanted, values)
    goals = [r.metrics[wanted.metric].goal for r in records if wanted.metric in r.metrics]
    sign = 1 if "minimize" in goals else -1

    def rank(record: Record) -> tuple[bool, float]:
        value = None if record.trouble else best_value(record, wanted.metric)
        return value is None, sign * (value or 0.0)

    ranked = sorted(records, key=rank)
    configs = [record.config for record in records]
    keys = wanted.columns if wanted.columns is not None else split_keys(configs)[0]
    columns = config_columns(keys, configs, _COLUMNS)
    names = [wanted.metric, *wanted.metrics]
    limit = min(wanted.rows, _ROWS)
    return Table(
        title=clip(wanted.title or plural(len(records), "run"), 200),
        head=[(c.title, c.numeric) for c in columns] + [(clip(name), True) for name in names],
        rows=[_row(record, [c.key for c in columns], names) for record in ranked[:limit]],
        left=max(0, len(ranked) - limit),
    )


def _row(
    record: Record, keys: Sequence[str], names: Sequence[str]
) -> tuple[str, str, tuple[int, int], list[str]]:
    cells = [config_cell(record.config, key).text for key in keys]
    for name in names:
        value = record_value(record, name, 4)
        cells.append(value.trouble or shown(value.mean))
    return record.page, record.label, record.style, cells
