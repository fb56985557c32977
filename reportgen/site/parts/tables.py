"""Tables that a run logged, by their first rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from reportgen.runs import layout
from reportgen.runs.view import RunView
from reportgen.site.figures import size
from reportgen.site.text import clip

TABLES = 20
ROWS = 50
_COLUMNS = 20
_BYTES = 2**20
_CELL = 120


@dataclass(frozen=True, slots=True)
class LoggedTable:
    """A table: its name, its first rows, and what is left out."""

    name: str
    place: str
    size: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: bool
    problem: str


def tables_of(view: RunView) -> list[LoggedTable]:
    """Return the first twenty tables of ``tables/*.csv``."""
    places = [place for place in view.below(layout.TABLES) if place.endswith(".csv")]
    return [_table(view, place) for place in places[:TABLES]]


def _table(view: RunView, place: str) -> LoggedTable:
    name = clip(place.rpartition("/")[2].removesuffix(".csv"), 120)
    total = size(view.file_sizes[place])
    data = view.bytes(place, limit=_BYTES)
    if data is None:
        return LoggedTable(name, place, total, (), (), False, "too large to show here")
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"), newline=""))
    try:
        rows = [tuple(clip(cell, _CELL) for cell in row[:_COLUMNS]) for row in _first(reader)]
    except csv.Error as error:
        return LoggedTable(name, place, total, (), (), False, f"no table: {clip(str(error), 100)}")
    head = rows[0] if rows else ()
    more = len(rows) > ROWS + 1
    return LoggedTable(name, place, total, head, tuple(rows[1 : ROWS + 1]), more, "")


def _first(reader: Iterator[list[str]]) -> list[list[str]]:
    return list(islice(reader, ROWS + 2))
