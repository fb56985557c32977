"""A chart: the rows it draws, as types, and one Vega-Lite specification with data by name.

The browser binds rows to the named data sets, so one specification serves every curve of a
build; ``altair`` takes tens of milliseconds for one and is asked once.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

VALUES = (
    "abs(datum.value) >= 1e6 || (datum.value != 0 && abs(datum.value) < 1e-4)"
    " ? format(datum.value, '~e') : format(datum.value, '~f')"
)
"""Labels of an axis of values, as an expression of Vega: 10 and 0.05, 1e+8 and 5e-6."""


class Chart(Protocol):
    """One kind of chart.

    Attributes:
        name: How pages and scripts call it.
        datasets: Each named data set with the type of its rows (a TypedDict).
    """

    name: ClassVar[str]
    datasets: ClassVar[dict[str, type]]

    def spec(self) -> dict[str, Any]:
        """Return the Vega-Lite specification, without data and without configuration."""
        ...
