"""A run's page: what it was, how it went, what it needs to be run again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from reportgen.fs.paths import slug
from reportgen.runs import layout
from reportgen.runs.schema import Goal
from reportgen.runs.view import RunView
from reportgen.site.chart_figure import ChartFigure, Series, chart_figure
from reportgen.site.figures import duration, number, size, stored
from reportgen.site.model import Metric, Record
from reportgen.site.pages.interface import Copy, Plan
from reportgen.site.parts import facts, findings
from reportgen.site.parts.comparison import predictions_file
from reportgen.site.parts.config import config_rows
from reportgen.site.parts.histograms import histograms_of
from reportgen.site.parts.images import Image, images_of
from reportgen.site.parts.logs import Log, logs_of
from reportgen.site.parts.parcel import PARCEL, parcel_of
from reportgen.site.parts.patch import patch_of
from reportgen.site.parts.predictions import predictions_of
from reportgen.site.parts.proof import proof_file
from reportgen.site.parts.reproductions import reproductions_of
from reportgen.site.parts.tables import tables_of
from reportgen.site.parts.timeline import Alert, alerts_of, attempts_of
from reportgen.site.project import Project
from reportgen.site.shards import DataFile
from reportgen.site.text import clip, joined, script_json
from reportgen.site.tokens import NEUTRAL

DOWNLOADS = (
    layout.CONFIG,
    layout.METRICS,
    layout.SUMMARY,
    layout.REPRODUCE,
    layout.PATCH,
    layout.REQUIREMENTS,
)
_DOWNLOAD_BYTES = 50 * 2**20
_SCRIPT_BYTES = 200_000
_PATCH_BYTES = 4 * 2**20
_CHARTS = 60


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A row of the final metrics."""

    name: str
    goal: str
    last: str
    last_step: str
    best: str
    best_step: str
    count: str
    poor: bool


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A row of the checkpoints."""

    place: str
    epoch: str
    step: str
    metric: str
    size: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Download:
    """A file that the page offers: its name in the run folder, its place beside the page."""

    name: str
    href: str
    size: str


class Run:
    """``runs/<slug>/index.html``, one a run."""

    slug: ClassVar[str] = "run"

    def plans(self, project: Project) -> Iterator[Plan]:
        """Yield a page for each run."""
        for record in project.records:
            yield self.plan(project, record)

    def plan(self, project: Project, record: Record) -> Plan:
        """Return the page of one run."""
        view = record.view
        images = images_of(view)
        logs = logs_of(view)
        copies, downloads = _downloads(record)
        copies += [_image_copy(record, image) for image in images if image.way == "copy"]
        copies += [
            Copy(view, log.place, f"{record.folder}/logs/{log.place}") for log in _kept(view, logs)
        ]
        rows, left = config_rows(view.config or {})
        alerts, alerts_left = alerts_of(view)
        parcel = parcel_of(view)
        proof = proof_file(record)
        return Plan(
            path=record.page,
            template="pages/run.html",
            title=record.name,
            section="runs",
            values={
                "project": project,
                "record": record,
                "state_note": _state_note(record),
                "headline": _headline(record),
                "took": duration(record.seconds),
                "identity": facts.identity_facts(record),
                "command": facts.command_line(view),
                "notes": facts.notes_of(view),
                "figures": metric_figures(project, record),
                "curves": _curves(project, record),
                "config": rows,
                "config_text": view.text(layout.CONFIG, limit=_SCRIPT_BYTES) or "",
                "alerts": alerts,
                "alerts_left": alerts_left,
                "alert_marks": _marks(alerts),
                "attempts": attempts_of(view),
                "histograms": histograms_of(view),
                "tables": tables_of(view),
                "config_left": left,
                "metrics": [_metric_row(m) for m in record.metrics.values()],
                "images": _by_name(images),
                "listed": [image for image in images if image.way == "listed"],
                "predictions": predictions_of(view, len(project.theme.sequential)),
                "checkpoints": _checkpoint_rows(view),
                "logs": [(log, log in _kept(view, logs)) for log in logs],
                "code": facts.code_facts(view),
                "patch": patch_of(view.text(layout.PATCH, limit=_PATCH_BYTES) or ""),
                "environment": facts.environment_facts(view),
                "packages": facts.packages_of(view),
                "inputs": facts.input_rows(view),
                "splits": facts.split_facts(view),
                "bars": findings.bars_of(record.judged) if record.judged else [],
                "step": findings.step_row(record.judged.next_step) if record.judged else None,
                **_results(record),
                "reproduce": view.text(layout.REPRODUCE, limit=_SCRIPT_BYTES),
                "reproductions": reproductions_of(view),
                "downloads": downloads,
                "parcel": _parcel(parcel),
                "proof": script_json({"name": proof.name, "path": proof.path}) if proof else "",
                "problems": (record.judged.problems if record.judged else view.problems)[:50],
            },
            scripts=("charts", "plots", "copy", "search", "figures", "js-sha256.min", "proof"),
            copies=tuple(copies),
            data=_data(record, parcel, proof),
        )


def _data(
    record: Record, parcel: tuple[bytes, tuple[str, ...]] | None, proof: DataFile | None
) -> tuple[DataFile, ...]:
    said = predictions_file(record)
    found = [file for file in (proof, said) if file is not None]
    if parcel is not None:
        found.append(DataFile(PARCEL, f"{record.folder}/files/{PARCEL}", parcel[0]))
    return tuple(found)


def _parcel(parcel: tuple[bytes, tuple[str, ...]] | None) -> tuple[str, str] | None:
    """Return size and content of the one download that is enough, in words."""
    return (size(len(parcel[0])), joined(parcel[1])) if parcel else None


def _marks(alerts: list[Alert]) -> str:
    """Return where alerts stand on the curves, as JSON: step, tone and title."""
    known = [alert for alert in alerts if alert.step is not None]
    return script_json([[alert.step, alert.tone, alert.title] for alert in known])


def _by_name(images: list[Image]) -> list[tuple[str, list[tuple[Image, str]]]]:
    """Return the figures that are shown, steps of one name together."""
    found: dict[str, list[tuple[Image, str]]] = {}
    for image in images:
        if image.way != "listed":
            found.setdefault(image.name, []).append((image, image_path(image)))
    return list(found.items())


def _results(record: Record) -> dict[str, Any]:
    checks = findings.by_weight(record.judged.checks) if record.judged else []
    rows = [findings.result_row(result) for result in checks]
    return {
        "findings": [row for row in rows if row.outcome not in ("pass", "not-applicable")],
        "passed": [row for row in rows if row.outcome == "pass"],
        "not_applicable": [row for row in rows if row.outcome == "not-applicable"],
    }


def _state_note(record: Record) -> str:
    """Return a sentence for a run that did not simply finish."""
    run = record.view.run
    steps = [m.last_step for m in record.metrics.values() if m.last_step is not None]
    at = f" Its last record is of step {max(steps):,}." if steps else ""
    notes = {
        "running": f"It is still being written.{at}",
        "failed": f"It ended with an error.{at} The end of stderr.log is below.",
        "interrupted": f"It was stopped by {clip(run.stopped_early or 'a signal', 80)}.{at}",
        "ended without closing": "Its process died without a last word: it was killed, or its "
        f"machine went down.{at} Everything it logged up to then is here.",
    }
    return notes.get(record.state, "")


def _headline(record: Record) -> tuple[str, str, str] | None:
    """Return name, value and a note of the metric that the run is judged by."""
    metric = record.metrics.get(record.headline) if record.headline else None
    if metric is None:
        return None
    if metric.best is not None:
        return clip(metric.name, 60), number(metric.best), f"best, at step {metric.best_step}"
    return clip(metric.name, 60), number(metric.last), f"last, at step {metric.last_step}"


def metric_figures(project: Project, record: Record) -> list[ChartFigure]:
    """Return a chart a quantity: its splits (train, val, test) share one."""
    members: dict[str, list[tuple[str, str]]] = {}
    for name in record.metrics:
        split = record.view.split(name)
        base = _without_split(name, split)
        members.setdefault(base, []).append((name, split or name))
    found = []
    for base, names in sorted(members.items(), key=lambda item: _importance(record, item)):
        series = [_series(record, name, label, len(names)) for name, label in names]
        title = clip(base if len(names) > 1 else names[0][0])
        figure = chart_figure(project, series, title=title)
        if figure is not None:
            found.append(figure)
    return found[:_CHARTS]


def _curves(project: Project, record: Record) -> tuple[str, str]:
    """Return names of the metrics that a curve can be drawn over, and where each lies, as JSON."""
    found = {
        clip(name): project.files[record.slug, name].reference()
        for name in record.metrics
        if (record.slug, name) in project.files
    }
    return script_json(list(found)), script_json(found)


def _series(record: Record, metric: str, label: str, beside: int) -> Series:
    """Return a line: validation in the run's colour, training neutral, other splits dashed."""
    colour = record.style[0]
    if beside == 1:
        return Series(record, metric, metric, (colour, 0))
    styles = {"val": (colour, 0), "train": (NEUTRAL, 0)}
    return Series(record, metric, label, styles.get(label, (colour, 1)))


