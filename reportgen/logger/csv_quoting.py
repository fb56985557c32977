"""Which cells of a CSV file are quoted, so that readers take it apart as it was put together."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any, Literal


def quoting_of(cells: Iterable[Any]) -> Literal[0, 2]:
    """Return how the rows with these cells are to be quoted, for ``csv.writer``.

    A lone carriage return ends a line for many readers, and csv quotes of its own accord only the
    line end that it was told of: then all texts are quoted.
    """
    returns = any(isinstance(cell, str) and "\r" in cell for cell in cells)
    return csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
