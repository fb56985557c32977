"""models.yaml as types: which checkpoint each name and alias stands for, and stood for."""

# ruff: noqa: RUF012  (msgspec gives each document its own copy of an empty default)

from __future__ import annotations

from reportgen.runs.document import Document, Number, Sha256, Time

MODELS_SCHEMA = "reportgen.models/1"


class BoundMetric(Document):
    """The metric that the checkpoint was kept for."""

    name: str
    value: Number | str | None = None


class Former(Document, omit_defaults=True):
    """What an alias stood for before, up to ``until``."""

    run: str
    checkpoint: str
    sha256: Sha256
    path: str | None = None
    promoted: Time | None = None
    until: Time | None = None
    note: str | None = None


class Binding(Document, omit_defaults=True):
    """What an alias stands for: a checkpoint of a run, by its SHA-256.

    ``path`` is the run folder below the one of models.yaml; a run that was moved is found by its
    id. ``history`` has the latest first.
    """

    run: str
    checkpoint: str
    sha256: Sha256
    path: str | None = None
    promoted: Time | None = None
    metric: BoundMetric | None = None
    note: str | None = None
    history: list[Former] = []


class ModelRegistry(Document):
    """models.yaml, beside the runs: ``models`` maps a name to its aliases."""

    schema: str
    models: dict[str, dict[str, Binding]] = {}
