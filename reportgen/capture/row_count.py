"""How many records a data file holds, where that follows from its format."""

from __future__ import annotations

import ast
import csv
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_TABLES = {".csv": "excel", ".tsv": "excel-tab"}
_LINES = (".jsonl", ".ndjson", ".txt")
_NUMBER = re.compile(
    r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*|\s*[-+]?(?:nan|inf)\s*", re.I
)


def count_rows(path: Path) -> int | None:
    """Return the number of records in a file, None when its format does not say.

    Counted are CSV and TSV (a header is not a record), JSON lines and text (blank lines are
    none), each also as ``.gz``, NumPy's ``.npy`` (its first dimension) and Parquet where
    pyarrow is installed.

    Raises:
        OSError: It cannot be read.
    """
    endings = [ending.lower() for ending in path.suffixes]
    packed = endings[-1:] == [".gz"]
    kind = (endings[:-1] if packed else endings)[-1:]
    if not kind:
        return None
    if kind[0] in _TABLES:
        return _table_rows(path, packed, _TABLES[kind[0]])
    if kind[0] in _LINES:
        with _opened(path, packed) as stream:
            return sum(1 for line in stream if line.strip())
    if packed:
        return None
    if kind[0] == ".npy":
        return _array_rows(path)
    return _parquet_rows(path) if kind[0] == ".parquet" else None


@contextmanager
def _opened(path: Path, packed: bool) -> Iterator[Any]:
    raw: Any = gzip.open(path, "rb") if packed else open(path, "rb")  # noqa: SIM115
    with raw, io.BufferedReader(raw, 1 << 20) as stream:
        yield stream


def _table_rows(path: Path, packed: bool, dialect: str) -> int | None:
    """Count the records after the header; only quotes need the csv module, which is slow."""
    try:
        with _opened(path, packed) as stream:
            count = _unquoted_rows(stream, dialect)
        if count is None:
            with _opened(path, packed) as stream:
                text = io.TextIOWrapper(stream, "utf-8", errors="replace", newline="")
                count = _records_after_header(csv.reader(text, dialect))
    except (csv.Error, EOFError, gzip.BadGzipFile):
        return None
    return count


def _unquoted_rows(stream: Any, dialect: str) -> int | None:
    """Return the count when no line holds a quote, so that lines are records."""
    if (first := next((line for line in stream if line.strip()), None)) is None:
        return 0
    if b'"' in first:
        return None
    count = 0
    for line in stream:
        if b'"' in line:
            return None
        count += bool(line.strip())
    text = first.decode("utf-8-sig", "replace").strip()
    return count + (0 if _is_header(next(csv.reader([text], dialect))) else 1)


def _records_after_header(rows: Iterator[list[str]]) -> int:
    first = next((row for row in rows if row), None)
    if first is None:
        return 0
    return sum(1 for row in rows if row) + (0 if _is_header(first) else 1)


def _is_header(row: list[str]) -> bool:
    """A first row without a number is taken for the names of the columns."""
    return not any(_NUMBER.fullmatch(cell) for cell in row)


def _array_rows(path: Path) -> int | None:
    """Read the shape from the header of the NPY format, versions 1 to 3 (numpy.lib.format)."""
    with open(path, "rb") as file:
        if file.read(6) != b"\x93NUMPY":
            return None
        width = 2 if file.read(2)[:1] == b"\x01" else 4
        length = int.from_bytes(file.read(width), "little")
        header = file.read(min(length, 65_536))
    try:
        shape = ast.literal_eval(header.decode("utf-8").strip())["shape"]
        return int(shape[0]) if shape else 1
    except (ValueError, SyntaxError, KeyError, TypeError, IndexError, MemoryError, RecursionError):
        return None


def _parquet_rows(path: Path) -> int | None:
    try:
        from pyarrow import parquet  # type: ignore[import-not-found, import-untyped, unused-ignore]

        return int(parquet.read_metadata(path).num_rows)
    except Exception:
        # pyarrow is not installed, or the file is none that it reads: the count stays unknown.
        return None
