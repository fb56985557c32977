"""The compare page: a frame that the script fills with the runs named in the address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from reportgen.runs.numbers import to_stored
from reportgen.site.chart_figure import per_epoch
from reportgen.site.figures import duration, moment
from reportgen.site.model import Record, Setting
from reportgen.site.pages.interface import Plan
from reportgen.site.pages.run import image_path
from reportgen.site.parts.comparison import (
    definition_words,
    factor_rows,
    patch_text,
    predictions_file,
    sections_of,
)
from reportgen.site.parts.images import images_of
from reportgen.site.project import Project
from reportgen.site.shards import DataFile, data_file
from reportgen.site.text import NAME_LIMIT, clip, script_json

SUGGESTIONS = 6


class Compare:
    """``compare/index.html``."""

    slug: ClassVar[str] = "compare"

    def plans(self, project: Project) -> Iterator[Plan]:
        """Yield the one page."""
        yield Plan(
            path="compare/index.html",
            template="pages/compare.html",
            title="Compare",
            section="compare",
            values={
                "project": project,
                "records": project.shown,
                "suggestions": suggestions(project),
                "factors": script_json(factor_rows()),
            },
            scripts=("charts", "labels", "compare-tables", "compare-more", "compare"),
        )


def suggestions(project: Project) -> list[tuple[str, str]]:
    """Return comparisons worth a look as ``(words, fragment)``: the best two, then seeds."""
    found = []
    ranked = [setting for setting in project.settings if setting.values] or list(project.settings)
    if len(ranked) > 1:
        best = [setting.best for setting in ranked[: min(4, len(ranked))]]
        found.append((f"the best run of the first {len(best)} groups", _fragment(best)))
    for setting in project.settings:
        if len(setting.records) > 1:
            found.append((_seeds(setting), _fragment(setting.records[:20])))
    return found[:SUGGESTIONS]


def _seeds(setting: Setting) -> str:
    return f"the {len(setting.records)} seeds of {setting.name}"


def _fragment(records: Any) -> str:
    return "#runs=" + ",".join(record.slug for record in records)


def run_document(project: Project, record: Record) -> dict[str, Any]:
    """Return what the compare page needs of one run; nothing of other runs is in it."""
    view = record.view
    said = predictions_file(record)
    return {
        "slug": record.slug,
        "name": record.name,
        "project": record.project,
        "group": record.group,
        "state": record.state,
        "started": moment(record.created),
        "took": duration(record.seconds),
        "perEpoch": per_epoch(record),
        "sections": list(sections_of(view).items()),
        "patch": patch_text(view),
        "predictions": {"name": said.name, "path": said.path} if said else None,
        "figures": _figures(record),
        "audit": _audit(record),
        "metrics": [
            {
                "name": clip(metric.name, NAME_LIMIT),
                "goal": metric.goal,
                "unit": clip(metric.unit, 40) if metric.unit else None,
                "definition": definition_words(view.definitions.get(name)),
                "last": _stored(metric.last),
                "lastStep": metric.last_step,
                "best": _stored(metric.best),
                "bestStep": metric.best_step,
                "curve": project.files[record.slug, name].reference(),
            }
            for name, metric in record.metrics.items()
            if (record.slug, name) in project.files
        ],
    }


def run_file(project: Project, record: Record) -> DataFile:
    """Return the data file of one run."""
    return data_file(f"runs/{record.slug}", run_document(project, record))


def runs_file(project: Project, paths: dict[str, str]) -> DataFile:
    """Return the list of all runs with where the browser finds each."""
    rows = [
        {
            "slug": record.slug,
            "name": record.name,
            "label": record.label,
            "group": record.group,
            "state": record.state,
            "style": list(record.style),
            "path": paths[record.slug],
        }
        for record in project.shown
    ]
    return data_file("runs", {"runs": rows})


def _audit(record: Record) -> dict[str, Any] | None:
    cell = record.audit
    if cell is None:
        return None
    return {"low": cell.low, "level": cell.level, "tone": cell.tone, "word": cell.word}


def _figures(record: Record) -> list[list[str]]:
    """Return name, step and path of the rasters beside a run's page, the last step of each."""
    last = {image.name: image for image in images_of(record.view) if image.way == "copy"}
    return [
        [
            name,
            "" if image.step is None else str(image.step),
            f"{record.folder}/{image_path(image)}",
        ]
        for name, image in last.items()
    ]


def _stored(value: float | None) -> float | str | None:
    return None if value is None else to_stored(value)
