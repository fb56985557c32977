"""Lines over steps or time: raw and smoothed, bands, earlier attempts, marks where NaN begins.

The page's script binds the data sets. Titles of axes and types of scales cannot be parameters in
Vega-Lite (https://vega.github.io/vega-lite/docs/axis.html), so the script sets them in its copy of
the specification before it is drawn. On the screen Vega draws frame and names from it, and the
script the lines; what a reader saves is the specification with all its rows. Bands of several
runs take their quantiles from ``usermeta``.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypedDict

import altair as alt

from reportgen.site.charts.interface import VALUES
from reportgen.site.statistics import T975


class LineRow(TypedDict):
    """One point of a line.

    Attributes:
        x: Step, or seconds.
        y: Value; null breaks the line.
        line: What is joined, in the order of the rows: one line a series, attempt and kind.
        label: What the legend of a saved chart calls it.
        colour: ``#rrggbb``.
        dash: Pattern in pixels.
        opacity: 1, or less for a raw line under a smoothed one and for an earlier attempt.
        width: Pixels.
    """

    x: float
    y: float | None
    line: str
    label: str
    colour: str
    dash: list[float]
    opacity: float
    width: float


class BandRow(TypedDict):
    """The spread of several runs at one place: from ``lo`` to ``hi``, of ``n`` runs."""

    x: float
    lo: float
    hi: float
    n: int
    line: str
    colour: str


class MarkRow(TypedDict):
    """A step at which a series is NaN or infinite, drawn at the foot of the plot."""

    x: float
    colour: str


class PointRow(TypedDict):
    """A point shown by itself: that of a series of one point."""

    x: float
    y: float
    colour: str


class LabelRow(TypedDict):
    """The name of a line at its end, behind a sample of the line; ``top`` in pixels."""

    top: float
    text: str
    colour: str
    dash: list[float]


HEIGHT = 240


class Lines:
    """The line chart of every metric."""

    name: ClassVar[str] = "lines"
    datasets: ClassVar[dict[str, type]] = {
        "points": LineRow,
        "bands": BandRow,
        "marks": MarkRow,
        "spots": PointRow,
        "labels": LabelRow,
    }

    def spec(self) -> dict[str, Any]:
        """Return the specification."""
        x = alt.X("x:Q").scale(zero=False, nice=False).axis(_axis("x")).title("step")
        y = alt.Y("y:Q").scale(zero=False, nice=True).axis(_axis("y")).title("value")
        colour = alt.Color("colour:N").scale(None).legend(None)
        dash = alt.StrokeDash("dash:N").scale(None).legend(None)
        top = alt.Y("top:Q").scale(None).axis(None)
        layers = (
            alt.Chart(alt.NamedData("bands"))
            .mark_area(clip=True, opacity=0.15)
            .encode(x=x, y=alt.Y("lo:Q"), y2="hi:Q", color=colour, detail="line:N"),
            alt.Chart(alt.NamedData("points"))
            .mark_line(clip=True, invalid="break-paths-filter-domains", order=None)
            .encode(
                x=x,
                y=y,
                color=colour,
                detail="line:N",
                strokeDash=dash,
                opacity=alt.Opacity("opacity:Q").scale(None).legend(None),
                strokeWidth=alt.StrokeWidth("width:Q").scale(None).legend(None),
            ),
            alt.Chart(alt.NamedData("spots"))
            .mark_point(filled=True, size=42, opacity=1, clip=True)
            .encode(x=x, y=y, color=colour),
            alt.Chart(alt.NamedData("marks"))
            .mark_point(shape="triangle-up", filled=True, size=60, opacity=1, yOffset=-5)
            .encode(x=x, y=alt.value("height"), color=colour),
            alt.Chart(alt.NamedData("labels"))
            .mark_rule(strokeWidth=1.75)
            .encode(
                x=alt.value(alt.expr("width + 6")),
                x2=alt.value(alt.expr("width + 22")),
                y=top,
                color=colour,
                strokeDash=dash,
            ),
            alt.Chart(alt.NamedData("labels"))
            .mark_text(align="left", baseline="middle", dx=26)
            .encode(x=alt.value("width"), y=top, text="text:N"),
        )
        chart = (
            alt.layer(*layers)
            .resolve_scale(y="shared")
            .properties(
                usermeta={"t975": list(T975)},
                width="container",
                height=HEIGHT,
                autosize=alt.AutoSizeParams(type="fit", contains="padding", resize=True),
            )
        )
        plain: dict[str, Any] = chart.to_dict()
        plain.pop("config", None)
        return plain


def _axis(which: Literal["x", "y"]) -> alt.Axis:
    if which == "x":
        return alt.Axis(tickCount=6, labelOverlap=True, format="~s", labelFlush=True)
    return alt.Axis(tickCount=5, labelOverlap=True, labelExpr=VALUES)


__all__ = ["LabelRow", "LineRow", "Lines", "MarkRow", "PointRow"]
