"""The table of runs for programs: ``data/runs.json`` and ``data/runs.csv``, at fixed addresses.

Their fields may grow, and are never renamed. A text cell of the CSV that a spreadsheet would take
for a formula has an apostrophe before it; the JSON is exact.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from reportgen.fs.documents import dump_json
from reportgen.site.groups import shown
from reportgen.site.model import Record
from reportgen.site.run_columns import TableColumn
from reportgen.site.shards import DataFile

RUNS_SCHEMA = "reportgen.runs/1"
_FORMULA = tuple("=+-@\t\r＝＋－＠")


def export_files(records: Sequence[Record], columns: Sequence[TableColumn]) -> list[DataFile]:
    """Return both files.

    Args:
        records: The runs, in the order of the table.
        columns: What is known of them.
    """
    pages = [record.page for record in records]
    return [
        DataFile("runs.json", "data/runs.json", dump_json(_document(pages, columns))),
        DataFile("runs.csv", "data/runs.csv", _csv(pages, columns).encode("utf-8", "replace")),
    ]


def _document(pages: Sequence[str], columns: Sequence[TableColumn]) -> dict[str, Any]:
    described = {
        column.key: {"kind": column.kind} | ({"goal": column.goal} if column.goal else {})
        for column in columns
    }
    rows = [
        {"page": page} | {c.key: c.values[place] for c in columns if c.values[place] is not None}
        for place, page in enumerate(pages)
    ]
    return {"schema": RUNS_SCHEMA, "columns": described, "runs": rows}


def _csv(pages: Sequence[str], columns: Sequence[TableColumn]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["page", *(_cell(column.key) for column in columns)])
    for place, page in enumerate(pages):
        writer.writerow([page, *(_cell(column.values[place]) for column in columns)])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = shown(value).replace("\0", "␀")
    return f"'{text}" if text.startswith(_FORMULA) else text
