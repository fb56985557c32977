"""MLflow: the file store ``mlruns/<experiment>/<run>/`` with a file a metric, parameter and tag,
and the database (see :mod:`reportgen.importers.mlflow_database`).

The layout of the store is documented with MLflow (mlflow.org/docs/latest/tracking, "File stores")
and was the default up to MLflow 3.6. Runs that were deleted there are left aside. Artifacts stay
where they are, whatever ``artifact_uri`` says, and are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from reportgen.errors import ReportgenError
from reportgen.fs.documents import parse_yaml
from reportgen.importers.interface import (
    ImportedRun,
    ImportOptions,
    LeftAside,
    SourceFile,
    Unreadable,
)
from reportgen.importers.mlflow_database import DatabaseRun, is_database, read_database
from reportgen.importers.point_columns import PointColumns, number_in, value_in
from reportgen.importers.sources import HashedPieces, files_below, place_of
from reportgen.runs.problems import Problem
from reportgen.runs.schema import LeftOut, Status

_META = "meta.yaml"
_SMALL = 2**20
_STATUS: dict[Any, Status] = {3: "finished", 4: "failed", 5: "interrupted"}
_NAMED: dict[str, Status] = {"FINISHED": "finished", "FAILED": "failed", "KILLED": "interrupted"}
_SHOWN = 20
_PERSONAL = ("mlflow.user", "mlflow.source.name", "mlflow.databricks")


class MlflowFilesImporter:
    """The runs of file stores and databases."""

    kind: ClassVar[str] = "mlflow"
    title: ClassVar[str] = "MLflow"

    def detect(self, source: Path) -> bool:
        """Tell whether ``source`` is or holds MLflow's database, or holds the folder of a run."""
        root, _ = place_of(source)
        for path in files_below(source):
            if path.rpartition("/")[2] == _META and _is_run(_Reader(root), path):
                return True
            if is_database(root, path) and _is_of_mlflow(root, path):
                return True
        return False

    def read(
        self, source: Path, options: ImportOptions
    ) -> Iterator[ImportedRun | Unreadable | LeftAside]:
        """Yield the runs, as :class:`reportgen.importers.interface.Importer` says."""
        root, _ = place_of(source)
        paths = list(files_below(source, limits=options.limits))
        metas = [path for path in paths if path.rpartition("/")[2] == _META]
        reader = _Reader(root)
        runs = [path.rpartition("/")[0] for path in metas if _is_run(reader, path)]
        below: dict[str, list[str]] = {folder: [] for folder in runs}
        for path in paths:
            owner = _owner(path, below)
            if owner is not None:
                below[owner].append(path)
        seen: set[str] = set()
        for folder in runs:
            try:
                found = _run(_Reader(root), folder, below[folder], metas, options)
            except ReportgenError as error:
                yield Unreadable(folder or ".", error.what)
            except OSError as error:
                yield Unreadable(folder or ".", error.strerror or type(error).__name__)
            else:
                seen.add(found.identity if isinstance(found, ImportedRun) else folder)
                yield found
        for path in paths:
            if is_database(root, path) and _owner(path, below) is None:
                yield from _of_database(root, path, seen, options)


