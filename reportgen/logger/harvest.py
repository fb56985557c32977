"""Metrics from the tables that a program writes by itself: CSV, TSV and JSON lines.

Read are files that appear, or grow, below the working directory while the command runs and that
have a column for the step (or the epoch) beside numbers. The time of a record is when it was
found. TensorBoard's files belong to the importer of that tool.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import orjson

from reportgen.errors import ReportgenError

_ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson")
_STEPS = (
    *("step", "global_step", "_step", "trainer/global_step", "iteration", "iter", "num_updates"),
    *("total_timesteps", "timesteps", "time/total_timesteps", "episode", "epoch"),
)
_GENERIC = frozenset({"metrics", "log", "logs", "progress", "history", "results", "scalars"})
_NUMBER = re.compile(
    r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(nan|inf|infinity)", re.IGNORECASE
)
_NOT_ENTERED = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "env"})
_DEPTH = 4
_ENTRIES = 20_000
_FILE_LIMIT = 64 * 2**20
_DIGEST_LIMIT = 2**20

Record = dict[str, Any]


class TakesMetrics(Protocol):
    """Where records go: ``run.log`` or what stands for it."""

    def __call__(self, metrics: Mapping[str, Any], step: int | None = None) -> None: ...


class _State(NamedTuple):
    """What tells a file that changed."""

    size: int
    changed: int


@dataclass(slots=True)
class _Table:
    """How far a file was read.

    Attributes:
        seen: Its state when it was last looked at.
        rows: How many of its records were taken, or stood there before the command began.
    """

    seen: _State
    rows: int = 0


class Harvester:
    """Follows the tables below one folder.

    Args:
        folder: The working directory of the command.
        take: Takes the records.
        skip: A folder that is not looked into (that of the runs).
    """

    def __init__(self, folder: Path, take: TakesMetrics, *, skip: Path) -> None:
        self._folder = folder
        self._take = take
        self._skip = os.path.realpath(skip)
        self._tables: dict[str, _Table] = {}
        self._before = {path: (state, _digest(path)) for path, state in self._candidates()}
        self._owners: dict[str, str] = {}
        self.files: list[str] = []

    def poll(self) -> None:
        """Take what is new since the last call; a file that cannot be read is passed over."""
        for path, state in self._candidates():
            table = self._tables.get(path)
            before, _ = self._before.get(path, (None, ""))
            if state == (table.seen if table else before) or state.size > _FILE_LIMIT:
                continue
            try:
                data = Path(path).read_bytes()
                if table is None:
                    table = self._tables[path] = _Table(state, self._rows_before(path, data))
                records = records_of(path, data)
            except (OSError, csv.Error):
                continue
            for record in records[table.rows :]:
                self._log(path, record)
            table.seen, table.rows = state, max(table.rows, len(records))

    def _rows_before(self, path: str, data: bytes) -> int:
        """Return how many records of a file are not of this command: it was there and grew."""
        before, digest = self._before.get(path, (_State(0, 0), ""))
        kept = data[: before.size]
        if len(data) <= before.size or digest not in ("", hashlib.sha256(kept).hexdigest()):
            return 0  # new, or written anew
        return len(records_of(path, kept))

    def _candidates(self) -> Iterator[tuple[str, _State]]:
        pending = [(self._folder, 0)]
        entries = 0
        while pending and entries < _ENTRIES:
            folder, depth = pending.pop()
            try:
                listing = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in listing:
                entries += 1
                if entry.name.startswith("."):
                    continue
                if entry.name.lower().endswith(_ENDINGS) and entry.is_file(follow_symlinks=False):
                    info = entry.stat(follow_symlinks=False)
                    yield entry.path, _State(info.st_size, info.st_mtime_ns)
                elif depth < _DEPTH and self._enters(entry):
                    pending.append((Path(entry.path), depth + 1))

    def _enters(self, entry: os.DirEntry[str]) -> bool:
        if entry.name in _NOT_ENTERED or not entry.is_dir(follow_symlinks=False):
            return False
        return os.path.realpath(entry.path) != self._skip

    def _log(self, path: str, record: Mapping[str, Any]) -> None:
        column = _step_column(list(record))
        step = _number(record.get(column)) if column else None
        if column is None or step is None or step != step or not 0 <= step < 2**63:
            return
        metrics = {
            self._name(path, name): number
            for name, value in record.items()
            if name != column and name.strip() and (number := _number(value)) is not None
        }
        if not metrics:
            return
        try:
            self._take(metrics, int(step))
        except ReportgenError:
            return
        if path not in self.files:
            self.files.append(path)

    def _name(self, path: str, column: str) -> str:
        """Return a metric's name: the column, or with its file where two files have it."""
        stem = os.path.splitext(os.path.relpath(path, self._folder))[0].replace(os.sep, "/")
        generic = os.path.basename(stem).lower() in _GENERIC
        if generic and self._owners.setdefault(column, path) == path:
            return column
        return f"{stem}/{column}"


def records_of(path: str, data: bytes) -> list[Record]:
    """Return the whole records in a table: those whose line is ended.

    Args:
        path: Its ending says of what kind it is.
        data: Its bytes.

    Raises:
        csv.Error: No table.
    """
    lines = data[: data.rfind(b"\n") + 1].split(b"\n")[:-1]
    if path.lower().endswith((".jsonl", ".ndjson")):
        return [record for line in lines if (record := _json_record(line)) is not None]
    texts = (line.decode("utf-8-sig", "replace") for line in lines)
    rows = csv.reader(texts, delimiter="\t" if path.lower().endswith(".tsv") else ",")
    header = next(rows, [])
    if _step_column(header) is None:
        return []
    return [dict(zip(header, row, strict=True)) for row in rows if len(row) == len(header)]


def _json_record(line: bytes) -> Record | None:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return dict(_flat(record, "")) if isinstance(record, dict) else None


def _flat(record: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, "" if key == "metrics" else f"{prefix}{key}/")
        else:
            yield f"{prefix}{key}", value


def _step_column(columns: Sequence[str]) -> str | None:
    known = {column.strip().lower(): column for column in reversed(columns)}
    return next((known[name] for name in _STEPS if name in known), None)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    return None


def _digest(path: str) -> str:
    """Return the SHA-256 of a small file, else nothing: a larger one is taken to be appended to."""
    try:
        with open(path, "rb") as file:
            data = file.read(_DIGEST_LIMIT + 1)
    except OSError:
        return ""
    return hashlib.sha256(data).hexdigest() if len(data) <= _DIGEST_LIMIT else ""
