"""Tags: each with its values, and the runs that have them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from reportgen.runs.view import flatten
from reportgen.site.groups import shown
from reportgen.site.model import Record
from reportgen.site.pages.interface import Plan
from reportgen.site.project import Project
from reportgen.site.text import clip

_VALUES = 200
_RUNS = 12
_TEXT = 200


@dataclass(frozen=True, slots=True)
class TagValue:
    """One value of a tag: the runs that have it, and the table of them."""

    text: str
    records: tuple[Record, ...]
    more: int
    table: str


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag with its values, the most frequent first."""

    key: str
    values: tuple[TagValue, ...]
    left: int


class Tags:
    """``tags/index.html``."""

    slug: ClassVar[str] = "tags"

    def plans(self, project: Project) -> Iterator[Plan]:
        """Yield the one page."""
        yield Plan(
            path="tags/index.html",
            template="pages/tags.html",
            title="Tags",
            section="tags",
            values={"project": project, "tags": tags_of(project)},
        )


def tags_of(project: Project) -> list[Tag]:
    """Return the tags of all runs that are not archived, by name."""
    found: dict[str, dict[str, list[Record]]] = {}
    for record in project.shown:
        for key, value in flatten(record.view.tags).items():
            found.setdefault(key, {}).setdefault(shown(value), []).append(record)
    return [_tag(key, found[key]) for key in sorted(found)]


def _tag(key: str, values: dict[str, list[Record]]) -> Tag:
    ordered = sorted(values.items(), key=lambda item: (-len(item[1]), item[0]))
    return Tag(
        key=clip(key, _TEXT),
        values=tuple(
            TagValue(clip(text, _TEXT), tuple(runs[:_RUNS]), len(runs) - _RUNS, _table(key, text))
            for text, runs in ordered[:_VALUES]
        ),
        left=max(0, len(ordered) - _VALUES),
    )


def _table(key: str, text: str) -> str:
    """Return the fragment by which the table of runs shows those with a value."""
    return f"#f.tags.{quote(key, safe='')}={quote(text, safe='', errors='replace')}"
