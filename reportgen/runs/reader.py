"""Read the documents of one run folder, tolerantly, with everything noticed listed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from reportgen.errors import (
    LimitError,
    NewerVersionError,
    NotFoundError,
    ReportgenError,
    SchemaError,
    UnreadableError,
    UnsafePathError,
)
from reportgen.fs.documents import parse_json, parse_yaml
from reportgen.fs.limits import DEFAULT_LIMITS, Limits
from reportgen.fs.parsed import KeyPath
from reportgen.fs.regular import read_pieces, read_regular
from reportgen.runs import layout, migrations, tracker_folder
from reportgen.runs.discovery import Format, run_format
from reportgen.runs.problems import Problem
from reportgen.runs.schema import RUN_SCHEMA, Document, Run
from reportgen.runs.validate import convert_tolerantly

Doc = TypeVar("Doc", bound=Document)


@dataclass(slots=True)
class RunReader:
    """Reads the files of one run folder; every fault that can be lived with becomes a problem.

    Attributes:
        folder: The run folder.
        format: ``standard`` or ``tracker``.
        limits: What is refused as too large.
        problems: What was noticed so far.
        listed: Paths that were regular files when the folder was listed.
        sources: How the scalars of each YAML document were spelled, by its place.
    """

    folder: Path
    format: Format
    limits: Limits = DEFAULT_LIMITS
    problems: list[Problem] = field(default_factory=list)
    listed: Collection[str] = ()
    sources: dict[str, dict[KeyPath, str]] = field(default_factory=dict)

    def bytes_of(self, relative: str, *, limit: int | None = None) -> bytes | None:
        """Return the bytes of a file of the run, or None when absent or refused."""
        limit = self.limits.text_bytes if limit is None else limit
        data = None
        with self._noticing(relative):
            data = read_regular(self.folder, relative, limit=limit)
        return data

    def pieces_of(self, relative: str) -> Iterator[bytes]:
        """Yield the bytes of a file of the run in pieces; nothing when absent or refused."""
        with self._noticing(relative):
            yield from read_pieces(self.folder, relative, limit=self.limits.log_bytes)

    @contextmanager
    def _noticing(self, relative: str) -> Iterator[None]:
        """Turn what keeps a file from being read into a problem."""
        try:
            yield
        except NotFoundError:
            pass
        except UnsafePathError as error:
            if relative in self.listed and error.problem in ("path.symlink", "file.not_regular"):
                message = f"{error.what}; it was a regular file when the folder was listed"
                self.notice("path.changed", "error", relative, message)
            else:
                self.notice(error.problem or "path.unsafe", "error", relative, error.what)
        except LimitError as error:
            message = f"{error.what}, {error.expected} are read"
            self.notice(error.problem or "limits.bytes", "error", relative, message)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            self.notice("path.unreadable", "error", relative, f"could not be read: {reason}")

    def notice(
        self, kind: str, severity: Any, file: str, message: str, line: int | None = None
    ) -> None:
        """Add a problem, once."""
        problem = Problem(kind, severity, file, message, line)
        if problem not in self.problems:
            self.problems.append(problem)

    def raw(self, relative: str) -> Any:
        """Return a YAML or JSON document as plain values; None when absent or unreadable."""
        data = self.bytes_of(relative, limit=self.limits.document_bytes)
        if data is None:
            return None
        try:
            return self._parsed(data, relative, relative)
        except ReportgenError as error:
            line = (error.where or "").rpartition(":")[2]
            self.notice(
                error.problem or "document.unreadable",
                "error",
                relative,
                error.what,
                int(line) if line.isdigit() else None,
            )
        return None

    def _parsed(self, data: bytes, relative: str, name: str) -> Any:
        parse = parse_json if relative.endswith(".json") else parse_yaml
        parsed = parse(data, name=name, limits=self.limits)
        for note in parsed.notes:
            if note.id == "yaml.ambiguous" and relative != layout.CONFIG:
                continue  # the declared type of a key of the standard says how it is meant
            self.notice(note.id, note.severity, relative, note.message, note.line)
        self.sources[relative] = parsed.sources
        return parsed.value

    def document(self, relative: str, kind: type[Doc], raw: Any) -> Doc | None:
        """Return plain values as a document; keys that do not fit become problems."""
        if raw is None:
            return None
        if not isinstance(raw, Mapping):
            self.notice("schema.mismatch", "error", relative, f"is a {_shape(raw)}, no mapping")
            return None
        document, problems = convert_tolerantly(
            raw, kind, name=relative, sources=self.sources.get(relative)
        )
        self.problems.extend(problem for problem in problems if problem not in self.problems)
        return document

    def run_document(self) -> tuple[Run, dict[str, Any]]:
        """Return run.yaml, or what stands for it in the plain tracker layout, and its raw form.

        Raises:
            SchemaError: run.yaml is not of the standard.
            NewerVersionError: It is of a newer major version.
            UnreadableError: It exists and cannot be read.
        """
        raw = self._tracker_run() if self.format == "tracker" else self._standard_run()
        document, problems = convert_tolerantly(
            raw, Run, name=layout.RUN, sources=self.sources.get(layout.RUN)
        )
        if document is None:
            where = f"{self.folder.name}/{layout.RUN}"
            raise SchemaError(_telling(problems), where=where, expected="a run")
        self.problems.extend(problems)
        self._look_at_names(document)
        return document, raw

    def _look_at_names(self, run: Run) -> None:
        for key in ("id", "name", "project", "group"):
            text = getattr(run, key) or ""
            if len(text) > self.limits.name_characters:
                message = f"the {key} has {len(text)} characters"
                self.notice("limits.text", "warning", layout.RUN, message)

    def _standard_run(self) -> dict[str, Any]:
        where = f"{self.folder.name}/{layout.RUN}"
        try:
            data = read_regular(self.folder, layout.RUN, limit=self.limits.document_bytes)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise UnreadableError(f"could not be read: {reason}", where=where) from None
        raw = self._parsed(data, layout.RUN, where)
        if not isinstance(raw, dict):
            raise SchemaError(f"is a {_shape(raw)}", where=where, expected="a mapping of keys")
        version = migrations.version_of(raw, where=where)
        migrated: dict[str, Any] = migrations.migrate({layout.RUN: raw}, version)[layout.RUN]
        return migrated

    def _tracker_run(self) -> dict[str, Any]:
        log = self.bytes_of(layout.TRAINING_LOG) or b""
        config = self.raw(layout.CONFIG)
        return {
            "schema": RUN_SCHEMA,
            **tracker_folder.run_document(self.folder, config, log.decode("utf-8", "replace")),
        }


def open_reader(folder: Path, *, limits: Limits = DEFAULT_LIMITS) -> RunReader:
    """Return a reader of the run in ``folder``.

    Raises:
        NotFoundError: There is no such folder, or it holds no run.
    """
    if not folder.is_dir():
        raise NotFoundError("there is no such folder", where=str(folder), expected="a run folder")
    kind = run_format(folder)
    if kind is None:
        raise NotFoundError(
            "holds no run",
            where=str(folder),
            expected=f"a folder with {layout.RUN}",
            fix="Other tools' logs come in by `reportgen import`",
        )
    return RunReader(folder, kind, limits)


def _telling(problems: Sequence[Problem]) -> str:
    """Return the message that says why a document is none: a required key that did not fit
    was left out first, and that is what a person can mend.
    """
    last = problems[-1].message if problems else "is empty"
    missing = last.rpartition("`")[0].rpartition("`")[2]
    own = (problem.message for problem in problems if problem.message.startswith(f"$.{missing}:"))
    return next(own, last)


def _shape(value: Any) -> str:
    names = {list: "list", str: "text", type(None): "blank", int: "number", float: "number"}
    return names.get(type(value), type(value).__name__)


__all__ = ["NewerVersionError", "RunReader", "open_reader"]
