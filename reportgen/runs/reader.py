"""Read the documents of one run folder, tolerantly, with everything noticed listed."""

from __future__ import annotations

from collections.abc import Mapping
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
from reportgen.fs.documents import load_json, load_yaml
from reportgen.fs.limits import DEFAULT_LIMITS, Limits
from reportgen.fs.regular import read_regular
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
    """

    folder: Path
    format: Format
    limits: Limits = DEFAULT_LIMITS
    problems: list[Problem] = field(default_factory=list)

    def bytes_of(self, relative: str, *, limit: int | None = None) -> bytes | None:
        """Return the bytes of a file of the run, or None when absent or refused."""
        try:
            return read_regular(self.folder, relative, limit=limit or self.limits.log_bytes)
        except NotFoundError:
            return None
        except UnsafePathError as error:
            self.notice("path.symlink", "error", relative, error.what)
        except LimitError as error:
            self.notice("limits.bytes", "error", relative, str(error.what))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            self.notice("path.unreadable", "error", relative, f"could not be read: {reason}")
        return None

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
        load = load_json if relative.endswith(".json") else load_yaml
        try:
            return load(data, name=relative, limits=self.limits)
        except LimitError as error:
            self.notice("yaml.limits", "error", relative, error.what)
        except ReportgenError as error:
            line = (error.where or "").rpartition(":")[2]
            self.notice(
                "document.unreadable",
                "error",
                relative,
                error.what,
                int(line) if line.isdigit() else None,
            )
        return None

    def document(self, relative: str, kind: type[Doc], raw: Any) -> Doc | None:
        """Return plain values as a document; keys that do not fit become problems."""
        if raw is None:
            return None
        if not isinstance(raw, Mapping):
            self.notice("schema.mismatch", "error", relative, f"is a {_shape(raw)}, no mapping")
            return None
        document, problems = convert_tolerantly(raw, kind, name=relative)
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
        document, problems = convert_tolerantly(raw, Run, name=layout.RUN)
        self.problems.extend(problems)
        if document is None:
            last = problems[-1].message if problems else "is empty"
            raise SchemaError(last, where=f"{self.folder.name}/{layout.RUN}", expected="a run")
        return document, raw

    def _standard_run(self) -> dict[str, Any]:
        where = f"{self.folder.name}/{layout.RUN}"
        try:
            data = read_regular(self.folder, layout.RUN, limit=self.limits.document_bytes)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise UnreadableError(f"could not be read: {reason}", where=where) from None
        raw = load_yaml(data, name=where, limits=self.limits)
        if not isinstance(raw, dict):
            raise SchemaError(f"is a {_shape(raw)}", where=where, expected="a mapping of keys")
        version = migrations.version_of(raw)
        migrated: dict[str, Any] = migrations.migrate({layout.RUN: raw}, version)[layout.RUN]
        return migrated

    def _tracker_run(self) -> dict[str, Any]:
        log = (self.bytes_of(layout.TRAINING_LOG) or b"").decode("utf-8", "replace")
        config = self.raw(layout.CONFIG)
        return {
            "schema": RUN_SCHEMA,
            **tracker_folder.run_document(self.folder, config, log),
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


def _shape(value: Any) -> str:
    names = {list: "list", str: "text", type(None): "blank", int: "number", float: "number"}
    return names.get(type(value), type(value).__name__)


__all__ = ["NewerVersionError", "RunReader", "open_reader"]
