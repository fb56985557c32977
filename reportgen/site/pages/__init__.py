"""The kinds of pages, in the order of the navigation."""

from __future__ import annotations

from reportgen.errors import NotFoundError
from reportgen.site.pages.audit import Audit
from reportgen.site.pages.compare import Compare
from reportgen.site.pages.groups import Groups
from reportgen.site.pages.interface import Page, Plan
from reportgen.site.pages.models import Models
from reportgen.site.pages.not_found import NotFound
from reportgen.site.pages.overview import Overview
from reportgen.site.pages.reports import Reports
from reportgen.site.pages.run import Run
from reportgen.site.pages.runs import Runs
from reportgen.site.pages.search import Search
from reportgen.site.pages.tags import Tags
from reportgen.suggest import nearest

PAGES: tuple[Page, ...] = (
    Overview(),
    Runs(),
    Run(),
    Groups(),
    Compare(),
    Audit(),
    Reports(),
    Models(),
    Tags(),
    Search(),
    NotFound(),
)


def by_name(name: str) -> Page:
    """Return a page by its slug.

    Raises:
        NotFoundError: There is none; the valid names are given.
    """
    for page in PAGES:
        if page.slug == name:
            return page
    names = [page.slug for page in PAGES]
    raise NotFoundError(f"no page {name!r}", expected=" or ".join(names), fix=nearest(name, names))


__all__ = ["PAGES", "Page", "Plan", "by_name"]