def _without_split(name: str, split: str | None) -> str:
    """Return ``loss`` for ``val/loss`` and ``val_loss``: what splits of one quantity share."""
    if split is None:
        return name
    for separator in ("/", "_", ".", "-"):
        first, found, rest = name.partition(separator)
        if found and rest and first.lower().startswith(split[:3]):
            return rest
    return name


def _importance(record: Record, item: tuple[str, list[tuple[str, str]]]) -> tuple[int, int]:
    base, names = item
    held = [name for name, _ in names]
    if record.headline in held:
        rank = 0
    elif "loss" in base.lower():
        rank = 1
    else:
        rank = 2 if any(record.metrics[name].goal for name in held) else 3
    return rank, list(record.metrics).index(held[0])


def _metric_row(metric: Metric) -> MetricRow:
    words: dict[Goal | None, str] = {"minimize": "lower", "maximize": "higher", None: "–"}
    finite = metric.last is not None and abs(metric.last) != float("inf")
    return MetricRow(
        name=clip(metric.name),
        goal=words[metric.goal],
        last=number(metric.last, 6),
        last_step="–" if metric.last_step is None else f"{metric.last_step:,}",
        best=number(metric.best, 6),
        best_step="–" if metric.best_step is None else f"{metric.best_step:,}",
        count=f"{metric.count:,}",
        poor=not (finite and metric.last == metric.last),
    )


