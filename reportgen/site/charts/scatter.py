"""A parameter, or a metric, against the metric of a sweep; one point a run."""

from __future__ import annotations

from typing import Any, ClassVar, TypedDict

import altair as alt

from reportgen.site.charts.interface import VALUES


class ScatterRow(TypedDict):
    """A run: ``x`` a number or a category; ``shown`` is 0 where the brush leaves it out."""

    run: str
    x: float | str
    y: float
    colour: str
    shown: int


class BrokenRow(TypedDict):
    """A run without a finite value, which stands at the foot of the plot."""

    run: str
    x: float | str
    colour: str
    shown: int


class Scatter:
    """The scatter plot of a sweep. The page's script sets type, scale and title of x."""

    name: ClassVar[str] = "scatter"
    datasets: ClassVar[dict[str, type]] = {"points": ScatterRow, "broken": BrokenRow}

    def spec(self) -> dict[str, Any]:
        """Return the specification."""
        x = alt.X("x:Q").scale(zero=False, padding=16).axis(labelOverlap=True, format="~g")
        y = alt.Y("y:Q").scale(zero=False).axis(tickCount=5, labelExpr=VALUES)
        colour = alt.Color("colour:N").scale(None).legend(None)
        shown = alt.Opacity("shown:Q").scale(domain=[0, 1], range=[0.12, 0.9]).legend(None)
        points = (
            alt.Chart(alt.NamedData("points"))
            .mark_point(filled=True, size=64)
            .encode(x=x, y=y, color=colour, opacity=shown)
        )
        broken = (
            alt.Chart(alt.NamedData("broken"))
            .mark_point(filled=True, shape="triangle-up", size=70, yOffset=-6)
            .encode(x=x, y=alt.value("height"), color=colour, opacity=shown)
        )
        chart = alt.layer(points, broken).properties(width="container", height=240)
        plain: dict[str, Any] = chart.to_dict()
        plain.pop("config", None)
        return plain
