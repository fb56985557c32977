"""The page for an address that does not exist; the only one that cannot know its own depth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from reportgen.site.pages.interface import Plan
from reportgen.site.project import Project


class NotFound:
    """``404.html``."""

    slug: ClassVar[str] = "not_found"

    def plans(self, project: Project) -> Iterator[Plan]:
        """Yield the one page."""
        yield Plan(
            path="404.html",
            template="pages/not_found.html",
            title="Not found",
            section="",
            values={"project": project},
        )
