"""The output formats of a report: an explicit tuple, and the way to find one by name."""

from __future__ import annotations

from reportgen.audit.formats.interface import Format
from reportgen.errors import UsageError
from reportgen.suggest import nearest

FORMATS: tuple[Format, ...] = (
    Format("text", "for a person: the verdict, the next step, the findings"),
    Format("json", "for programs: everything, as its published schema says"),
    Format("markdown", "for a comment on a pull request, or the summary of a job"),
    Format("github", "annotations of a pull request: commands in GitHub's log"),
    Format("sarif", "SARIF 2.1.0, for code scanning"),
    Format("junit", "JUnit XML, for test reports"),
    Format("badge", "an SVG image for a README"),
)
"""In the order in which the command line offers them."""


def by_name(name: str) -> Format:
    """Return a format.

    Raises:
        UsageError: There is none of that name; the nearest are named.
    """
    for one in FORMATS:
        if one.name == name:
            return one
    fix = nearest(name, [one.name for one in FORMATS])
    raise UsageError(f"no format {name!r}", where="--format", fix=fix)


__all__ = ["FORMATS", "Format", "by_name"]
