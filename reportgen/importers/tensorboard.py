"""TensorBoard's event files: scalars of both encodings, hyperparameters, histograms, texts, images.

Reads every file whose name holds ``tfevents``, and ``hparams.yaml`` beside it, which Lightning
writes. The format is documented by its definitions (tensorflow/core/util/event.proto and
tensorflow/core/framework/summary.proto) and read here field by field: TensorBoard's own reader
drops what follows a damaged record without a word and keeps a sample of long series.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from reportgen.errors import ReportgenError
from reportgen.fs.documents import parse_yaml
from reportgen.fs.regular import read_regular
from reportgen.importers.interface import (
    ImportedRun,
    ImportOptions,
    SourceFile,
    Unreadable,
    not_imported,
)
from reportgen.importers.sources import HashedPieces, files_below, place_of
from reportgen.importers.tensorboard_events import EventFile, EventFileReader
from reportgen.importers.tensorboard_folders import (
    Job,
    is_event_file,
    jobs_of,
    series_name,
    without_host,
)
from reportgen.importers.tensorboard_launches import Launch, launches_of, merged
from reportgen.runs.problems import Problem
from reportgen.runs.schema import LeftOut, Status

_HPARAMS = "hparams.yaml"
_PLACEHOLDER = "hp_metric"
_STATUS: dict[int | None, Status] = {1: "finished", 2: "failed"}


@dataclass(slots=True)
class _ReadFile:
    """An event file; ``head`` are its first bytes."""

    folder: str
    source: SourceFile
    content: EventFile
    head: bytes


class TensorBoardImporter:
    """Event files and the folders that they lie in."""

    kind: ClassVar[str] = "tensorboard"
    title: ClassVar[str] = "TensorBoard"

    def detect(self, source: Path) -> bool:
        """Tell whether ``source`` is an event file or a folder that holds one."""
        return any(is_event_file(os.path.basename(path)) for path in files_below(source))

    def read(self, source: Path, options: ImportOptions) -> Iterator[ImportedRun | Unreadable]:
        """Yield a run for each job, as :class:`reportgen.importers.interface.Importer` says."""
        root, _ = place_of(source)
        folders: dict[str, list[str]] = {}
        described: set[str] = set()
        for path in files_below(source, limits=options.limits):
            folder, _, name = path.rpartition("/")
            if is_event_file(name):
                folders.setdefault(folder, []).append(name)
            elif name == _HPARAMS:
                described.add(folder)
        for job in jobs_of(folders, every_folder=options.every_folder):
            files: list[_ReadFile] = []
            for folder, names in job.folders.items():
                for name in sorted(names):
                    found = _read_file(root, job.top, folder, name, options)
                    if isinstance(found, Unreadable):
                        yield found
                    else:
                        files.append(found)
            config_in = job.top if job.top in described else None
            yield from _runs_of(root, job, files, config_in, options)


def _read_file(
    root: Path, top: str, folder: str, name: str, options: ImportOptions
) -> _ReadFile | Unreadable:
    before = f"{folder}/" if folder else ""
    shown = before + without_host(name)
    pieces = HashedPieces(root, before + name, options.limits.log_bytes)
    try:
        content = EventFileReader(shown, options.limits).read(pieces)
    except ReportgenError as error:
        return Unreadable(shown, error.what)
    except OSError as error:
        return Unreadable(shown, error.strerror or type(error).__name__)
    if pieces.too_large:
        message = f"holds more than {pieces.limit} bytes; the rest is not read"
        content.problems.append(Problem("limits.bytes", "error", shown, message))
    content.points.names = [series_name(top, folder, tag) for tag in content.points.names]
    content.texts = [replace(t, name=series_name(top, folder, t.name)) for t in content.texts]
    content.pictures = [replace(p, name=series_name(top, folder, p.name)) for p in content.pictures]
    content.distributions = [
        replace(d, name=series_name(top, folder, d.name)) for d in content.distributions
    ]
    return _ReadFile(folder, pieces.source(shown), content, pieces.head)


def _runs_of(
    root: Path, job: Job, files: Sequence[_ReadFile], config_in: str | None, options: ImportOptions
) -> Iterator[ImportedRun]:
    folders = list(dict.fromkeys(file.folder for file in files))
    config, problems = _described(root, config_in, options)
    if len(folders) > 1:
        each = [
            launches_of([f.content for f in files if f.folder == folder], split=False)
            for folder in folders
        ]
        launch = merged([launch for launches in each for launch in launches])
        yield _run(root, job, files, launch, 0, (config, problems))
        return
    for number, launch in enumerate(launches_of([file.content for file in files])):
        chosen = [files[position] for position in launch.files]
        yield _run(root, job, chosen, launch, number, (config, problems))


def _described(
    root: Path, folder: str | None, options: ImportOptions
) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Return what Lightning wrote of the hyperparameters beside the events."""
    if folder is None:
        return None, []
    path = f"{folder}/{_HPARAMS}" if folder else _HPARAMS
    try:
        data = read_regular(root, path, limit=options.limits.document_bytes)
        value = parse_yaml(data, name=path, limits=options.limits).value
    except (ReportgenError, OSError) as error:
        what = error.what if isinstance(error, ReportgenError) else str(error.strerror)
        message = f"{what}: the hyperparameters in the events are taken in its place"
        return None, [Problem("import.config", "warning", path, message)]
    return (value, []) if isinstance(value, dict) else (None, [])


