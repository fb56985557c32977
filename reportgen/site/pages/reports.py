"""Reports: Markdown files of the user's, beside the pages that are made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from reportgen.errors import ReportgenError
from reportgen.fs.paths import safe_relpath
from reportgen.fs.paths import slug as slug_of
from reportgen.fs.regular import read_regular
from reportgen.runs.root import root_of
from reportgen.site.pages.interface import Plan
from reportgen.site.parts.directives import chart_of, read_directive, table_of
from reportgen.site.parts.images import raster_kind
from reportgen.site.project import Project
from reportgen.site.report_text import Block, ReportText, read_report
from reportgen.site.report_values import Values
from reportgen.site.shards import DataFile
from reportgen.site.text import clip

FOLDER = "reports"
_BYTES = 2**20
_PICTURE_BYTES = 8 * 2**20
_FILES = 500


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a report: its name without ending, its folder, its text."""

    name: str
    folder: Path
    text: str

    @property
    def page(self) -> str:
        """Its page below the site."""
        return f"reports/{slug_of(self.name)}/index.html"


def sources_of(project: Project) -> list[Source]:
    """Return the reports by name: those in ``reports/`` of the folder of all runs, and those in
    ``reports/`` beside it where that is part of a repository.
    """
    found: dict[str, Source] = {}
    roots = dict.fromkeys(root_of(record.view)[0] for record in project.shown)
    for root in roots:
        beside = [root.parent / FOLDER] if _in_repository(root.parent) else []
        for folder in (root / FOLDER, *beside):
            for source in _read_folder(folder):
                found.setdefault(source.name, source)
    return sorted(found.values(), key=lambda source: source.name)


def _in_repository(folder: Path) -> bool:
    return any((above / ".git").exists() for above in (folder, *folder.parents))


def _read_folder(folder: Path) -> Iterator[Source]:
    try:
        with os.scandir(folder) as listing:
            names = sorted(e.name for e in listing if e.name.endswith(".md") and e.is_file())
    except OSError:
        return
    for name in names[:_FILES]:
        try:
            data = read_regular(folder, name, limit=_BYTES)
        except (ReportgenError, OSError):
            continue  # a link, or too large to be prose
        yield Source(name.removesuffix(".md"), folder, data.decode("utf-8", "replace"))


class Reports:
    """``reports/index.html`` and ``reports/<slug>/index.html``."""

    slug: ClassVar[str] = "reports"

    def plans(self, project: Project) -> Iterator[Plan]:
        """Yield a page of each report, then the list of them."""
        read = [(source, *self._page(project, source)) for source in sources_of(project)]
        for _, _, plan in read:
            yield plan
        yield Plan(
            path="reports/index.html",
            template="pages/reports.html",
            title="Reports",
            section="reports",
            values={
                "project": project,
                "reports": [(clip(text.title), source.page, text) for source, text, _ in read],
            },
        )

    def _page(self, project: Project, source: Source) -> tuple[ReportText, Plan]:
        values = Values(project.shown)
        pictures: dict[str, DataFile] = {}
        text = read_report(
            source.text,
            name=source.name,
            root="../../",
            value=values.of,
            picture=partial(_picture, source, pictures),
        )
        blocks = [_made(block, source, project, values) for block in text.blocks]
        return text, Plan(
            path=source.page,
            template="pages/report.html",
            title=clip(text.title),
            section="reports",
            values={
                "project": project,
                "report": text,
                "heading": clip(text.title),
                "place": f"{FOLDER}/{source.name}.md",
                "blocks": blocks,
            },
            scripts=("charts", "copy"),
            data=tuple(pictures.values()),
        )


def _made(block: Block, source: Source, project: Project, values: Values) -> dict[str, Any]:
    """Return a block as its template takes it; a directive that is wrong says so in its place."""
    if block.markup is not None:
        return {"markup": block.markup}
    where = f"{FOLDER}/{source.name}.md:{block.line}"
    try:
        wanted = read_directive(block.content, where)
        if block.directive == "chart":
            return {"figure": chart_of(wanted, project, values)}
        return {"table": table_of(wanted, values)}
    except ReportgenError as error:
        return {"fault": f"{where}: {clip(str(error), 400)}"}


def _picture(source: Source, pictures: dict[str, DataFile], address: str) -> str | None:
    """Return where the page finds a raster beside the report; None for anything else."""
    try:
        place = safe_relpath(address)
        data = read_regular(source.folder, place, limit=_PICTURE_BYTES)
    except (ReportgenError, OSError):
        return None
    kind = raster_kind(data)
    if kind is None:
        return None
    name = f"{slug_of(place)}.{kind}"
    folder = source.page.rpartition("/")[0]
    pictures[name] = DataFile(name, f"{folder}/{name}", data)
    return name
