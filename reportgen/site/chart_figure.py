"""A chart as a page carries it: static curves, a summary in words, what the script needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.site.figures import number
from reportgen.site.model import Record
from reportgen.site.project import Project
from reportgen.site.static_chart import Line, StaticChart, static_chart
from reportgen.site.text import clip, script_json

LABEL_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Series:
    """One line: a metric of a run, as it is called in this chart; runs of one ``group`` may be
    drawn together.
    """

    record: Record
    metric: str
    label: str
    style: tuple[int, int]
    group: str = ""


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A line of the table behind a chart."""

    label: str
    style: tuple[int, int]
    page: str
    first: str
    last: str
    low: str
    high: str
    points: int
    broken: str


@dataclass(frozen=True, slots=True)
class ChartFigure:
    """A figure with everything that a template writes.

    Attributes:
        title: Heading: the metric.
        note: Beside it, in a softer tone.
        y_title: Axis title with unit.
        static: Geometry of the static curves.
        legend: Name and style of each line that the script draws.
        rows: The table behind the chart.
        summary: The chart in one or two sentences.
        data: JSON for the script: one object a series.
        state: JSON for the script: axes and the like of its own; empty without.
    """

    title: str
    note: str
    y_title: str
    static: StaticChart
    legend: tuple[tuple[str, tuple[int, int]], ...]
    rows: tuple[SeriesRow, ...]
    summary: str
    data: str
    state: str = ""


def chart_figure(
    project: Project,
    series: Sequence[Series],
    *,
    title: str,
    note: str = "",
    leading: Sequence[Series] = (),
    y: str = "",
    state: str = "",
) -> ChartFigure | None:
    """Return a figure of the series that have points, or None when none has.

    Args:
        project: Where the curves are.
        series: What the script draws.
        title: Its heading.
        note: Beside it.
        leading: What stands for them without the script and in the table; by default all.
        y: Title of the axis, without unit; by default the heading.
        state: What of the page's state this chart overrides, as JSON.
    """
    present = [s for s in series if (s.record.slug, s.metric) in project.curves]
    if not present:
        return None
    alone = len({s.record.slug for s in present}) == 1
    units = {unit for s in present if (unit := s.record.metrics[s.metric].unit)}
    named = clip(y or title, 80)
    y_title = f"{named} ({clip(units.pop(), 20)})" if len(units) == 1 else named
    drawn = [s for s in leading if (s.record.slug, s.metric) in project.curves] or present
    rows = tuple(_row(project, s) for s in drawn)
    return ChartFigure(
        title=clip(title),
        note=note,
        y_title=y_title,
        static=static_chart([_line(project, s) for s in drawn]),
        legend=tuple((clip(s.label, LABEL_LIMIT), s.style) for s in present),
        rows=rows,
        summary=_summary(clip(title, 80), rows),
        data=script_json([_reference(project, s, alone) for s in present]),
        state=state,
    )


def _line(project: Project, series: Series) -> Line:
    curve = project.curves[series.record.slug, series.metric]
    return Line(curve.steps, curve.values, clip(series.label, LABEL_LIMIT), series.style)


def per_epoch(record: Record) -> float | None:
    """Return the steps of an epoch as the run was planned; None when it does not say."""
    planned = record.view.run.planned
    if planned is None or not planned.steps or not planned.epochs:
        return None
    return planned.steps / planned.epochs


def _reference(project: Project, series: Series, alone: bool) -> dict[str, object]:
    """Return what the script is told of a line; lines of one run are told apart by their label."""
    colour, dash = series.style
    return {
        "key": clip(series.label, LABEL_LIMIT) if alone else series.record.slug,
        "group": clip(series.group, LABEL_LIMIT),
        "perEpoch": per_epoch(series.record),
        "run": series.record.slug,
        "label": clip(series.label, LABEL_LIMIT),
        "metric": clip(series.metric),
        "colour": colour,
        "dash": dash,
        **project.files[series.record.slug, series.metric].reference(),
    }


def _row(project: Project, series: Series) -> SeriesRow:
    curve = project.curves[series.record.slug, series.metric]
    finite = np.flatnonzero(np.isfinite(curve.values))
    broken = np.flatnonzero(~np.isfinite(curve.values))

    def at(place: int) -> str:
        return _at(float(curve.values[place]), int(curve.steps[place]))

    low, high = "–", "–"
    if len(finite):
        values = curve.values[finite]
        low, high = at(int(finite[np.argmin(values)])), at(int(finite[np.argmax(values)]))
    return SeriesRow(
        label=clip(series.label, LABEL_LIMIT),
        style=series.style,
        page=series.record.page,
        first=at(0),
        last=at(-1),
        low=low,
        high=high,
        points=len(curve.values),
        broken=at(int(broken[0])) if len(broken) else "",
    )


def _at(value: float, step: int) -> str:
    return f"{number(value)} at step {step}"


def _summary(title: str, rows: Sequence[SeriesRow]) -> str:
    if len(rows) == 1:
        row = rows[0]
        if row.points == 1:
            return f"{title}: one point, {row.last}."
        if row.first.partition(" ")[0] == row.last.partition(" ")[0] and row.low == row.high:
            return f"{title} is {row.first.partition(' ')[0]} throughout, at {row.points} points."
        text = f"{title} goes from {row.first} to {row.last}; lowest {row.low}, highest {row.high}."
        return f"{text} {row.broken}." if row.broken else text
    parts = [f"{row.label} ends at {row.last}" for row in rows[:6]]
    more = f"; {len(rows) - 6} more lines" if len(rows) > 6 else ""
    return f"{title}, {len(rows)} lines: {'; '.join(parts)}{more}."