def _checkpoint_rows(view: RunView) -> list[CheckpointRow]:
    rows = []
    for place, described in list(view.checkpoints.items())[:500]:
        metric = described.metric
        value = f"{clip(metric.name, 60)} {stored(metric.value)}" if metric else "–"
        rows.append(
            CheckpointRow(
                place=clip(place.partition("/")[2]),
                epoch="–" if described.epoch is None else f"{described.epoch:g}",
                step="–" if described.step is None else f"{described.step:,}",
                metric=value,
                size=size(view.file_sizes.get(place)),
                sha256=clip(described.sha256 or "–", 80),
            )
        )
    return rows


def _downloads(record: Record) -> tuple[list[Copy], list[Download]]:
    copies, downloads = [], []
    sizes = record.view.file_sizes
    for place in DOWNLOADS:
        if 0 <= sizes.get(place, -1) <= _DOWNLOAD_BYTES:
            copies.append(Copy(record.view, place, f"{record.folder}/files/{place}"))
            downloads.append(Download(place, f"files/{place}", size(sizes[place])))
    return copies, downloads


def _kept(view: RunView, logs: list[Log]) -> list[Log]:
    return [log for log in logs if view.file_sizes[log.place] <= _DOWNLOAD_BYTES]


def image_path(image: Image) -> str:
    """Return where a copied figure lies beside the page; empty for one that is not copied."""
    return f"figures/{slug(image.place)}.{image.kind}" if image.way == "copy" else ""


def _image_copy(record: Record, image: Image) -> Copy:
    return Copy(record.view, image.place, f"{record.folder}/{image_path(image)}")
