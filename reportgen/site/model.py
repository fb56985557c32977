"""What pages know of runs: typed rows derived from a RunView and its audit, nothing on disk."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reportgen.audit.report import Outcome, RunAudit, Severity
from reportgen.errors import ReportgenError
from reportgen.runs import layout
from reportgen.runs.goals import is_training_loss
from reportgen.runs.metric_log import Series
from reportgen.runs.numbers import from_stored, to_stored
from reportgen.runs.schema import Goal, Reproduction
from reportgen.runs.times import from_iso
from reportgen.runs.view import RunView
from reportgen.site.text import clip

Tone = Literal["good", "warn", "poor", "plain"]

_STATE_TONES: Mapping[str, Tone] = {
    "finished": "plain",
    "running": "plain",
    "failed": "poor",
    "interrupted": "warn",
    "ended without closing": "warn",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """Last and best of one series; NaN and infinities stand for themselves."""

    name: str
    goal: Goal | None
    unit: str | None
    last: float | None
    last_step: int | None
    best: float | None
    best_step: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """A series that ends in NaN or an infinity, and the step from which on it does."""

    metric: str
    step: int
    value: str

    @property
    def text(self) -> str:
        """As a cell says it: ``NaN at step 212``."""
        return f"{self.value} at step {self.step}"


@dataclass(frozen=True, slots=True)
class AuditCell:
    """Score and level, coloured by the gate's word."""

    low: int | None
    high: int | None
    level: str
    tone: Tone
    word: str


@dataclass(frozen=True, slots=True)
class Derived:
    """What of a record costs reading the metrics or other files; kept from build to build.

    Attributes:
        drawn: The metrics that have points, in the order of their first record.
    """

    drawn: tuple[str, ...]
    seconds: float | None
    metrics: dict[str, Metric]
    trouble: Trouble | None
    replays: int


@dataclass(frozen=True, slots=True)
class Record:
    """One run as every page sees it.

    Attributes:
        slug: Its folder below ``runs/``.
        name, project, group: Text of the run, bounded.
        label: The name as tables show it: without times where that leaves it unlike all others.
        state: ``RunView.state``; ``tone`` says how it is coloured.
        created: Seconds since 1970; None when not recorded.
        seconds: How long it took.
        config: Flat configuration.
        metrics: By name, in the order of their first record.
        headline: The metric a person judges it by.
        trouble: Set when a loss or the headline metric ends in NaN or an infinity.
        audit: None when it was not audited.
        replays: Number of recorded reproductions that ended identical or within the band.
        style: Colour and dash index, the same on every page.
        derived: What was read for it from files other than the run's documents.
        view: The run itself.
        judged: Its audit.
    """

    slug: str
    name: str
    label: str
    project: str | None
    group: str | None
    state: str
    tone: Tone
    archived: bool
    created: float | None
    seconds: float | None
    config: Mapping[str, Any]
    metrics: Mapping[str, Metric]
    headline: str | None
    trouble: Trouble | None
    audit: AuditCell | None
    replays: int
    style: tuple[int, int]
    derived: Derived
    view: RunView
    judged: RunAudit | None

    @property
    def remark(self) -> str:
        """What a person must know of the run before its numbers; empty when there is nothing."""
        if self.state != "finished":
            return self.state
        if self.view.format == "tracker":
            return "plain layout"
        return "uncommitted work" if self.view.git and self.view.git.dirty else ""

    @property
    def folder(self) -> str:
        """Its folder below the site."""
        return f"runs/{self.slug}"

    @property
    def page(self) -> str:
        """Its page below the site."""
        return f"runs/{self.slug}/index.html"


def derived_of(view: RunView, goals: Mapping[str, Goal]) -> Derived:
    """Return what pages derive from the files of a run."""
    return Derived(
        drawn=tuple(name for name, series in view.series.items() if len(series)),
        seconds=_seconds(view, from_iso(view.run.created)),
        metrics=metrics_of(view, goals),
        trouble=trouble_of(view, view.headline_metric),
        replays=replays_of(view),
    )


def record_of(
    view: RunView,
    slug: str,
    *,
    judged: RunAudit | None,
    goals: Mapping[str, Goal],
    derived: Derived | None = None,
) -> Record:
    """Return what pages say of a run; its style is given once all runs are ranked."""
    derived = derived or derived_of(view, goals)
    state = view.state
    return Record(
        slug=slug,
        name=clip(view.name),
        label=clip(view.name),
        project=clip(view.project) if view.project else None,
        group=clip(view.group) if view.group else None,
        state=state,
        tone=_STATE_TONES[state],
        archived=view.labels.archived,
        created=from_iso(view.run.created),
        seconds=derived.seconds,
        config=view.flat_config,
        metrics=derived.metrics,
        headline=view.headline_metric,
        trouble=derived.trouble,
        audit=audit_cell(judged) if judged else None,
        replays=derived.replays,
        style=(0, 0),
        derived=derived,
        view=view,
        judged=judged,
    )


