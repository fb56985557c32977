"""Two parameters against each other: the mean of the metric in each cell, and of how many runs."""

from __future__ import annotations

from typing import Any, ClassVar, TypedDict

import altair as alt


class CellRow(TypedDict):
    """A cell; ``ink`` is the colour of its text, ``text`` the mean and how many runs."""

    x: str
    y: str
    value: float | None
    fill: str
    ink: str
    text: str


class HeatMap:
    """The heat map of a sweep; the page's script sets titles and colours."""

    name: ClassVar[str] = "heat_map"
    datasets: ClassVar[dict[str, type]] = {"cells": CellRow}

    def spec(self) -> dict[str, Any]:
        """Return the specification."""
        base = alt.Chart(alt.NamedData("cells"))
        x = alt.X("x:N").sort(None).axis(labelAngle=0, labelLimit=120)
        y = alt.Y("y:N").sort(None).axis(grid=False, labelLimit=120)
        tiles = base.mark_rect(cornerRadius=2).encode(
            x=x, y=y, color=alt.Color("fill:N").scale(None).legend(None)
        )
        words = base.mark_text().encode(
            x=x, y=y, text="text:N", color=alt.Color("ink:N").scale(None).legend(None)
        )
        chart = alt.layer(tiles, words).properties(width="container", height=alt.Step(44))
        plain: dict[str, Any] = chart.to_dict()
        plain.pop("config", None)
        return plain
