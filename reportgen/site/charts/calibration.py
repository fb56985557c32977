"""Reliability: how often predictions of one sureness are right, against the diagonal."""

from __future__ import annotations

from typing import Any, ClassVar, TypedDict

import altair as alt


class BinRow(TypedDict):
    """Predictions of one bin: mean score, share that is right, how many."""

    sure: float
    right: float
    count: int


class DiagonalRow(TypedDict):
    """A corner of the diagonal on which sureness and rightness are equal."""

    at: float


class CalibrationChart:
    """Points whose area is how many predictions they stand for."""

    name: ClassVar[str] = "calibration"
    datasets: ClassVar[dict[str, type]] = {"bins": BinRow, "diagonal": DiagonalRow}

    def spec(self) -> dict[str, Any]:
        """Return the specification."""
        x = alt.X("sure:Q").scale(domain=[0, 1]).axis(tickCount=5, format="%")
        y = alt.Y("right:Q").scale(domain=[0, 1]).axis(tickCount=5, format="%")
        diagonal = (
            alt.Chart(alt.NamedData("diagonal"))
            .mark_line(strokeDash=[4, 4], strokeWidth=1, opacity=0.6)
            .encode(x=alt.X("at:Q"), y=alt.Y("at:Q"))
        )
        base = alt.Chart(alt.NamedData("bins"))
        line = base.mark_line().encode(
            x=x.title("score of the prediction"), y=y.title("share that is right")
        )
        points = base.mark_point(filled=True, opacity=1).encode(
            x=x, y=y, size=alt.Size("count:Q").scale(range=[20, 240]).legend(None)
        )
        chart = alt.layer(diagonal, line, points).properties(width="container", height=240)
        plain: dict[str, Any] = chart.to_dict()
        plain.pop("config", None)
        return plain
