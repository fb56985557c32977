"""The compare page: a frame that the script fills with the runs named in the address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from reportgen.runs.numbers import to_stored
from reportgen.site.chart_figure import per_epoch
from reportgen.site.figures import duration, moment
from reportgen.site.groups import shown
from reportgen.site.model import Record, Setting
from reportgen.site.pages.interface import Plan
from reportgen.site.project import Project
from reportgen.site.shards import DataFile, data_file
from reportgen.site.text import NAME_LIMIT, clip

SUGGESTIONS = 6
_KEYS = 2_000


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
            },
            scripts=("charts", "labels", "compare-tables", "compare"),
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
    git = view.git
    environment = view.environment
    return {
        "slug": record.slug,
        "name": record.name,
        "project": record.project,
        "group": record.group,
        "state": record.state,
        "started": moment(record.created),
        "took": duration(record.seconds),
        "perEpoch": per_epoch(record),
        "config": _texts(record.config),
        "code": {
            "commit": clip(git.commit, 64) if git and git.commit else None,
            "tree": clip(git.tree, 64) if git and git.tree else None,
            "dirty": git.dirty if git else None,
        },
        "environment": _texts(
            {
                "python": environment.python.version if environment.python else None,
                **{f"package {k}": v for k, v in (environment.packages or {}).items()},
            }
            if environment
            else {}
        ),
        "audit": _audit(record),
        "metrics": [
            {
                "name": clip(metric.name, NAME_LIMIT),
                "goal": metric.goal,
                "unit": clip(metric.unit, 40) if metric.unit else None,
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


def _texts(values: Mapping[Any, Any]) -> list[tuple[str, str]]:
    """Return pairs: in a script, a key ``__proto__`` of an object would be no key of it."""
    return [(clip(str(k), 200), clip(shown(v), 400)) for k, v in list(values.items())[:_KEYS]]


def _stored(value: float | None) -> float | str | None:
    return None if value is None else to_stored(value)
