"""MLflow's database in SQLite, its default since 3.7: experiments, runs, params, tags and metrics.

The tables are documented by MLflow's own models (mlflow/store/tracking/dbmodels/models.py); those
read here have had the same columns since 2022. A copy is opened, since reading alone may write
beside a database, and of it plain tables only: a view or a trigger may be a program. What takes too
long is stopped.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from reportgen.errors import LimitError, NotFoundError, ReportgenError, UnreadableError
from reportgen.importers.interface import ImportOptions, SourceFile
from reportgen.importers.point_columns import PointColumns
from reportgen.importers.sources import HashedPieces

MAGIC: Final = b"SQLite format 3\0"
ENDINGS: Final = (".db", ".sqlite", ".sqlite3")
SECONDS: Final = 120.0
_TABLES: Final = {
    "experiments": ("experiment_id", "name"),
    "runs": ("run_uuid", "name", "status", "start_time", "end_time", "lifecycle_stage"),
    "metrics": ("run_uuid", "key", "value", "timestamp", "step", "is_nan"),
    "params": ("run_uuid", "key", "value"),
    "tags": ("run_uuid", "key", "value"),
}
_LARGEST = 1.7976931348623157e308
_STEPS_BETWEEN_LOOKS = 20_000
_TEXT = 2**20


@dataclass(slots=True)
class DatabaseRun:
    """One row of ``runs`` with what other tables hold of it."""

    id: str
    name: str
    status: str
    start: Any
    end: Any
    stage: str
    experiment: str
    columns: PointColumns
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


def is_database(root: Path, path: str) -> bool:
    """Tell whether a file is a database of SQLite, by its name and its first bytes."""
    if not path.lower().endswith(ENDINGS):
        return False
    try:
        return next(iter(HashedPieces(root, path, len(MAGIC))), b"").startswith(MAGIC)
    except (ReportgenError, OSError):
        return False


def read_database(
    root: Path,
    path: str,
    options: ImportOptions,
    *,
    seconds: float = SECONDS,
    only_look: bool = False,
) -> tuple[list[DatabaseRun], list[SourceFile]] | None:
    """Return the runs of a database, None when it is not MLflow's.

    Args:
        root: The source.
        path: The database below it.
        options: Bounds on what is read.
        seconds: After which reading is given up.
        only_look: Whether it is MLflow's, without its runs.

    Raises:
        UnreadableError: It is damaged, or its tables are not what MLflow makes.
        LimitError: It is too large, or reading takes too long.
    """
    with TemporaryDirectory(prefix="reportgen-mlflow-") as folder:
        copy = Path(folder, "copy.db")
        files = [_copied(root, path, copy, options)]
        with suppress(NotFoundError):
            files.append(_copied(root, f"{path}-wal", copy.with_name("copy.db-wal"), options))
        try:
            with closing(_opened(copy, seconds)) as database:
                if not _is_mlflow(database):
                    return None
                return [] if only_look else list(_runs(database, options)), files
        except sqlite3.OperationalError as error:
            if "interrupt" in str(error):
                raise LimitError(f"took more than {seconds:.0f} s to read", where=path) from None
            raise UnreadableError(f"is damaged: {error}"[:200], where=path) from None
        except (sqlite3.Error, OverflowError, ValueError) as error:
            raise UnreadableError(f"is damaged: {error}"[:200], where=path) from None


def _copied(root: Path, path: str, copy: Path, options: ImportOptions) -> SourceFile:
    pieces = HashedPieces(root, path, options.limits.log_bytes)
    with open(copy, "xb") as stream:
        for piece in pieces:
            stream.write(piece)
    if pieces.too_large:
        raise LimitError(f"holds more than {pieces.limit} bytes", where=path)
    return pieces.source(path)


def _opened(copy: Path, seconds: float) -> sqlite3.Connection:
    database = sqlite3.connect(copy)
    deadline = time.monotonic() + seconds
    database.set_progress_handler(
        lambda: 1 if time.monotonic() > deadline else 0, _STEPS_BETWEEN_LOOKS
    )
    database.text_factory = lambda data: data.decode("utf-8", "replace")
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "query_only=ON"):
        database.execute(f"PRAGMA {pragma}")
    return database


def _is_mlflow(database: sqlite3.Connection) -> bool:
    """Tell whether each table that is read is a plain one with the columns that are read."""
    found = database.execute("SELECT name, type, sql FROM sqlite_master").fetchall()
    plain = {
        name
        for name, kind, sql in found
        if kind == "table" and not str(sql).upper().startswith("CREATE VIRTUAL")
    }
    if not _TABLES.keys() <= plain:
        return False
    for table, columns in _TABLES.items():
        info = database.execute(f"PRAGMA table_xinfo({table})").fetchall()
        # The last number of a row tells a column whose value is computed.
        if not set(columns) <= {row[1] for row in info if row[6] == 0}:
            return False
    return True


def _runs(database: sqlite3.Connection, options: ImportOptions) -> Iterator[DatabaseRun]:
    experiments = _rows(database, "SELECT experiment_id, name FROM experiments")
    names = {row[0]: row[1] for row in experiments}
    query = (
        "SELECT run_uuid, name, status, start_time, end_time, lifecycle_stage, experiment_id "
        "FROM runs ORDER BY start_time, run_uuid"
    )
    runs = {
        str(row[0]): DatabaseRun(
            id=str(row[0]),
            name=_text(row[1]),
            status=_text(row[2]),
            start=row[3],
            end=row[4],
            stage=_text(row[5]),
            experiment=_text(names.get(row[6])),
            columns=PointColumns(options.limits),
        )
        for row in _rows(database, query)
    }
    for table in ("params", "tags"):
        for run, key, value in _rows(database, f"SELECT run_uuid, key, value FROM {table}"):  # noqa: S608
            if str(run) in runs:
                getattr(runs[str(run)], table)[_text(key)] = _text(value)
    points = (
        "SELECT run_uuid, key, value, timestamp, step, is_nan FROM metrics "
        "ORDER BY timestamp, step, rowid"
    )
    for run, key, value, moment, step, is_nan in _rows(database, points):
        number = _number(value, is_nan)
        known = isinstance(moment, int) and isinstance(step, int)
        if str(run) in runs and number is not None and known:
            runs[str(run)].columns.add(_text(key), step, moment / 1000, number)
    yield from runs.values()


def _rows(database: sqlite3.Connection, query: str) -> Iterator[Sequence[Any]]:
    yield from database.execute(query)


def _number(value: Any, is_nan: Any) -> float | None:
    """Return a value: SQLite holds neither NaN nor infinities, MLflow writes others for them."""
    if is_nan:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if abs(value) >= _LARGEST:
        return math.copysign(math.inf, value)
    return float(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:_TEXT]
