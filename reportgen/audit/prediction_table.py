"""Kept predictions as a table: columns id, label, prediction, then whatever else there is."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from reportgen.errors import UnreadableError

_COLUMNS = ("id", "label", "prediction")


@dataclass(frozen=True, slots=True)
class PredictionTable:
    """What a file of predictions holds.

    Attributes:
        rows: Of data, the header not counted.
        columns: The texts of ``id``, ``label`` and ``prediction``, one a row, as far as the file
            has these columns.
    """

    rows: int
    columns: dict[str, list[str]]

    @property
    def distinct_ids(self) -> int:
        """Number of different ids, blank ones not counted."""
        return len({text for text in self.columns.get("id", ()) if text})

    def filled(self, column: str) -> int:
        """Return how many rows have a text in a column."""
        return sum(map(bool, self.columns.get(column, ())))


def read_predictions(text: str, *, tabs: bool = False) -> PredictionTable:
    """Return the table in the text of a CSV file.

    Args:
        text: Its first line names the columns.
        tabs: Columns are apart by tabs.

    Raises:
        UnreadableError: It is no table with these columns.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), "excel-tab" if tabs else "excel")
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        places = {name: header.index(name) for name in _COLUMNS if name in header}
        columns: dict[str, list[str]] = {name: [] for name in places}
        rows = 0
        for row in reader:
            if not row:
                continue
            rows += 1
            for name, place in places.items():
                columns[name].append(row[place].strip() if place < len(row) else "")
    except csv.Error as error:
        raise UnreadableError(f"is no table ({str(error)[:80]})") from None
    if "prediction" not in places:
        raise UnreadableError("has no column prediction")
    return PredictionTable(rows, columns)
