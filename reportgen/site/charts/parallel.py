"""Parallel coordinates: one line a run through its parameters to its metric.

Places on the axes are shares from 0 to 1, worked out beforehand, because each axis has a scale of
its own; what is not finite stands below them, at ``BELOW``.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypedDict

import altair as alt

BELOW = -0.12


class PathRow(TypedDict):
    """Where a run crosses an axis; ``shown`` is 0 for a run that the brush leaves out."""

    run: str
    axis: str
    at: float
    colour: str
    shown: int


class TickRow(TypedDict):
    """A value on an axis; ``last`` is 1 on the rightmost one, whose text stands behind it."""

    axis: str
    at: float
    text: str
    last: int


class StretchRow(TypedDict):
    """A stretch of an axis: the whole of it, or what the brush chose."""

    axis: str
    low: float
    high: float


class Parallel:
    """Parallel coordinates of a sweep."""

    name: ClassVar[str] = "parallel"
    datasets: ClassVar[dict[str, type]] = {
        "axes": StretchRow,
        "paths": PathRow,
        "ticks": TickRow,
        "brushes": StretchRow,
    }

    def spec(self) -> dict[str, Any]:
        """Return the specification."""
        # The axes come in the order of the rows, parameters first.
        titles = alt.Axis(
            orient="top", domain=False, ticks=False, labelAngle=0, labelPadding=14, labelLimit=180
        )
        x = alt.X("axis:N").sort(None).axis(titles).title(None).scale(type="point", padding=0.25)
        y = _share("at")
        rules = (
            alt.Chart(alt.NamedData("axes")).mark_rule().encode(x=x, y=_share("low"), y2="high:Q")
        )
        lines = (
            alt.Chart(alt.NamedData("paths"))
            .mark_line(strokeWidth=1.5)
            .encode(
                x=x,
                y=y,
                detail="run:N",
                color=alt.Color("colour:N").scale(None).legend(None),
                opacity=alt.Opacity("shown:Q")
                .scale(domain=[0, 1], range=[0.08, 0.75])
                .legend(None),
            )
        )
        ticks = [
            alt.Chart(alt.NamedData("ticks"))
            .transform_filter(f"datum.last == {last}")
            .mark_text(align="left" if last else "right", dx=8 if last else -8, baseline="middle")
            .encode(x=x, y=y, text="text:N")
            for last in (0, 1)
        ]
        brushes = (
            alt.Chart(alt.NamedData("brushes"))
            .mark_rule(strokeWidth=16, opacity=0.25)
            .encode(x=x, y=_share("low"), y2="high:Q")
        )
        chart = alt.layer(rules, lines, brushes, *ticks).properties(width="container", height=280)
        plain: dict[str, Any] = chart.to_dict()
        plain.pop("config", None)
        return plain


def _share(field: str) -> alt.Y:
    return alt.Y(f"{field}:Q").scale(domain=[BELOW, 1], nice=False).axis(None)