def _run(
    root: Path,
    job: Job,
    files: Sequence[_ReadFile],
    launch: Launch,
    number: int,
    described: tuple[dict[str, Any] | None, list[Problem]],
) -> ImportedRun:
    contents = [file.content for file in files]
    left_out = _left_out(contents, launch, job.top or ".")
    points = launch.points
    placeholder = _placeholder(launch)
    if placeholder is not None:
        points = points.chosen(~placeholder)
        what = f"{_PLACEHOLDER}, which stands for a metric that was never logged"
        left_out.append(LeftOut(what=what, where=job.top or ".", rule="placeholder"))
    sessions = [content.session for content in contents if content.session is not None]
    hparams = {key: value for one in sessions for key, value in one.hparams.items()}
    config, problems = described
    # PyTorch and Lightning write "success" as they begin: only an end with its time is one.
    ends = [one for one in sessions if one.ended]
    status = _STATUS.get(ends[-1].status if ends else None, "running")
    times = launch.points.times[np.isfinite(launch.points.times)]
    *above, name = (job.top or root.resolve().name).split("/")
    return ImportedRun(
        kind=TensorBoardImporter.kind,
        source=job.top or ".",
        identity=_identity(job, files),
        name=name if not number else f"{name}-{number + 1}",
        group="/".join(above) or None,
        points=points,
        files=[file.source for file in files],
        config=config if config is not None else hparams or None,
        typed=config is not None or not hparams,
        status=status,
        created=float(times.min()) if len(times) else None,
        ended=ends[-1].ended if status != "running" else None,
        seconds=float(times.max() - times.min()) if len(times) else None,
        texts=[text for content in contents for text in content.texts],
        pictures=[picture for content in contents for picture in content.pictures],
        distributions=[one for content in contents for one in content.distributions],
        left_out=left_out,
        problems=[*problems, *(p for content in contents for p in content.problems)],
    )


def _identity(job: Job, files: Sequence[_ReadFile]) -> str:
    """Return folder, first file and its first record: what stays while a job goes on logging."""
    first = files[0].head
    length = 16 + int.from_bytes(first[:8], "little")
    head = sha256(first[: min(length, len(first))]).hexdigest()
    return f"{job.top}\n{files[0].source.path}\n{head}"


def _left_out(contents: Sequence[EventFile], launch: Launch, where: str) -> list[LeftOut]:
    found = not_imported((content.left_out for content in contents), where)
    if launch.purged:
        what = f"{launch.purged} points that a later start of the session voids"
        found.append(LeftOut(what=what, where=where, rule="purged"))
    return found


def _placeholder(launch: Launch) -> Any:
    """Return which points are Lightning's stand-in for a metric; None when none is."""
    points = launch.points
    if _PLACEHOLDER not in points.names:
        return None
    of_name = points.name_of == points.names.index(_PLACEHOLDER)
    return of_name if of_name.any() and (points.values[of_name] == -1).all() else None
