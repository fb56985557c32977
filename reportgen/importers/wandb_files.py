"""Runs of Weights & Biases from the ``.wandb`` file that the client keeps, online and offline.

``wandb/[offline-]run-<time>-<id>/run-<id>.wandb``, with ``files/`` beside it: the record log is
read (see :mod:`reportgen.importers.leveldb_log`), the requirements and a few facts of
``wandb-metadata.json``. Who ran it where, with which arguments, what the console said and the
uncommitted changes are not taken. Directories of one run id are attempts of one run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from reportgen.errors import ReportgenError
from reportgen.fs.documents import parse_json, parse_yaml
from reportgen.importers.interface import (
    ImportedRun,
    ImportOptions,
    LeftAside,
    SourceFile,
    Unreadable,
    not_imported,
)
from reportgen.importers.leveldb_log import HEADER, MAGIC, LogReader
from reportgen.importers.point_columns import PointColumns
from reportgen.importers.sources import HashedPieces, files_below, place_of
from reportgen.importers.wandb_records import RunRecords
from reportgen.runs.schema import LeftOut

_ENDING = ".wandb"
_PINNED = re.compile(r"([A-Za-z0-9][\w.-]*)==([\w.+!-]+)")
_SMALL = 2**20
_EMPTY = "holds no record: was its writer stopped before it wrote the first?"


@dataclass(slots=True)
class _Log:
    """One file that was read whole."""

    path: str
    source: SourceFile
    data: bytes
    records: RunRecords

    @property
    def beside(self) -> str:
        return f"{self.path.rpartition('/')[0]}/files".lstrip("/")


class WandbImporter:
    """The runs below a folder ``wandb``."""

    kind: ClassVar[str] = "wandb"
    title: ClassVar[str] = "Weights & Biases"

    def detect(self, source: Path) -> bool:
        """Tell whether ``source`` is, or holds, a file of the client."""
        root, _ = place_of(source)
        return any(_is_log(root, path) for path in files_below(source) if path.endswith(_ENDING))

    def read(
        self, source: Path, options: ImportOptions
    ) -> Iterator[ImportedRun | Unreadable | LeftAside]:
        """Yield the runs, as :class:`reportgen.importers.interface.Importer` says."""
        root, _ = place_of(source)
        logs: dict[str, list[_Log]] = {}
        for path in files_below(source, limits=options.limits):
            if not (path.endswith(_ENDING) and _is_log(root, path)):
                continue
            found = _read_log(root, path, options)
            if isinstance(found, _Log):
                identifier = found.records.texts.get("id") or path.rpartition("/")[2]
                logs.setdefault(identifier, []).append(found)
            else:
                yield found
        for identifier, several in logs.items():
            # A link ``latest-run`` is a copy where the file system knows no links.
            different = {log.source.sha256: log for log in reversed(several)}
            ordered = sorted(different.values(), key=lambda log: log.records.started or 0.0)
            yield _run(root, identifier, ordered, options)


def _is_log(root: Path, path: str) -> bool:
    try:
        head = next(iter(HashedPieces(root, path, HEADER)), b"")
    except (ReportgenError, OSError):
        return False
    return head.startswith(MAGIC)


def _read_log(root: Path, path: str, options: ImportOptions) -> _Log | Unreadable:
    pieces = HashedPieces(root, path, options.limits.log_bytes)
    try:
        data = b"".join(pieces)
    except (ReportgenError, OSError) as error:
        return Unreadable(path, error.what if isinstance(error, ReportgenError) else str(error))
    if pieces.too_large:
        return Unreadable(path, f"holds more than {pieces.limit} bytes")
    records = RunRecords(path, PointColumns(options.limits))
    for record in LogReader(path).records(data):
        records.take(record)
    if not records.records:
        return Unreadable(path, _EMPTY)
    return _Log(path, pieces.source(path), data, records)


def _run(root: Path, identifier: str, logs: Sequence[_Log], options: ImportOptions) -> ImportedRun:
    columns = PointColumns(options.limits)
    readers = []
    for attempt, log in enumerate(logs, 1):
        log.records = RunRecords(log.path, columns, attempt)
        readers.append(LogReader(log.path))
        for record in readers[-1].records(log.data):
            log.records.take(record)
    last = logs[-1].records
    texts = {key: value for log in logs for key, value in log.records.texts.items()}
    files = [log.source for log in logs]
    facts = _metadata(root, logs[-1].beside, files)
    recorded_git = facts.get("git")
    git: dict[str, Any] = recorded_git if isinstance(recorded_git, dict) else {}
    config = {key: value for log in logs for key, value in log.records.config.items()}
    runtimes = [log.records.runtime for log in logs if log.records.runtime is not None]
    ended = last.exit_code is not None
    changed = _is_file(root, f"{logs[-1].beside}/diff.patch")
    left_out = _left_out(logs, columns)
    if changed:
        what = "uncommitted changes, which may hold secrets"
        left_out.append(LeftOut(what=what, where=logs[-1].beside, rule="not imported"))
    started = logs[0].records.started
    return ImportedRun(
        kind=WandbImporter.kind,
        source=logs[-1].path,
        identity=identifier,
        name=texts.get("name") or identifier,
        project=texts.get("project"),
        group=texts.get("group"),
        points=columns.points(),
        config=config or _config_file(root, logs[-1].beside, files),
        status="running" if not ended else "failed" if last.exit_code else "finished",
        exit_code=last.exit_code,
        created=started,
        ended=(last.started or 0.0) + (last.runtime or 0.0) if ended and last.started else None,
        seconds=sum(runtimes) if runtimes else None,
        notes=texts.get("notes"),
        tags=_tags(logs, texts),
        goals={key: goal for log in logs for key, goal in log.records.goals.items()},
        commit=texts.get("commit") or _text(git.get("commit")),
        remote=texts.get("remote") or _text(git.get("remote") or git.get("remote_url")),
        packages=_packages(root, logs[-1].beside, files),
        python=_text(facts.get("python")),
        system=_text(facts.get("os")),
        distributions=[one for log in logs for one in log.records.distributions],
        dirty=True if changed else None,
        left_out=left_out,
        problems=[
            *(problem for reader in readers for problem in reader.problems),
            *(problem for log in logs for problem in log.records.problems),
        ],
        files=files,
    )


def _tags(logs: Sequence[_Log], texts: dict[str, str]) -> dict[str, Any]:
    tags: dict[str, Any] = {label: True for log in logs for label in log.records.labels}
    tags.update({key: texts[key] for key in ("job_type", "sweep") if key in texts})
    return tags


def _left_out(logs: Sequence[_Log], columns: PointColumns) -> list[LeftOut]:
    where = logs[-1].path
    found = not_imported((log.records.left_out for log in logs), where)
    if columns.refused:
        what = f"{columns.refused} points beyond the limits"
        found.append(LeftOut(what=what, where=where, rule="size"))
    return found


def _beside(root: Path, path: str, files: list[SourceFile]) -> bytes | None:
    pieces = HashedPieces(root, path, _SMALL)
    try:
        data = b"".join(pieces)
    except (ReportgenError, OSError):
        return None
    files.append(pieces.source(path))
    return None if pieces.too_large else data


def _is_file(root: Path, path: str) -> bool:
    try:
        return next(iter(HashedPieces(root, path, _SMALL)), None) is not None
    except (ReportgenError, OSError):
        return False


def _metadata(root: Path, folder: str, files: list[SourceFile]) -> dict[str, Any]:
    data = _beside(root, f"{folder}/wandb-metadata.json", files)
    try:
        value = parse_json(data, name="wandb-metadata.json").value if data else None
    except ReportgenError:
        return {}
    return value if isinstance(value, dict) else {}


def _config_file(root: Path, folder: str, files: list[SourceFile]) -> dict[str, Any] | None:
    """Return the configuration that older clients wrote beside the log."""
    data = _beside(root, f"{folder}/config.yaml", files)
    try:
        value = parse_yaml(data, name="config.yaml").value if data else None
    except ReportgenError:
        return None
    if not isinstance(value, dict):
        return None
    found = {
        key: one["value"]
        for key, one in value.items()
        if isinstance(one, dict) and "value" in one and key != "_wandb"
    }
    return found or None


def _packages(root: Path, folder: str, files: list[SourceFile]) -> dict[str, str] | None:
    """Return the pinned requirements; addresses, which may hold credentials, are not taken."""
    data = _beside(root, f"{folder}/requirements.txt", files)
    if data is None:
        return None
    lines = data.decode("utf-8", "replace").splitlines()
    pinned = (_PINNED.fullmatch(line.strip()) for line in lines)
    return {found[1]: found[2] for found in pinned if found} or None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
