"""Imported runs as run folders: written beside and renamed, and only where something is new."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import orjson

from reportgen import __version__
from reportgen.errors import ReportgenError
from reportgen.fs.atomic import write_bytes
from reportgen.fs.documents import dump_yaml
from reportgen.fs.paths import portable_component, slug
from reportgen.importers.interface import ImportedRun, Picture, Text
from reportgen.importers.metric_text import metric_lines, summary_of
from reportgen.runs import layout
from reportgen.runs.captured import ImportedFile, ImportRecord
from reportgen.runs.redact import redact_text, redact_url, redact_value
from reportgen.runs.schema import (
    RUN_SCHEMA,
    Command,
    Compute,
    Data,
    Document,
    Environment,
    GitInfo,
    LeftOut,
    MetricDefinition,
    MetricDefinitions,
    Python,
    Run,
    Writer,
)
from reportgen.runs.times import from_iso, to_iso
from reportgen.runs.view import RunView
from reportgen.runs.writer import seal, write_document, write_plain

READER: Final = 1
"""Version of the importers: raised when the same files become another run folder."""
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_KEPT = (layout.LABELS, layout.REPRODUCTIONS, layout.SIGNATURES)

_OF_ENVIRONMENT = (
    *("python", "os", "hardware", "accelerator", "packages", "determinism"),
    *("editable", "host", "seeds", "variables", "container", "compute"),
)

State = Literal["new", "unchanged", "updated"]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a run.

    Attributes:
        id: Of the run.
        folder: Where it is.
        state: ``unchanged`` when it was there already, from the same bytes.
    """

    id: str
    folder: Path
    state: State


def write_run(run: ImportedRun, root: Path, title: str) -> Written:
    """Write a run below ``root``; nothing is written when it is there from the same files.

    Labels, signatures and the ledger of an older import are kept.

    Args:
        run: What was read.
        root: The folder of runs.
        title: What people call the tool.

    Raises:
        OSError: The disk refused; what was there stands.
    """
    _leave_out_negative_steps(run)
    identifier, digest = run_id(run), digest_of(run)
    above = root
    for part in (run.project, run.group):
        above = above / portable_component(part) if part else above
    folder, older = _place(above, portable_component(run.name), identifier)
    if older is not None and older == digest:
        return Written(identifier, folder, "unchanged")
    above.mkdir(parents=True, exist_ok=True)
    beside = above / f".importing-{secrets.token_hex(4)}"
    beside.mkdir()
    try:
        _Folder(beside, run, title).write(identifier, digest)
        if older is None:
            os.rename(beside, folder)
        else:
            _replace(folder, beside)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return Written(identifier, folder, "new" if older is None else "updated")


def _leave_out_negative_steps(run: ImportedRun) -> None:
    """Take out what a run folder has no place for: its steps count from 0."""
    negative = run.points.steps < 0
    if negative.any():
        run.points = run.points.chosen(~negative)
        what = f"{int(negative.sum())} points at steps below 0"
        run.left_out.append(LeftOut(what=what, where=layout.METRICS, rule="not imported"))


def run_id(run: ImportedRun) -> str:
    """Return the id of a run: always the same for one, sorting by its start."""
    drawn = int.from_bytes(
        sha256(f"{run.kind}\n{run.identity}".encode("utf-8", "replace")).digest()
    )
    milliseconds = int(run.created * 1000) if run.created and 0 < run.created < 1e11 else 0
    number = milliseconds % (1 << 50) << 30 | drawn & (1 << 30) - 1 if milliseconds else drawn
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(75, -1, -5))


def digest_of(run: ImportedRun) -> str:
    """Return the hash of everything that a run was read from."""
    lines = [f"{READER} {run.kind}", *(f"{one.sha256}  {one.path}" for one in run.files)]
    return sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()


def _place(above: Path, base: str, identifier: str) -> tuple[Path, str | None]:
    """Return the folder of a run, and the digest of what it holds of this run already."""
    folder, number = above / base, 1
    while os.path.lexists(folder):
        try:
            view = RunView(folder)
        except ReportgenError:
            view = None
        if view is not None and view.id == identifier:
            record = view.captured(layout.IMPORT, ImportRecord)
            return folder, record.digest if record is not None else ""
        number += 1
        folder = above / f"{base}-{number}"
    return folder, None


def _replace(folder: Path, beside: Path) -> None:
    for kept in _KEPT:
        older = folder / kept
        if older.is_dir() and not older.is_symlink():
            shutil.copytree(older, beside / kept, symlinks=True)
        elif older.is_file() and not older.is_symlink():
            shutil.copy2(older, beside / kept)
    away = folder.with_name(f".replaced-{secrets.token_hex(4)}")
    os.rename(folder, away)
    try:
        os.rename(beside, folder)
    except OSError:
        os.rename(away, folder)
        raise
    shutil.rmtree(away, ignore_errors=True)


