"""Parquet (parquet.apache.org/docs/file-format): ``runs.parquet`` and ``metrics.parquet``.

Needs pyarrow. A column has one type; where the runs disagree on it, or a value is a list, the
column holds the values' JSON and its field's metadata say ``{"reportgen": "json"}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from reportgen.errors import UnavailableError
from reportgen.exporters.tables import METRICS, RUNS, Point, columns_of, points_of, run_row
from reportgen.fs.atomic import replacing
from reportgen.runs.numbers import to_stored
from reportgen.runs.view import RunView

if TYPE_CHECKING:
    import pyarrow

_JSON: Final = {b"reportgen": b"json"}
_ROWS: Final = 200_000
_LARGEST = 2**63 - 1


class Parquet:
    """``runs.parquet`` and ``metrics.parquet``."""

    name = "parquet"
    title = "Parquet: the same two tables with their types (needs pyarrow)"

    def export(self, runs: Sequence[RunView], target: Path) -> list[Path]:
        """Write both tables and return their files.

        Raises:
            UnavailableError: pyarrow is not installed.
        """
        try:
            import pyarrow.parquet
        except ImportError:
            raise UnavailableError(
                "pyarrow is not installed",
                where="parquet",
                fix="pip install 'reportgen-runs[parquet]'",
            ) from None
        target.mkdir(parents=True, exist_ok=True)
        files = [target / f"{RUNS}.parquet", target / f"{METRICS}.parquet"]
        with replacing(files[0]) as beside:
            pyarrow.parquet.write_table(_runs(runs), beside)
        points = (point for view in runs for point in points_of(view))
        with (
            replacing(files[1]) as beside,
            pyarrow.parquet.ParquetWriter(beside, _schema()) as writer,
        ):
            for table in _tables(points):
                writer.write_table(table)
        return files


def _schema() -> pyarrow.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            ("run", pa.dictionary(pa.int32(), pa.string())),
            ("metric", pa.dictionary(pa.int32(), pa.string())),
            ("step", pa.int64()),
            ("time", pa.float64()),
            ("value", pa.float64()),
            ("attempt", pa.int32()),
        ]
    )


def _tables(points: Iterator[Point]) -> Iterator[pyarrow.Table]:
    import pyarrow as pa

    while portion := list(islice(points, _ROWS)):
        columns = [list(column) for column in zip(*portion, strict=True)]
        columns[4] = [float(value) for value in columns[4]]
        yield pa.table(
            [pa.array(c, f.type) for c, f in zip(columns, _schema(), strict=True)],
            schema=_schema(),
        )


def _runs(runs: Sequence[RunView]) -> pyarrow.Table:
    import pyarrow as pa

    rows = [run_row(view) for view in runs]
    arrays, fields = [], []
    for name in columns_of(rows):
        array, metadata = _column([row.get(name) for row in rows])
        arrays.append(array)
        fields.append(pa.field(name, array.type, metadata=metadata))
    return pa.table(arrays, schema=pa.schema(fields))


def _column(values: list[Any]) -> tuple[pyarrow.Array, dict[bytes, bytes] | None]:
    import pyarrow as pa

    kinds = {type(value) for value in values if value is not None}
    if kinds <= {str}:
        return pa.array(values, pa.string()), None
    if kinds == {bool}:
        return pa.array(values, pa.bool_()), None
    if kinds == {float}:
        return pa.array(values, pa.float64()), None
    if kinds == {int} and all(value is None or abs(value) <= _LARGEST for value in values):
        return pa.array(values, pa.int64()), None
    texts = [None if value is None else orjson.dumps(_strict(value)).decode() for value in values]
    return pa.array(texts, pa.string()), _JSON


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strict(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_strict(part) for part in value]
    if isinstance(value, int) and abs(value) > _LARGEST:
        return str(value)
    return to_stored(value) if isinstance(value, float) else value
