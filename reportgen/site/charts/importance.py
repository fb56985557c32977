"""How much each parameter goes with the metric, as bars."""

from __future__ import annotations

from typing import Any, ClassVar, TypedDict

import altair as alt


class ImportanceRow(TypedDict):
    """A parameter; ``text`` stands behind its bar: the size, and the way it goes."""

    key: str
    size: float
    text: str


class Importance:
    """Bars, strongest first, in the order of the rows."""

    name: ClassVar[str] = "importance"
    datasets: ClassVar[dict[str, type]] = {"rows": ImportanceRow}

    def spec(self) -> dict[str, Any]:
        """Return the specification."""
        base = alt.Chart(alt.NamedData("rows"))
        y = alt.Y("key:N").sort(None).title(None).axis(grid=False, labelLimit=180)
        x = alt.X("size:Q").scale(domain=[0, 1]).axis(tickCount=5)
        bars = base.mark_bar(height=10, cornerRadius=3).encode(
            x=x.title("size of the rank correlation"), y=y
        )
        words = base.mark_text(align="left", dx=6).encode(x=x, y=y, text="text:N")
        room = {"left": 0, "top": 6, "bottom": 4, "right": 110}  # for the words behind a full bar
        chart = alt.layer(bars, words).properties(
            width="container", height=alt.Step(26), padding=room
        )
        plain: dict[str, Any] = chart.to_dict()
        plain.pop("config", None)
        return plain
