"""The documents of captured/: what the logger saw of the program while it ran."""

# ruff: noqa: RUF012  (msgspec gives each document its own copy of an empty default)

from __future__ import annotations

from typing import Any

import msgspec

from reportgen.runs.document import Document, NotAvailable


class ConfigAccess(Document):
    """captured/config_access.json: which leaf keys the program read."""

    tracking: bool = False
    read: list[str] = []
    absent: dict[str, Any] = {}
    not_available: NotAvailable = {}


class Modules(Document):
    """captured/modules.json: local files and third-party modules that were loaded."""

    local: dict[str, str | None] = {}
    third_party: dict[str, str | None] = {}
    not_available: NotAvailable = {}


class Opens(Document):
    """captured/opens.json: files read, as an audit hook saw them."""

    hook: bool = False
    files: list[str] = []
    lost: int = 0
    not_available: NotAvailable = {}


class OptimizerState(Document):
    """captured/optimizer.json: the optimizer that ran, at its first step and at the end."""

    class_: str | None = msgspec.field(default=None, name="class")
    groups: list[dict[str, Any]] = []
    groups_end: list[dict[str, Any]] = []
    not_available: NotAvailable = {}


class StreamSize(Document):
    bytes: int = 0
    lost: int = 0


class Exit(Document):
    """captured/exit.json: flags and streams at the end."""

    determinism: dict[str, Any] = {}
    streams: dict[str, StreamSize] = {}
    not_available: NotAvailable = {}


class ImportedFile(Document):
    """A file that an import read; ``path`` is below the source."""

    path: str
    bytes: int
    sha256: str
    modified: str | None = None


class ImportRecord(Document):
    """captured/import.json: the files of another tool that a run was made of."""

    kind: str
    reader: int
    digest: str
    files: list[ImportedFile] = []
