"""Groups of runs: a list of them, and a page of each with its sweep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from reportgen.fs.paths import slug as slug_of
from reportgen.runs.schema import Sweep
from reportgen.site.chart_figure import ChartFigure, Series, chart_figure
from reportgen.site.figures import number, plural
from reportgen.site.model import Record, Setting
from reportgen.site.pages.interface import Plan
from reportgen.site.parts.sweep import SweepData, plan_of, plan_words, space_rows, sweep_data
from reportgen.site.project import Project
from reportgen.site.shards import data_file
from reportgen.site.table import (
    Cell,
    Column,
    ValueCell,
    config_cell,
    config_columns,
    setting_value,
    value_decimals,
)
from reportgen.site.text import clip, script_json

_COLUMNS = 8
_LINES = 100
_STATIC = 6
_ROWS = 500


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that share project and group.

    Attributes:
        slug: Its folder below ``groups/``.
        name, project: As the runs give them.
        records: The runs that are not archived, by start.
        settings: Their settings, best first.
    """

    slug: str
    name: str
    project: str | None
    records: tuple[Record, ...]
    settings: tuple[Setting, ...]

    @property
    def page(self) -> str:
        """Its page below the site."""
        return f"groups/{self.slug}/index.html"


@dataclass(frozen=True, slots=True)
class Row:
    """A setting of a group in the table."""

    setting: Setting
    cells: tuple[Cell, ...]
    value: ValueCell
    compare: str


def groups_of(project: Project) -> list[Group]:
    """Return the groups of two runs or more, in order of their first run."""
    members: dict[tuple[str | None, str], list[Record]] = {}
    for record in project.shown:
        if record.group:
            members.setdefault((record.project, record.group), []).append(record)
    found = []
    for (owner, name), records in members.items():
        if len(records) > 1:
            own = {record.slug for record in records}
            settings = tuple(s for s in project.settings if s.best.slug in own)
            place = slug_of(f"{owner or ''} {name}".strip())
            found.append(Group(place, name, owner, tuple(records), settings))
    return found


class Groups:
    """``groups/index.html`` and ``groups/<slug>/index.html``."""

    slug: ClassVar[str] = "groups"

    def plans(self, project: Project) -> Iterator[Plan]:
        """Yield the list, then a page of each group."""
        groups = groups_of(project)
        yield Plan(
            path="groups/index.html",
            template="pages/groups.html",
            title="Groups",
            section="groups",
            values={"project": project, "groups": [_summary(project, g) for g in groups]},
        )
        for group in groups:
            yield self.plan(project, group)

    def plan(self, project: Project, group: Group) -> Plan:
        """Return the page of one group."""
        sweep = plan_of(group.records)
        metric = _metric(project, group, sweep)
        names = {r.slug: s.name for s in group.settings for r in s.records}
        data = sweep_data(group.records, names, metric)
        file = data_file(f"groups/{group.slug}", data.document) if data else None
        columns = _columns(group, data)
        decimals = value_decimals(group.settings)
        return Plan(
            path=group.page,
            template="pages/group.html",
            title=group.name,
            section="groups",
            values={
                "project": project,
                "group": group,
                "sentence": _sentence(group),
                "plan": plan_words(sweep, len(group.records)),
                "space": space_rows(sweep),
                "chosen": _chosen(group, sweep),
                "metric": metric,
                "best": _best(group, decimals),
                "figure": _curves(project, group),
                "sweep": data,
                "sweep_file": script_json({"name": file.name, "path": file.path}) if file else "",
                "columns": columns,
                "rows": [_row(s, columns, decimals) for s in group.settings[:_ROWS]],
                "left": max(0, len(group.settings) - _ROWS),
            },
            scripts=("charts", "plots", "sweep"),
            data=(file,) if file else (),
        )


def _metric(project: Project, group: Group, sweep: Sweep | None) -> str | None:
    """Return what the sweep says it is judged by, else what ranks the project."""
    declared = sweep.metric if sweep else None
    if declared and any(declared in record.metrics for record in group.records):
        return declared
    if any(project.metric in record.metrics for record in group.records):
        return project.metric
    return next((record.headline for record in group.records if record.headline), None)


def _sentence(group: Group) -> str:
    runs = plural(len(group.records), "run")
    settings = plural(len(group.settings), "setting")
    troubled = sum(record.trouble is not None for record in group.records)
    words = f"{runs} of {settings}"
    return f"{words}, {troubled} ended in NaN or infinity." if troubled else f"{words}."


def _chosen(group: Group, sweep: Sweep | None) -> Record | None:
    """Return the run that sweep.yaml says was chosen."""
    if sweep is None or not sweep.chosen:
        return None
    same = (r for r in group.records if sweep.chosen in (r.view.name, r.view.id))
    return next(same, None)


def _best(group: Group, decimals: int) -> tuple[Setting, ValueCell] | None:
    first = next((s for s in group.settings if s.values), None)
    return (first, setting_value(first, decimals)) if first else None


def _columns(group: Group, data: SweepData | None) -> list[Column]:
    configs = [setting.best.config for setting in group.settings]
    return config_columns(data.keys, configs, _COLUMNS) if data else []


def _row(setting: Setting, columns: Sequence[Column], decimals: int) -> Row:
    return Row(
        setting=setting,
        cells=tuple(config_cell(setting.best.config, column.key) for column in columns),
        value=setting_value(setting, decimals),
        compare="#runs=" + ",".join(record.slug for record in setting.records[:20]),
    )


def _curves(project: Project, group: Group) -> ChartFigure | None:
    """Return the runs' curves of the site's curve metric; seeds of a setting share its name."""
    metric = project.curve_metric
    if metric is None:
        return None
    series, leading = [], []
    for setting in group.settings:
        own = sorted(setting.records, key=lambda record: record.slug != setting.best.slug)
        lines = [
            Series(record, metric, record.label, record.style, setting.name)
            for record in own
            if metric in record.metrics
        ]
        leading += [Series(s.record, metric, setting.name, s.style) for s in lines[:1]]
        series += lines
    return chart_figure(project, series[:_LINES], title=metric, leading=leading[:_STATIC])


@dataclass(frozen=True, slots=True)
class Summary:
    """A line of the list of groups."""

    group: Group
    runs: int
    settings: int
    keys: str
    best: str
    audit: str


def _summary(project: Project, group: Group) -> Summary:
    best = _best(group, value_decimals(group.settings))
    varied = plan_of(group.records)
    keys = [str(key) for key in varied.space] if varied else []
    scores = [r.audit.low for r in group.records if r.audit and r.audit.low is not None]
    return Summary(
        group=group,
        runs=len(group.records),
        settings=len(group.settings),
        keys=clip(", ".join(keys), 120),
        best=f"{best[1].mean} {best[1].spread}".strip() if best else "–",
        audit=number(sum(scores) / len(scores), 2) if scores else "–",
    )
