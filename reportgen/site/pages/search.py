"""Search over everything: runs by name, group, tags, note and configuration; keys; checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from reportgen.audit.registry import CHECKS
from reportgen.runs.view import flatten
from reportgen.site.groups import shown
from reportgen.site.model import Record
from reportgen.site.pages.groups import groups_of
from reportgen.site.pages.interface import Plan
from reportgen.site.project import Project
from reportgen.site.shards import DataFile, data_file
from reportgen.site.text import clip

_VALUE = 80
_NOTES = 1_000
_KEYS = 300


class Search:
    """``search/index.html``."""

    slug: ClassVar[str] = "search"

    def plans(self, project: Project) -> Iterator[Plan]:
        """Yield the one page."""
        file = search_file(project)
        yield Plan(
            path="search/index.html",
            template="pages/search.html",
            title="Search",
            section="search",
            values={"project": project, "search": file.path},
            scripts=("search-page",),
            data=(file,),
        )


def search_file(project: Project) -> DataFile:
    """Return what the page searches in: of each run its texts by field, then the rest by kind."""
    runs = [_run(record) for record in project.shown]
    return data_file(
        "search",
        {
            "runs": runs,
            "others": [
                *_columns(
                    "Metric", "metrics.", _names([record.metrics for record in project.shown])
                ),
                *_columns("Key", "config.", _names([record.config for record in project.shown])),
                *(
                    {"kind": "Group", "text": clip(group.name), "page": group.page}
                    for group in groups_of(project)
                ),
                *_checks(project),
            ],
        },
    )


def _run(record: Record) -> dict[str, Any]:
    view = record.view
    tags = [f"{key} {shown(value)}" for key, value in flatten(view.tags).items()]
    config = [f"{k} {clip(shown(v), _VALUE)}" for k, v in list(record.config.items())[:_KEYS]]
    return {
        "slug": record.slug,
        "name": record.name,
        "style": list(record.style),
        "group": " / ".join(filter(None, (record.project, record.group))),
        "tags": clip(", ".join(tags), _NOTES),
        "notes": clip(view.notes or "", _NOTES),
        "config": ", ".join(config),
        "id": clip(view.id, _VALUE),
    }


def _names(mappings: Sequence[Any]) -> list[str]:
    return list(dict.fromkeys(clip(str(key), _VALUE) for one in mappings for key in one))


def _columns(kind: str, section: str, names: Sequence[str]) -> list[dict[str, str]]:
    return [{"kind": kind, "text": name, "column": f"{section}{name}"} for name in names]


def _checks(project: Project) -> list[dict[str, str]]:
    if project.report is None:
        return []
    return [
        {
            "kind": "Check",
            "text": f"{check.title} ({check.id})",
            "page": f"audit/{check.id}/index.html",
        }
        for check in CHECKS
    ]