class _Reader:
    """Reads small files of the source and keeps account of them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.files: list[SourceFile] = []

    def bytes(self, path: str, limit: int = _SMALL) -> bytes:
        pieces = HashedPieces(self._root, path, limit)
        data = b"".join(pieces)
        self.files.append(pieces.source(path))
        return data[:limit]

    def text(self, path: str) -> str:
        return self.bytes(path).decode("utf-8", "replace")

    def document(self, path: str) -> dict[str, Any]:
        value = parse_yaml(self.bytes(path), name=path).value
        return value if isinstance(value, dict) else {}


def _is_run(reader: _Reader, path: str) -> bool:
    try:
        head = reader.bytes(path, 2**16)
    except (ReportgenError, OSError):
        return False
    keys = {line.partition(b":")[0].strip() for line in head.split(b"\n")}
    return bool(keys & {b"run_id", b"run_uuid"}) and b"experiment_id" in keys


def _owner(path: str, runs: dict[str, list[str]]) -> str | None:
    """Return the run that a file is of: a run logged in another's artifacts is the inner one's."""
    folder = path.rpartition("/")[0]
    while True:
        if folder in runs:
            return folder
        if not folder:
            return None
        folder = folder.rpartition("/")[0]


def _run(
    reader: _Reader, folder: str, paths: list[str], metas: list[str], options: ImportOptions
) -> ImportedRun | LeftAside:
    prefix = f"{folder}/" if folder else ""
    meta = reader.document(prefix + _META)
    if meta.get("lifecycle_stage") == "deleted":
        return LeftAside(folder, "was deleted in MLflow")
    own = [path.removeprefix(prefix) for path in paths]
    tags = {p[5:]: reader.text(prefix + p) for p in own if p.startswith("tags/")}
    params = {p[7:]: reader.text(prefix + p) for p in own if p.startswith("params/")}
    columns, problems = PointColumns(options.limits), []
    for path in own:
        if path.startswith("metrics/"):
            problems += _read_metric(reader, prefix, path, columns, options)
    artifacts = sum(path.startswith("artifacts/") for path in own)
    identifier = str(meta.get("run_id") or meta.get("run_uuid"))
    status = meta.get("status")
    return ImportedRun(
        kind=MlflowFilesImporter.kind,
        source=folder or ".",
        identity=identifier,
        name=str(meta.get("run_name") or tags.get("mlflow.runName") or identifier),
        project=_experiment(reader, folder, metas) or str(meta.get("experiment_id", "")) or None,
        points=columns.points(),
        files=reader.files,
        config={key: value_in(value) for key, value in params.items()} or None,
        typed=not params,
        status=_STATUS.get(status) or _NAMED.get(str(status), "running"),
        created=_seconds(meta.get("start_time")),
        ended=_seconds(meta.get("end_time")),
        notes=tags.get("mlflow.note.content"),
        tags=_tags(tags),
        commit=tags.get("mlflow.source.git.commit"),
        branch=tags.get("mlflow.source.git.branch"),
        remote=tags.get("mlflow.source.git.repoURL"),
        left_out=_left_out(folder, artifacts, columns),
        problems=problems,
    )


def _is_of_mlflow(root: Path, path: str) -> bool:
    try:
        return read_database(root, path, ImportOptions(), only_look=True) is not None
    except (ReportgenError, OSError):
        return False


def _of_database(
    root: Path, path: str, seen: set[str], options: ImportOptions
) -> Iterator[ImportedRun | Unreadable | LeftAside]:
    try:
        found = read_database(root, path, options)
    except (ReportgenError, OSError) as error:
        what = error.what if isinstance(error, ReportgenError) else str(error.strerror)
        yield Unreadable(path, what)
        return
    runs, files = found or ([], [])
    for run in runs:
        if run.stage == "deleted":
            yield LeftAside(f"{path}:{run.id}", "was deleted in MLflow")
        elif run.id not in seen:
            yield _run_of_row(path, run, files)


def _run_of_row(path: str, run: DatabaseRun, files: list[SourceFile]) -> ImportedRun:
    tags = run.tags
    return ImportedRun(
        kind=MlflowFilesImporter.kind,
        source=f"{path}:{run.id}",
        identity=run.id,
        name=run.name or tags.get("mlflow.runName") or run.id,
        project=run.experiment or None,
        points=run.columns.points(),
        files=files,
        config={key: value_in(value) for key, value in run.params.items()} or None,
        typed=not run.params,
        status=_NAMED.get(run.status, "running"),
        created=_seconds(run.start),
        ended=_seconds(run.end),
        notes=tags.get("mlflow.note.content"),
        tags=_tags(tags),
        commit=tags.get("mlflow.source.git.commit"),
        branch=tags.get("mlflow.source.git.branch"),
        remote=tags.get("mlflow.source.git.repoURL"),
        left_out=_left_out(path, 0, run.columns),
    )


def _read_metric(
    reader: _Reader, prefix: str, path: str, columns: PointColumns, options: ImportOptions
) -> list[Problem]:
    """Read lines of time in milliseconds, value and step; very old ones have no step."""
    problems: list[Problem] = []
    name = path.removeprefix("metrics/")
    data = reader.bytes(prefix + path, options.limits.log_bytes)
    for number, line in enumerate(data.split(b"\n"), 1):
        words = line.decode("utf-8", "replace").split()
        if not words:
            continue
        value = number_in(words[1]) if len(words) > 1 else None
        time = number_in(words[0])
        step = number_in(words[2]) if len(words) > 2 else 0.0
        whole = step is not None and step == step and abs(step) < 2**63 and step == int(step)
        if value is None or time is None or not whole or step is None:
            if len(problems) < _SHOWN:
                message = "is no line of time, value and step"
                problems.append(
                    Problem("import.bad_line", "warning", prefix + path, message, number)
                )
            continue
        columns.add(name, int(step), time / 1000, value)
    return problems


def _experiment(reader: _Reader, folder: str, metas: list[str]) -> str | None:
    above = folder.rpartition("/")[0]
    path = f"{above}/{_META}" if above else _META
    if path not in metas or path == f"{folder}/{_META}":
        return None
    name = reader.document(path).get("name")
    return str(name) if name else None


def _tags(tags: dict[str, str]) -> dict[str, Any]:
    """Return the tags without who ran it where, and without what has a place of its own."""
    own = ("mlflow.runName", "mlflow.note.content", "mlflow.source.git", "mlflow.log-model")
    return {key: value for key, value in tags.items() if not key.startswith((*_PERSONAL, *own))}


def _left_out(folder: str, artifacts: int, columns: PointColumns) -> list[LeftOut]:
    found = []
    if artifacts:
        what = "1 artifact" if artifacts == 1 else f"{artifacts} artifacts"
        found.append(LeftOut(what=what, where=f"{folder}/artifacts", rule="not imported"))
    if columns.refused:
        what = f"{columns.refused} points beyond the limits"
        found.append(LeftOut(what=what, where=f"{folder}/metrics", rule="size"))
    return found


def _seconds(milliseconds: Any) -> float | None:
    known = isinstance(milliseconds, int | float) and not isinstance(milliseconds, bool)
    return milliseconds / 1000 if known and abs(milliseconds) < 1e15 else None
