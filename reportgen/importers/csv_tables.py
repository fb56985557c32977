"""Tables of metrics: PyTorch Lightning's ``metrics.csv``, Keras' ``CSVLogger``, and plain ones.

A table is a file with a header, a column for the step (``step``, ``epoch``, ``iteration`` and the
like) and columns of numbers; comma, semicolon or tab between them. A configuration is what lies
beside it under a name that is usual for one. An empty cell, and Keras' ``NA``, was not logged.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

from reportgen.errors import ReportgenError
from reportgen.fs.documents import parse_json, parse_yaml
from reportgen.importers.interface import (
    ImportedRun,
    ImportOptions,
    LeftAside,
    SourceFile,
    Unreadable,
)
from reportgen.importers.point_columns import PointColumns, number_in
from reportgen.importers.sources import HashedPieces, files_below, place_of
from reportgen.runs.problems import Problem
from reportgen.runs.schema import LeftOut

STEPS: Final = (
    *("step", "global_step", "_step", "trainer/global_step", "iteration", "iter", "num_updates"),
    *("total_timesteps", "timesteps", "time/total_timesteps", "episode", "epoch"),
)
_TIMES = ("time", "timestamp", "wall_time", "_timestamp")
_GENERIC = frozenset({"metrics", "log", "logs", "training", "progress", "history", "results"})
_CONFIGS = (
    *("hparams.yaml", "config.yaml", "config.yml", "config.json", "config.toml"),
    *("params.yaml", "params.json", "args.json", "args.yaml"),
)
_ENDINGS = (".csv", ".tsv", ".log")
_HEAD = 64 * 2**10
_CONFIG_BYTES = 8 * 2**20
_SHOWN = 20
_SINCE_2001 = 1e9
_NOT_LOGGED = frozenset({"", "NA", "None", "null"})


@dataclass(slots=True)
class _Header:
    """The columns of a table: which is the step, which the time, and the metrics."""

    names: list[str]
    delimiter: str
    step: int
    time: int | None

    @property
    def metrics(self) -> list[tuple[int, str]]:
        apart = (self.step, self.time)
        return [(at, name) for at, name in enumerate(self.names) if at not in apart]


@dataclass(slots=True)
class _Table:
    """What was read of a table."""

    columns: PointColumns
    problems: list[Problem] = field(default_factory=list)
    texts: int = 0


class CsvImporter:
    """Tables of metrics."""

    kind: ClassVar[str] = "csv"
    title: ClassVar[str] = "CSV"

    def detect(self, source: Path) -> bool:
        """Tell whether ``source`` is, or holds, a table with a column for the step."""
        root, _ = place_of(source)
        return any(_header_of(root, path) for path in files_below(source) if _may_be(path))

    def read(
        self, source: Path, options: ImportOptions
    ) -> Iterator[ImportedRun | Unreadable | LeftAside]:
        """Yield a run for each table, as :class:`reportgen.importers.interface.Importer` says."""
        root, _ = place_of(source)
        paths = list(files_below(source, limits=options.limits))
        there = set(paths) if source.is_dir() else {p.name for p in root.iterdir() if p.is_file()}
        for path in filter(_may_be, paths):
            header = _header_of(root, path)
            if header is None:
                continue
            try:
                yield _run(root, path, header, there, options)
            except csv.Error as error:
                yield Unreadable(path, f"is no table: {str(error)[:80]}")
            except ReportgenError as error:
                yield Unreadable(path, error.what)
            except OSError as error:
                yield Unreadable(path, error.strerror or type(error).__name__)


def _may_be(path: str) -> bool:
    return path.lower().endswith(_ENDINGS)


def _header_of(root: Path, path: str) -> _Header | None:
    """Return the columns of a table of metrics, None when the file is no such table."""
    try:
        head = next(iter(HashedPieces(root, path, _HEAD)), b"")
    except (ReportgenError, OSError):
        return None
    line = head[:_HEAD].split(b"\n", 1)[0].decode("utf-8-sig", "replace").rstrip("\r")
    delimiter = max(",;\t", key=line.count)
    try:
        names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return None
    steps = [name for name in STEPS if name in names]
    if len(names) < 2 or not steps or len(set(names)) < len(names):
        return None
    time = next((names.index(name) for name in _TIMES if name in names), None)
    return _Header(names, delimiter, names.index(steps[0]), time)


def _run(
    root: Path, path: str, header: _Header, there: set[str], options: ImportOptions
) -> ImportedRun:
    pieces = HashedPieces(root, path, options.limits.text_bytes)
    text = b"".join(pieces).decode("utf-8-sig", "replace")
    table = _Table(PointColumns(options.limits))
    _read(text, path, header, table)
    if pieces.too_large:
        message = f"holds more than {pieces.limit} bytes; the rest is not read"
        table.problems.append(Problem("limits.bytes", "error", path, message))
    files = [pieces.source(path)]
    folder, _, name = path.rpartition("/")
    config = _config(root, folder, there, files, table.problems)
    stem = name.rpartition(".")[0]
    above = (folder or root.resolve().name).split("/")
    generic = stem.lower() in _GENERIC
    return ImportedRun(
        kind=CsvImporter.kind,
        source=path,
        identity=path,
        name=above[-1] if generic else stem,
        group="/".join(above[:-1] if generic else folder.split("/")) or None,
        points=table.columns.points(),
        files=files,
        config=config,
        left_out=_left_out(path, table),
        problems=table.problems,
    )


def _read(text: str, path: str, header: _Header, table: _Table) -> None:
    rows = csv.reader(_lines(text), delimiter=header.delimiter)
    next(rows, None)
    first: int | None = None
    before, attempt = -1, 1
    for row in rows:
        if not row:
            continue
        step = number_in(row[header.step]) if len(row) == len(header.names) else None
        if step is None or not abs(step) < 2**63 or step != int(step):
            if len(table.problems) < _SHOWN:
                message = "is no row of this table"
                table.problems.append(
                    Problem("import.bad_line", "warning", path, message, rows.line_num)
                )
            continue
        whole = int(step)
        first = whole if first is None else first
        # A program that was started again goes on in the same file, without a header.
        attempt += whole < before and whole <= first
        before = whole
        _take(row, whole, attempt, header, table)


def _take(row: Sequence[str], step: int, attempt: int, header: _Header, table: _Table) -> None:
    time = number_in(row[header.time]) if header.time is not None else None
    known = time if time is not None and time >= _SINCE_2001 else None
    for at, name in header.metrics:
        text = row[at].strip()
        if text in _NOT_LOGGED:
            continue
        value = number_in(text)
        if value is None:
            table.texts += 1
        else:
            table.columns.add(name or f"column {at + 1}", step, known, value, attempt)


def _lines(text: str) -> Iterator[str]:
    """Yield lines one by one: only line feeds end one, as U+2028 is a character of a text."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _config(
    root: Path, folder: str, there: set[str], files: list[SourceFile], problems: list[Problem]
) -> dict[str, Any] | None:
    """Return the first configuration beside a table that can be read."""
    prefix = f"{folder}/" if folder else ""
    for name in _CONFIGS:
        path = prefix + name
        if path not in there:
            continue
        pieces = HashedPieces(root, path, _CONFIG_BYTES)
        try:
            data = b"".join(pieces)
            value = _parsed(data, path)
        except (ReportgenError, OSError, ValueError, RecursionError) as error:
            what = error.what if isinstance(error, ReportgenError) else "cannot be read"
            problems.append(Problem("import.config", "warning", path, what))
            continue
        if isinstance(value, dict) and value:
            files.append(pieces.source(path))
            return value
    return None


def _parsed(data: bytes, path: str) -> Any:
    if path.endswith(".toml"):
        return tomllib.loads(data.decode("utf-8"))
    parse = parse_json if path.endswith(".json") else parse_yaml
    return parse(data, name=path).value


def _left_out(path: str, table: _Table) -> list[LeftOut]:
    found = []
    if table.texts:
        what = f"{table.texts} values that are no numbers"
        found.append(LeftOut(what=what, where=path, rule="not imported"))
    if table.columns.refused:
        what = f"{table.columns.refused} points beyond the limits"
        found.append(LeftOut(what=what, where=path, rule="size"))
    return found