@dataclass(slots=True)
class _Folder:
    """Writes one run folder."""

    folder: Path
    run: ImportedRun
    title: str
    redacted: int = 0

    def write(self, identifier: str, digest: str) -> None:
        run, folder = self.run, self.folder
        left_out = list(run.left_out)
        if run.config is not None:
            config, count = redact_value(run.config)
            self.redacted += count
            write_plain(folder, layout.CONFIG, config)
            if not run.typed:
                what = "whether numbers and truths of the configuration were written as such"
                left_out.append(LeftOut(what=what, where=layout.CONFIG, rule="type"))
        self._write_metrics()
        self._write_texts()
        self._write_pictures()
        self._write_distributions()
        self._write_facts()
        files = [
            ImportedFile(path=one.path, bytes=one.bytes, sha256=one.sha256, modified=one.modified)
            for one in run.files
        ]
        record = ImportRecord(kind=run.kind, reader=READER, digest=digest, files=files)
        write_document(folder, layout.IMPORT, record)
        write_document(folder, layout.RUN, self._document(identifier, left_out))
        seal(folder)

    def _document(self, identifier: str, left_out: list[LeftOut]) -> Run:
        run = self.run
        created = _time(run.created)
        if created is None:
            dates = [one.modified for one in run.files if one.modified]
            created = min(dates, default=to_iso(0.0), key=lambda text: from_iso(text) or 0.0)
            what = "the time of the start: that of the oldest file stands for it"
            left_out = [*left_out, LeftOut(what=what, where=layout.RUN, rule="not recorded")]
        attempts = run.points.attempts
        notes, count = redact_text(run.notes) if run.notes else (None, 0)
        self.redacted += count
        tags, count = redact_value(run.tags)
        self.redacted += count
        return Run(
            schema=RUN_SCHEMA,
            id=identifier,
            name=run.name,
            status=run.status,
            created=created,
            ended=_time(run.ended),
            project=run.project,
            group=run.group,
            tags=tags,
            notes=notes,
            command=Command(argv=run.command) if run.command else None,
            writer=Writer(name=f"reportgen import {run.kind}", version=__version__),
            exit_code=run.exit_code,
            attempt=int(attempts.max()) if attempts is not None and len(attempts) else 1,
            redacted=self.redacted,
            left_out=left_out,
        )

    def _write_metrics(self) -> None:
        with open(self.folder / layout.METRICS, "xb") as stream:
            for portion in metric_lines(self.run.points):
                stream.write(portion)
        write_document(self.folder, layout.SUMMARY, summary_of(self.run.points, self.run.goals))
        if self.run.goals:
            declared = {name: MetricDefinition(goal=g) for name, g in self.run.goals.items()}
            write_document(
                self.folder, layout.METRIC_DEFINITIONS, MetricDefinitions(metrics=declared)
            )

    def _write_texts(self) -> None:
        if not self.run.texts:
            return
        lines = []
        for one in self.run.texts:
            text, count = redact_text(one.text)
            self.redacted += count
            lines.append(_log_line(one, self.run.kind, text))
        data = "".join(lines).encode("utf-8", "replace")
        write_bytes(self.folder / layout.TRAINING_LOG, data)

    def _write_pictures(self) -> None:
        below = self.folder / layout.FIGURES
        names: dict[str, str] = {}
        for picture in self.run.pictures:
            below.mkdir(exist_ok=True)
            write_bytes(_free(below, picture, names), picture.data)

    def _write_distributions(self) -> None:
        if not self.run.distributions:
            return
        with open(self.folder / layout.HISTOGRAMS, "xb") as stream:
            for one in self.run.distributions:
                record: dict[str, Any] = {"step": one.step}
                if one.time is not None and abs(one.time) < 1e12:
                    record["time"] = one.time
                record["histograms"] = {one.name: one.histogram}
                stream.write(orjson.dumps(record, default=_plain, option=orjson.OPT_APPEND_NEWLINE))

    def _write_alike(self, place: str, document: Document) -> None:
        """Write a document that is the same in most runs of a source."""
        write_bytes(self.folder / place, _yaml_of(msgspec.json.encode(document)))

    def _write_facts(self) -> None:
        run, reason = self.run, f"not recorded by {self.title}"
        remote = redact_url(run.remote)[0] if run.remote else None
        git = GitInfo(commit=run.commit, branch=run.branch, remote=remote, dirty=run.dirty)
        git.not_available = _unknown(git, ("commit", "branch", "remote", "dirty"), reason)
        git.not_available.update(dict.fromkeys(("tree", "untracked", "dirty_end"), reason))
        self._write_alike(layout.GIT, git)
        environment = Environment(
            python=Python(version=run.python) if run.python else None,
            os={"description": run.system} if run.system else None,
            packages=dict(run.packages) if run.packages else None,
            compute=None if run.seconds is None else Compute(wall_seconds=run.seconds),
        )
        environment.not_available = _unknown(environment, _OF_ENVIRONMENT, reason)
        write_document(self.folder, layout.ENVIRONMENT, environment)
        unknown = dict.fromkeys(("inputs", "splits"), reason)
        self._write_alike(layout.DATA, Data(not_available=unknown))
        if run.packages:
            lines = [f"{name}=={version}\n" for name, version in sorted(run.packages.items())]
            write_bytes(self.folder / layout.REQUIREMENTS, "".join(lines).encode())


@lru_cache(maxsize=64)
def _yaml_of(encoded: bytes) -> bytes:
    return dump_yaml(msgspec.json.decode(encoded)).encode()


def _unknown(document: Any, keys: Iterable[str], reason: str) -> dict[str, str]:
    return {key: reason for key in keys if getattr(document, key) is None}


def _time(seconds: float | None) -> str | None:
    if seconds is not None:
        with suppress(ValueError):
            return to_iso(seconds)
    return None


def _log_line(one: Text, kind: str, text: str) -> str:
    moment = _time(one.time)
    shown = moment[:-1].replace("T", " ").replace(".", ",") + " - " if moment else ""
    at = "" if one.step is None else f" (step {one.step})"
    return f"{shown}{kind} - INFO - {one.name}{at}: {text}\n"


def _free(folder: Path, picture: Picture, names: dict[str, str]) -> Path:
    """Return a file for a picture; a further one of the same name and step gets a number."""
    component = portable_component(picture.name)
    if names.setdefault(component, picture.name) != picture.name:
        component = slug(picture.name)
    number = 1
    while True:
        counted = component if number == 1 else f"{component}-{number}"
        path = folder / f"{counted}_step_{picture.step}{picture.ending}"
        if not path.exists():
            return path
        number += 1


def _plain(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}
