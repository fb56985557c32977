"""Models: the names of the registry, their aliases and history, the run and checkpoint behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from reportgen.errors import ReportgenError
from reportgen.runs.model_document import Binding, Former
from reportgen.runs.models import bindings, read_registry
from reportgen.runs.root import root_of
from reportgen.runs.times import from_iso
from reportgen.site.figures import moment, stored
from reportgen.site.model import Record
from reportgen.site.pages.interface import Plan
from reportgen.site.project import Project
from reportgen.site.text import clip

_HISTORY = 20


@dataclass(frozen=True, slots=True)
class Bound:
    """A checkpoint that an alias stands for, or stood for.

    Attributes:
        label, page: Of the run; no page for a run that is not in the site.
        state: What the record says of the checkpoint: as promoted, other bytes, or gone.
    """

    label: str
    page: str
    checkpoint: str
    sha256: str
    state: str
    tone: str
    promoted: str
    until: str
    metric: str
    note: str


@dataclass(frozen=True, slots=True)
class Alias:
    """``NAME@ALIAS`` with what it stands for and what it stood for before."""

    name: str
    alias: str
    bound: Bound
    history: tuple[Bound, ...]


class Models:
    """``models/index.html``."""

    slug: ClassVar[str] = "models"

    def plans(self, project: Project) -> Iterator[Plan]:
        """Yield the one page."""
        rows, problems = _rows(project)
        yield Plan(
            path="models/index.html",
            template="pages/models.html",
            title="Models",
            section="models",
            values={"project": project, "rows": rows, "unreadable": problems},
        )


def _rows(project: Project) -> tuple[list[Alias], list[str]]:
    by_id = {record.view.id: record for record in project.records}
    rows: list[Alias] = []
    problems: list[str] = []
    for root in dict.fromkeys(root_of(record.view)[0] for record in project.records):
        try:
            registry = read_registry(root)
        except (ReportgenError, OSError) as error:
            problems.append(clip(str(error), 400))
            continue
        for name, alias, binding in bindings(registry) if registry else ():
            rows.append(_alias(name, alias, binding, by_id))
    return rows, problems


def _alias(name: str, alias: str, binding: Binding, by_id: dict[str, Record]) -> Alias:
    former = tuple(_bound(one, by_id) for one in binding.history[:_HISTORY])
    return Alias(clip(name), clip(alias), _bound(binding, by_id), former)


def _bound(one: Binding | Former, by_id: dict[str, Record]) -> Bound:
    record = by_id.get(one.run)
    state, tone = _state(one, record)
    metric = one.metric if isinstance(one, Binding) else None
    until = one.until if isinstance(one, Former) else None
    return Bound(
        label=record.label if record else clip(one.run),
        page=record.page if record else "",
        checkpoint=clip(one.checkpoint),
        sha256=one.sha256,
        state=state,
        tone=tone,
        promoted=moment(from_iso(one.promoted)),
        until=moment(from_iso(until)) if until else "",
        metric=f"{clip(metric.name, 60)} {stored(metric.value)}" if metric else "",
        note=clip(one.note or "", 500),
    )


def _state(one: Binding | Former, record: Record | None) -> tuple[str, str]:
    if record is None:
        return "its run is not in this site", "warn"
    known = {
        described.sha256
        for place, described in record.view.checkpoints.items()
        if place == one.checkpoint or place.endswith(f"/{one.checkpoint}")
    }
    sealed = record.view.manifest.files if record.view.manifest else []
    known |= {file.sha256 for file in sealed if file.path.endswith(one.checkpoint)}
    known.discard(None)
    if one.sha256 in known:
        return "as the run recorded it", "good"
    return ("the run recorded other bytes", "poor") if known else ("not recorded", "plain")
