"""A distribution over the steps of a run: a column of bins a step, darker where more values lie."""

from __future__ import annotations

from typing import Any, ClassVar, TypedDict

import altair as alt


class BinRow(TypedDict):
    """A bin of a step, which lasts until ``x2``; ``share`` is that of the fullest bin."""

    x: float
    x2: float
    low: float
    high: float
    share: float
    count: int


class HistogramChart:
    """Histograms over steps."""

    name: ClassVar[str] = "histogram"
    datasets: ClassVar[dict[str, type]] = {"bins": BinRow}

    def spec(self) -> dict[str, Any]:
        """Return the specification."""
        chart = (
            alt.Chart(alt.NamedData("bins"))
            .mark_rect(stroke=None)
            .encode(
                x=alt.X("x:Q").scale(nice=False, zero=False).axis(format="~s").title("step"),
                x2="x2:Q",
                y=alt.Y("low:Q").scale(nice=False, zero=False).axis(format="~g").title("value"),
                y2="high:Q",
                opacity=alt.Opacity("share:Q").scale(domain=[0, 1], range=[0, 1]).legend(None),
            )
        )
        plain: dict[str, Any] = alt.layer(chart).properties(width="container", height=200).to_dict()
        plain.pop("config", None)
        return plain