def metrics_of(view: RunView, goals: Mapping[str, Goal]) -> dict[str, Metric]:
    """Return last and best of every series, with goals of the settings where none is declared."""
    found = {}
    for name, summary in view.summary.metrics.items():
        definition = view.definitions.get(name)
        found[name] = Metric(
            name=name,
            goal=view.goal(name, goals),
            unit=definition.unit if definition else None,
            last=from_stored(summary.last),
            last_step=summary.last_step,
            best=from_stored(summary.best),
            best_step=summary.best_step,
            count=summary.count,
        )
    return found


def _seconds(view: RunView, created: float | None) -> float | None:
    compute = view.environment.compute if view.environment else None
    if compute and compute.wall_seconds is not None:
        return compute.wall_seconds
    ended = from_iso(view.run.ended)
    if created is None or ended is None or ended < created:
        return None
    return ended - created


def trouble_of(view: RunView, headline: str | None) -> Trouble | None:
    """Return the first lasting NaN or infinity of a loss or of the headline metric."""
    watched = [
        series
        for name, series in view.series.items()
        if name == headline or "loss" in name.lower() or is_training_loss(name, view.definitions)
    ]
    found = [trouble for series in watched if (trouble := _lasting(series)) is not None]
    return min(found, key=lambda trouble: trouble.step, default=None)


def _lasting(series: Series) -> Trouble | None:
    first = None
    for step, value in reversed(series.settled()):
        if math.isfinite(value):
            break
        first = (step, value)
    if first is None:
        return None
    return Trouble(clip(series.name), first[0], str(to_stored(first[1])))


def audit_cell(judged: RunAudit) -> AuditCell:
    """Return score and level with the gate's word: passes, passes with findings, or fails."""
    grave = any(
        result.outcome is Outcome.FAIL and result.severity in (Severity.B, Severity.H)
        for result in judged.checks
    )
    tone: Tone = "poor" if not judged.passed else "warn" if grave else "good"
    word = {
        "poor": "fails the gate",
        "warn": "passes the gate with grave findings",
        "good": "passes the gate",
    }[tone]
    return AuditCell(judged.score.low, judged.score.high, judged.level, tone, word)


def replays_of(view: RunView) -> int:
    """Return how many recorded reproductions ended identical or within the band."""
    count = 0
    for place in view.below(layout.REPRODUCTIONS):
        if not place.endswith(".yaml"):
            continue
        try:
            attempt = view.captured(place, Reproduction)
        except ReportgenError:
            continue
        count += attempt is not None and attempt.verdict in ("identical", "within-band")
    return count


@dataclass(frozen=True, slots=True)
class Setting:
    """Runs that differ only in their seed, or one run alone.

    Attributes:
        name: What their names share.
        records: In order of their start.
        best: The record that stands for them: best by the site's metric, else the first.
        values: Best value of the site's metric of each run that has one and did not diverge.
        qualifier: The group, where another setting has the same name.
    """

    name: str
    records: tuple[Record, ...]
    best: Record
    values: tuple[float, ...]
    qualifier: str = ""

    @property
    def created(self) -> float | None:
        """Start of the first run."""
        return min((r.created for r in self.records if r.created is not None), default=None)

    @property
    def audit(self) -> AuditCell | None:
        """The weakest audit of its runs."""
        cells = [record.audit for record in self.records if record.audit is not None]
        order = {"poor": 0, "warn": 1, "good": 2, "plain": 3}
        return min(cells, key=lambda c: (order[c.tone], c.level, c.low or 0), default=None)


def best_value(record: Record, metric: str | None) -> float | None:
    """Return a run's best finite value of a metric; the last where it has no goal."""
    found = record.metrics.get(metric) if metric else None
    if found is None or (record.trouble is not None and record.trouble.metric == metric):
        return None
    value = found.best if found.best is not None else found.last
    return value if value is not None and math.isfinite(value) else None


def setting_from(records: Sequence[Record], name: str, metric: str | None) -> Setting:
    """Return a setting; a run that diverged gives no value."""
    valued = [(best_value(r, metric), r) for r in records if r.trouble is None]
    sign = 1 if metric_goal(records, metric) == "minimize" else -1
    ranked = sorted(
        ((value, index) for index, (value, _) in enumerate(valued) if value is not None),
        key=lambda pair: (sign * pair[0], pair[1]),
    )
    best = valued[ranked[0][1]][1] if ranked else records[0]
    values = tuple(value for value, _ in valued if value is not None)
    return Setting(name, tuple(records), best, values)


def metric_goal(records: Sequence[Record], metric: str | None) -> Goal | None:
    """Return the goal of a metric as the first run that has it says."""
    return next((r.metrics[metric].goal for r in records if metric and metric in r.metrics), None)
