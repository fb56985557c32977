"""Keep tables: ``tables/<name>.csv``."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any, Final

from reportgen.errors import UsageError
from reportgen.fs.atomic import replacing
from reportgen.fs.paths import portable_component, slug
from reportgen.logger.context import RunContext
from reportgen.logger.csv_quoting import quoting_of
from reportgen.logger.table_rows import Cell, cell_of, table_of
from reportgen.runs import layout
from reportgen.runs.redact import redact_text

ROWS_KEPT: Final = 100_000
_AT_ONCE = 2_000


class TableStore:
    """The tables of one run; logging a name again replaces its file.

    Args:
        context: The run.
    """

    def __init__(self, context: RunContext) -> None:
        self.folder = context.folder / layout.TABLES
        self._context = context
        self._names: dict[str, str] = {}
        self._accepted: set[str] = set()

    def log(self, name: str, columns: Any, rows: Any = None) -> Path | None:
        """Keep a table of at most 100,000 rows; what is cut off is recorded.

        Args:
            name: As a person would call it; made a portable file name.
            columns: Column names, or a whole table, as
                :func:`reportgen.logger.table_rows.table_of` takes it.
            rows: The rows when ``columns`` are names. Nested values become JSON, NaN and the
                infinities their names, nothing an empty cell; secrets are replaced.

        Returns:
            The file, or None when the disk refused: that is warned of once and counted.

        Raises:
            UsageError: No table, the first time that ``name`` is logged; later ones are counted
                and warned of.
        """
        if not self._context.active:
            self._context.late("tables")
            return None
        with self._context.overhead("tables"):
            try:
                path = self._write(self._component(name), columns, rows)
                self._accepted.add(name)
                return path
            except UsageError as error:
                if not self._is_known(name):
                    raise
                self._context.fault("tables", error)
            except Exception as error:
                self._context.fault("tables", error)
            return None

    def _is_known(self, name: Any) -> bool:
        return isinstance(name, str) and name in self._accepted

    def _component(self, name: Any) -> str:
        if not isinstance(name, str) or not name.strip():
            raise UsageError(
                f"the name is {name!r:.60}", where="log_table", expected='a text such as "errors"'
            )
        component = portable_component(name)
        owner = self._names.setdefault(component.casefold(), name)
        return component if owner == name else slug(name)

    def _write(self, component: str, columns: Any, rows: Any) -> Path:
        table = table_of(columns, rows)
        path = self.folder / f"{component}.csv"
        self.folder.mkdir(parents=True, exist_ok=True)
        redacted = 0
        with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
            plain = ([cell_of(value) for value in row] for row in table.rows)
            for text, count in _texts([list(table.columns)], islice(plain, ROWS_KEPT)):
                file.write(text.encode("utf-8", "replace").decode("utf-8"))
                redacted += count
        with self._context.lock:
            self._context.run.redacted += redacted
        if next(table.rows, None) is not None:
            what = f"rows of a table after the first {ROWS_KEPT}"
            self._context.leave_out(what, f"{layout.TABLES}/{path.name}", "size")
        return path


def _texts(head: list[list[Cell]], rows: Iterable[list[Cell]]) -> Iterator[tuple[str, int]]:
    """Yield the file in parts, and how many secrets were replaced in each.

    A part is looked through as one text; only where something is found, cell by cell, so that
    what replaces it stays within its cell.
    """
    part = head
    rows = iter(rows)
    while part:
        text = _csv(part)
        _, hits = redact_text(text)
        if hits:
            cleaned = [[_clean(cell) for cell in row] for row in part]
            hits = sum(count for row in cleaned for _, count in row)
            text = _csv([[cell for cell, _ in row] for row in cleaned])
        yield text, hits
        part = list(islice(rows, _AT_ONCE))


def _clean(cell: Cell) -> tuple[Cell, int]:
    return redact_text(cell) if isinstance(cell, str) else (cell, 0)


def _csv(rows: list[list[Cell]]) -> str:
    text = StringIO()
    quoting = quoting_of(cell for row in rows for cell in row)
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(rows)
    return text.getvalue()
