"""What each further run of a sweep brought: its value, and the best value up to then."""

from __future__ import annotations

from typing import Any, ClassVar, TypedDict

import altair as alt

from reportgen.site.charts.interface import VALUES


class TrialRow(TypedDict):
    """A run by order of start, from 1; ``shown`` is 0 where the brush leaves it out."""

    run: str
    order: int
    value: float
    colour: str
    shown: int


class BestRow(TypedDict):
    """The best value of the runs up to this one."""

    order: int
    best: float


class BestSoFar:
    """Points of all runs under a stepped line of the best."""

    name: ClassVar[str] = "best_so_far"
    datasets: ClassVar[dict[str, type]] = {"trials": TrialRow, "best": BestRow}

    def spec(self) -> dict[str, Any]:
        """Return the specification."""
        x = alt.X("order:Q").scale(nice=False, padding=12).axis(format="d", tickMinStep=1)
        scale = alt.Y("value:Q").scale(zero=False).axis(tickCount=5, labelExpr=VALUES)
        points = (
            alt.Chart(alt.NamedData("trials"))
            .mark_point(filled=True, size=42)
            .encode(
                x=x.title("run, by order of start"),
                y=scale,
                color=alt.Color("colour:N").scale(None).legend(None),
                opacity=alt.Opacity("shown:Q").scale(domain=[0, 1], range=[0.12, 0.7]).legend(None),
            )
        )
        line = (
            alt.Chart(alt.NamedData("best"))
            .mark_line(interpolate="step-after", strokeWidth=2)
            .encode(x=x, y=alt.Y("best:Q"))
        )
        chart = alt.layer(line, points).properties(width="container", height=240)
        plain: dict[str, Any] = chart.to_dict()
        plain.pop("config", None)
        return plain
