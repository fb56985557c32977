"""The kinds of charts, each one specification a build."""

from __future__ import annotations

from reportgen.errors import NotFoundError
from reportgen.site.charts.interface import Chart
from reportgen.site.charts.lines import Lines
from reportgen.suggest import nearest

CHARTS: tuple[Chart, ...] = (Lines(),)


def by_name(name: str) -> Chart:
    """Return a chart by its name.

    Raises:
        NotFoundError: There is none; the valid names are given.
    """
    for chart in CHARTS:
        if chart.name == name:
            return chart
    names = [chart.name for chart in CHARTS]
    raise NotFoundError(f"no chart {name!r}", expected=" or ".join(names), fix=nearest(name, names))


__all__ = ["CHARTS", "Chart", "by_name"]
