"""What a training hands over as a table, as column names and rows of plain cells.

Data frames are recognised by what they can do; no library of them is imported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from reportgen.errors import UsageError
from reportgen.logger.config import plain_value
from reportgen.logger.values import number_of, type_name
from reportgen.runs.numbers import to_stored

Cell = str | int | float | bool | None

_ABSENT = ("NAType", "NaTType")
_COLUMNS = 10_000


class Table(NamedTuple):
    """A table: the names of its columns, and its rows as they come."""

    columns: list[str]
    rows: Iterator[Sequence[Any]]


def table_of(columns: Any, rows: Any = None) -> Table:
    """Return a table whose rows have the length of its columns.

    Args:
        columns: Column names; or, without ``rows``, a whole table: a data frame (pandas, polars,
            pyarrow), a mapping of column to values, or a list of mappings, one a row.
        rows: Sequences of one value a column, or mappings of column to value.

    Raises:
        UsageError: None of these, no columns, a name that stands twice; from the rows, as they
            are taken: one of another length, or one that is no row.
    """
    if rows is None:
        return _whole(columns)
    names = _names(columns)
    try:
        each = iter(rows)
    except TypeError:
        raise _fault(f"rows is of type {type_name(rows)}", "a list of rows") from None
    return Table(names, _checked(names, each))


def _whole(given: Any) -> Table:
    if callable(getattr(given, "itertuples", None)):  # pandas
        if type(given.index).__name__ != "RangeIndex":
            given = given.reset_index()
        return Table(_names(given.columns), given.itertuples(index=False, name=None))
    if callable(getattr(given, "iter_rows", None)):  # polars
        return Table(_names(given.columns), given.iter_rows())
    if callable(getattr(given, "to_pydict", None)):  # pyarrow
        given = given.to_pydict()
    if isinstance(given, Mapping):
        return _of_columns(given)
    records = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else []
    if records and all(isinstance(record, Mapping) for record in records):
        keys = list(dict.fromkeys(key for record in records for key in record))
        return Table(_names(keys), ([record.get(key) for key in keys] for record in records))
    raise _fault(
        f"the table is of type {type_name(given)}",
        "a data frame, a mapping of columns, a list of mappings, or column names and rows",
    )


def _of_columns(given: Mapping[Any, Any]) -> Table:
    names = _names(given)
    columns = []
    for name, values in given.items():
        column = _listed(values)
        if column is None:
            what = f"the column {name!r:.60} is of type {type_name(values)}"
            raise _fault(what, "a list of values")
        columns.append(column)
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        raise _fault(
            f"its columns have {min(lengths)} to {max(lengths)} values", "as many in each column"
        )
    return Table(names, iter(zip(*columns, strict=True)))


def _listed(values: Any) -> list[Any] | None:
    """Return a sequence of any library as a list, None when it is none."""
    if isinstance(values, str | bytes | Mapping):
        return None
    convert = getattr(values, "tolist", None)
    try:
        found = convert() if callable(convert) else list(values)
    except Exception:
        return None
    return found if isinstance(found, list) else None


def _names(columns: Any) -> list[str]:
    if isinstance(columns, str | bytes):
        columns = None
    try:
        names = [name if isinstance(name, str) else str(name) for name in columns]
    except Exception:
        raise _fault("columns is no list of names", 'such as ["id", "loss"]') from None
    if not names or len(names) > _COLUMNS:
        raise _fault(f"there are {len(names)} columns", f"1 to {_COLUMNS}")
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise _fault(f"the column {name!r:.60} stands {times} times", "each name once")
    return names


def _checked(names: list[str], rows: Iterable[Any]) -> Iterator[Sequence[Any]]:
    for number, row in enumerate(rows):
        if isinstance(row, Mapping):
            unknown = [key for key in row if str(key) not in names]
            if unknown:
                raise _fault(f"row {number} has {unknown[0]!r:.60}", "the keys named in columns")
            by_name = {str(key): value for key, value in row.items()}
            yield [by_name.get(name) for name in names]
            continue
        listed = _listed(row)
        if listed is None or len(listed) != len(names):
            many = "is no row" if listed is None else f"has {len(listed)} values"
            raise _fault(f"row {number} {many}", f"{len(names)} values, one a column")
        yield listed


def cell_of(value: Any) -> Cell:
    """Return what stands for a value in a CSV file; nested values become JSON."""
    if value is None or isinstance(value, str | bool) or type(value) is int:
        return value
    number = number_of(value)
    if number is not None:
        return to_stored(number) if isinstance(number, float) else number
    if type(value).__name__ in _ABSENT:
        return None
    plain = plain_value(value)
    if isinstance(plain, dict | list):
        return orjson.dumps(plain, option=orjson.OPT_NON_STR_KEYS).decode()
    return plain if plain is None or isinstance(plain, str | int | float) else str(plain)


def _fault(what: str, expected: str) -> UsageError:
    return UsageError(what, where="log_table", expected=expected)
