"""A page: a small class that says which files it makes of the project, and with what values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from reportgen.runs.view import RunView
from reportgen.site.project import Project
from reportgen.site.shards import DataFile


@dataclass(frozen=True, slots=True)
class Copy:
    """A file of a run that the site offers: ``place`` in the run, ``path`` below the site."""

    view: RunView
    place: str
    path: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One HTML file to be rendered.

    Attributes:
        path: Below the site; explicit down to ``index.html``.
        template: Below ``templates/`` of the theme.
        title: Of the document, without the site's.
        section: Which entry of the navigation it belongs to.
        values: What the template gets.
        scripts: Own scripts it loads, by name, in order.
        copies: Files of runs that it offers.
        data: Data files that its scripts load.
    """

    path: str
    template: str
    title: str
    section: str
    values: Mapping[str, Any]
    scripts: tuple[str, ...] = ()
    copies: tuple[Copy, ...] = field(default=())
    data: tuple[DataFile, ...] = field(default=())


class Page(Protocol):
    """One kind of page.

    Attributes:
        slug: Its name; the template is ``pages/<slug>.html``.
    """

    slug: ClassVar[str]

    def plans(self, project: Project) -> Iterator[Plan]:
        """Yield the files of this kind."""
        ...
