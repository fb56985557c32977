"""CSV (RFC 4180) that a spreadsheet opens without running anything, and that can be read back.

Text stands in quotes, everything else does not, so ``"1"`` is a text and ``1`` a number; an empty
cell is no value. A text that a spreadsheet would take for a formula begins with an apostrophe,
which :func:`original` takes away again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from reportgen.exporters.tables import METRICS, RUNS, Point, columns_of, points_of, run_row
from reportgen.fs.atomic import replacing
from reportgen.runs.numbers import to_stored
from reportgen.runs.view import RunView

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_PORTION = 10_000


class Csv:
    """``runs.csv`` and ``metrics.csv``."""

    name = "csv"
    title = "CSV: runs.csv with a row a run, metrics.csv with a row a point"

    def export(self, runs: Sequence[RunView], target: Path) -> list[Path]:
        """Write both tables and return their files."""
        target.mkdir(parents=True, exist_ok=True)
        rows = [run_row(view) for view in runs]
        columns = columns_of(rows)
        files = [target / f"{RUNS}.csv", target / f"{METRICS}.csv"]
        _write(files[0], [columns, *([row.get(name) for name in columns] for row in rows)])
        points = (point for view in runs for point in points_of(view))
        _write(files[1], _with_header(points))
        return files


def cell(value: Any) -> str:
    """Return a value as a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(to_stored(value))
    text = value if isinstance(value, str) else orjson.dumps(_stored(value)).decode()
    return '"' + guarded(text).replace('"', '""') + '"'


def guarded(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def original(text: str) -> str:
    """Return the text that :func:`guarded` was given.

    >>> original(guarded("=1+1")), original(guarded("'=x")), original("it's")
    ('=1+1', "'=x", "it's")
    """
    guard = text.startswith("'") and text.lstrip("'").startswith(_FORMULA)
    return text[1:] if guard else text


def _with_header(points: Iterable[Point]) -> Iterator[Sequence[Any]]:
    yield Point._fields
    yield from points


def _write(path: Path, rows: Iterable[Sequence[Any]]) -> None:
    with replacing(path) as beside, open(beside, "wb") as stream:
        lines: list[str] = []
        for row in rows:
            lines.append(",".join(map(cell, row)) + "\r\n")
            if len(lines) == _PORTION:
                stream.write("".join(lines).encode())
                lines.clear()
        stream.write("".join(lines).encode())


def _stored(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stored(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_stored(part) for part in value]
    if isinstance(value, int) and abs(value) >= 2**63:
        return str(value)
    return to_stored(value) if isinstance(value, float) else value
