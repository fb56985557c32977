"""Tables on standard output: drawn on a terminal, tab-separated in a pipe.

Cells are plain values. Whatever a run holds, one row stays one line, nothing in it drives a
terminal, and no line begins as a command to a service that reads logs.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reportgen.terminal import one_line, use_color

if TYPE_CHECKING:
    from rich.table import Table

_LOG_COMMANDS = ("::", "##[")
_SECTION = re.compile(r"^(?:metrics|config)\.(?=.)")
_WIDEST = 60
_UNBOUNDED = 100_000
_STATE_STYLES = {
    "finished": "green",
    "running": "cyan",
    "interrupted": "yellow",
    "ended without closing": "yellow",
    "failed": "red",
}


def print_table(
    headers: Sequence[str], rows: Sequence[Sequence[Any]], *, spare: Sequence[str] = ()
) -> list[str]:
    """Print rows under their headers.

    On a terminal numbers are rounded to five digits and a column's name goes without its
    section; in a pipe numbers are exact, a missing value is empty and the first line is that of
    the headers.

    Args:
        headers: A name a column.
        rows: As many plain values in each.
        spare: Columns to leave out of a terminal that is too narrow, first ones first.

    Returns:
        The columns left out.
    """
    if sys.stdout.isatty():
        return _draw(headers, rows, spare)
    for cells in (headers, *rows):
        sys.stdout.write(tab_separated(cells) + "\n")
    return []


def tab_separated(cells: Sequence[Any]) -> str:
    """Return one line of cells with exact values."""
    line = "\t".join(one_line(_exact(cell)) for cell in cells)
    start = len(line) - len(line.lstrip())
    if line.startswith(_LOG_COMMANDS, start):
        line = f"{line[:start]}\\x{ord(line[start]):02x}{line[start + 1 :]}"
    return line


def _draw(headers: Sequence[str], rows: Sequence[Sequence[Any]], spare: Sequence[str]) -> list[str]:
    from rich.console import Console
    from rich.measure import Measurement

    plain = not use_color(sys.stdout)
    console = Console(highlight=False, markup=False, emoji=False, no_color=plain)
    anything = console.options.update(width=_UNBOUNDED)
    left_out: list[str] = []
    while True:
        shown = [index for index, header in enumerate(headers) if header not in left_out]
        table = _table([headers[index] for index in shown], [[r[i] for i in shown] for r in rows])
        width = Measurement.get(console, anything, table).maximum
        further = [header for header in spare if header in headers and header not in left_out]
        if width <= console.width or not further:
            # What is asked for is printed whole, if need be over the edge.
            console.width = max(console.width, width)
            console.print(table)
            return left_out
        left_out.append(further[0])


def _table(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for position, header in enumerate(headers):
        cells = [row[position] for row in rows]
        numbers = bool(cells) and all(cell is None or _is_number(cell) for cell in cells)
        table.add_column(
            Text(one_line(_SECTION.sub("", header))),
            justify="right" if numbers else "left",
            overflow="ellipsis",
            no_wrap=True,
            max_width=_WIDEST,
        )
    for row in rows:
        styled = (
            Text(one_line(_rounded(cell)), style=_style(header, cell))
            for header, cell in zip(headers, row, strict=True)
        )
        table.add_row(*styled)
    return table


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _exact(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_exact, value))}]"
    return value if isinstance(value, str) else repr(value)


def _rounded(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.5g}" if isinstance(value, float) else _exact(value)


def _style(header: str, value: Any) -> str:
    if value is None:
        return "dim"
    if header == "state":
        return _STATE_STYLES.get(value, "")
    return "red" if isinstance(value, float) and not math.isfinite(value) else ""


def duration(seconds: float | None) -> str | None:
    """Return a number of seconds as a person says it: ``0.4 s``, ``4 min 31 s``, ``2 h 05 min``."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return None
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def size(count: int) -> str:
    """Return a number of bytes as a person says it: ``512 B``, ``3.4 MB``."""
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}"
