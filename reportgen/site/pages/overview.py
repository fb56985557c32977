"""The overview: what was tried, what won, can it be believed, what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from reportgen.runs.times import from_iso
from reportgen.site.chart_figure import ChartFigure, Series, chart_figure
from reportgen.site.figures import moment, plural
from reportgen.site.groups import short_labels, shown
from reportgen.site.model import AuditCell, Record, Setting
from reportgen.site.pages.interface import Plan
from reportgen.site.parts.findings import mean_bars, step_row
from reportgen.site.project import Project
from reportgen.site.table import (
    Cell,
    ValueCell,
    config_cell,
    config_columns,
    setting_value,
    value_decimals,
)
from reportgen.site.text import clip, joined

ROWS = 25
COLUMNS = 3
LINES = 6
SAME_SHOWN = 14
SEEDS = 3


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A row of the table."""

    name: str
    qualifier: str
    page: str
    style: tuple[int, int]
    seeds: int
    compare: str
    state: str
    tone: str
    cells: tuple[Cell, ...]
    spark: str
    value: ValueCell
    audit: AuditCell | None
    started: str
    started_number: float | None


@dataclass(frozen=True, slots=True)
class Repeated:
    """The best group that has enough seeds for its spread to mean something."""

    label: str
    page: str
    value: ValueCell
    seeds: int


@dataclass(frozen=True, slots=True)
class Headline:
    """The numbers beside the title; a None is not shown."""

    best: ValueCell | None
    best_label: str
    best_page: str
    best_seeds: int
    repeated: Repeated | None
    audit_mean: int | None
    gate_failures: int
    replayed: int
    total: int


class Overview:
    """``index.html``."""

    slug: ClassVar[str] = "overview"

    def plans(self, project: Project) -> Iterator[Plan]:
        """Yield the one page."""
        decimals = value_decimals(project.settings)
        configs = [setting.best.config for setting in project.settings]
        columns = config_columns(project.varied, configs, COLUMNS)
        one_year = _one_year(project.settings)
        rows = [
            _row(project, setting, [c.key for c in columns], decimals, one_year)
            for setting in project.settings[:ROWS]
        ]
        judged = [record.judged for record in project.shown if record.judged]
        yield Plan(
            path="index.html",
            template="pages/overview.html",
            title="Overview",
            section="overview",
            values={
                "project": project,
                "sentence": _sentence(project),
                "troubles": _troubles(project.shown),
                "headline": _headline(project, decimals),
                "latest": latest(project.shown),
                "step": step_row(project.report.next_step) if project.report else None,
                "columns": columns,
                "rows": rows,
                "more": max(0, len(project.settings) - ROWS),
                "same": same_settings(project)[:SAME_SHOWN],
                "same_left": max(0, len(project.same) - SAME_SHOWN),
                "figure": curve_figure(project),
                "bars": mean_bars(judged),
                "problems": project.problems,
                "archived": sum(record.archived for record in project.records),
            },
            scripts=("charts", "copy"),
        )


def latest(records: Sequence[Record]) -> Record | None:
    """Return the run that ended last; None when there is one run or none ended."""
    ended = [(time, r) for r in records if (time := from_iso(r.view.run.ended)) is not None]
    return max(ended, key=lambda pair: pair[0])[1] if len(records) > 1 and ended else None


def _sentence(project: Project) -> str:
    runs = plural(len(project.shown), "run")
    return f"{runs} in {plural(len(project.settings), 'group')}"


def _troubles(records: Sequence[Record]) -> str:
    """Return in words what did not go well, empty when all did."""
    diverged = sum(record.trouble is not None for record in records)
    states = Counter(record.state for record in records)
    parts = []
    if diverged:
        parts.append(f"{diverged} ended in NaN or infinity")
    for state in ("failed", "interrupted", "ended without closing"):
        if states[state]:
            parts.append(f"{states[state]} {state}")
    if states["running"]:
        parts.append(f"{states['running']} still running")
    return joined(parts)


def _best_setting(settings: Sequence[Setting], decimals: int) -> Setting | None:
    """Return the first setting; of those that read the same, the one with the most seeds."""
    valued = [(s, setting_value(s, decimals).mean) for s in settings if s.values]
    equal = [s for s, mean in valued if mean == valued[0][1]]
    return max(equal, key=lambda s: len(s.values), default=None)


def _repeated(settings: Sequence[Setting], best: Setting, decimals: int) -> Repeated | None:
    """Return the best of those with enough seeds; None when the best itself has them."""
    found = next((s for s in settings if len(s.values) >= SEEDS), None)
    if found is None or len(best.values) >= SEEDS:
        return None
    return Repeated(
        label=_label(found),
        page=found.best.page,
        value=setting_value(found, decimals),
        seeds=len(found.values),
    )


def _headline(project: Project, decimals: int) -> Headline:
    winner = _best_setting(project.settings, decimals)
    judged = [record.judged for record in project.shown if record.judged]
    scores = [run.score.low for run in judged if run.score.low is not None]
    return Headline(
        best=setting_value(winner, decimals) if winner else None,
        best_label=_label(winner) if winner else "",
        best_page=winner.best.page if winner else "",
        best_seeds=len(winner.values) if winner else 0,
        repeated=_repeated(project.settings, winner, decimals) if winner else None,
        audit_mean=sum(scores) // len(scores) if scores else None,
        gate_failures=sum(not run.passed for run in judged),
        replayed=sum(record.replays > 0 for record in project.shown),
        total=len(project.shown),
    )


def _one_year(settings: Sequence[Setting]) -> bool:
    years = {moment(setting.created).split(",")[0][-4:] for setting in settings if setting.created}
    return len(years) < 2


def _row(
    project: Project, setting: Setting, keys: Sequence[str], decimals: int, one_year: bool
) -> SettingRow:
    best = setting.best
    slugs = ",".join(record.slug for record in setting.records[:50])
    return SettingRow(
        name=setting.name,
        qualifier=setting.qualifier,
        page=best.page,
        style=best.style,
        seeds=len(setting.records),
        compare=f"compare/index.html#runs={slugs}",
        state=best.remark,
        tone=best.tone,
        cells=tuple(config_cell(best.config, key) for key in keys),
        spark=project.spark(best),
        value=setting_value(setting, decimals),
        audit=setting.audit,
        started=moment(setting.created, year=not one_year),
        started_number=setting.created,
    )


def _label(setting: Setting) -> str:
    return f"{setting.qualifier}_{setting.name}" if setting.qualifier else setting.name


def _labels(settings: Sequence[Setting]) -> list[str]:
    return short_labels([_label(setting) for setting in settings])


def same_settings(project: Project) -> list[tuple[str, str]]:
    """Return the configuration keys in which no setting differs, with their values."""
    if len(project.settings) < 2:
        return []
    config = project.settings[0].best.config
    return [(clip(key, 80), clip(shown(config[key]), 80)) for key in project.same]


def curve_figure(project: Project) -> ChartFigure | None:
    """Return the overview's chart: the best run of each of the first settings."""
    metric = project.curve_metric
    if metric is None:
        return None
    having = [s for s in project.settings if (s.best.slug, metric) in project.curves]
    chosen = having[:LINES]
    total = len(project.shown)
    note = (
        f"best run of {'each group' if len(having) == len(chosen) else f'the first {LINES} groups'}"
    )
    return chart_figure(
        project,
        [
            Series(s.best, metric, label, s.best.style)
            for s, label in zip(chosen, _labels(chosen), strict=True)
        ],
        title=metric,
        note=f"{len(chosen)} of {plural(total, 'run')}, {note}, unsmoothed",
    )
