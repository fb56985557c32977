"""The kinds of charts, each one specification a build."""

from __future__ import annotations

from reportgen.errors import NotFoundError
from reportgen.site.charts.best_so_far import BestSoFar
from reportgen.site.charts.calibration import CalibrationChart
from reportgen.site.charts.heat_map import HeatMap
from reportgen.site.charts.histogram import HistogramChart
from reportgen.site.charts.importance import Importance
from reportgen.site.charts.interface import Chart
from reportgen.site.charts.lines import Lines
from reportgen.site.charts.parallel import Parallel
from reportgen.site.charts.scatter import Scatter
from reportgen.suggest import nearest

CHARTS: tuple[Chart, ...] = (
    Lines(),
    Parallel(),
    Scatter(),
    Importance(),
    HeatMap(),
    BestSoFar(),
    HistogramChart(),
    CalibrationChart(),
)


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
