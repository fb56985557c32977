"""The documents of a run folder as types; JSON Schemas are generated from them.

Every field that is not marked required may be absent, and unknown keys are allowed: what is
missing reads as "not recorded". Times are ISO 8601 in UTC with milliseconds and ``Z``; sizes are
bytes; hashes are lower-case hexadecimal SHA-256 unless a key says otherwise. Keys listed under
``not_available`` could not be found out, with the reason; null elsewhere means "looked, there is
none".
"""

# ruff: noqa: RUF012  (msgspec gives each document its own copy of an empty default)

from __future__ import annotations

from typing import Any, Literal

import msgspec

from reportgen.runs.captured import ConfigAccess as ConfigAccess
from reportgen.runs.captured import Exit as Exit
from reportgen.runs.captured import ImportRecord as ImportRecord
from reportgen.runs.captured import Modules as Modules
from reportgen.runs.captured import Opens as Opens
from reportgen.runs.captured import OptimizerState as OptimizerState
from reportgen.runs.captured import StreamSize as StreamSize
from reportgen.runs.document import Bytes as Bytes
from reportgen.runs.document import Count as Count
from reportgen.runs.document import Document as Document
from reportgen.runs.document import Goal as Goal
from reportgen.runs.document import NotAvailable as NotAvailable
from reportgen.runs.document import Number as Number
from reportgen.runs.document import Sha256 as Sha256
from reportgen.runs.document import Time as Time
from reportgen.runs.model_document import ModelRegistry

RUN_SCHEMA = "reportgen.run/1"
MANIFEST_SCHEMA = "reportgen.manifest/1"
REPRODUCTION_SCHEMA = "reportgen.reproduction/1"

Kind = Literal["training", "evaluation", "unsupervised", "other"]
Status = Literal["running", "finished", "failed", "interrupted"]


class LeftOut(Document):
    """Something that was not kept as it was; ``rule`` says why.

    ``stringified``: a value of no plain type was written as text. ``secret`` and
    ``url-userinfo``: redacted. ``size``: too large. ``keep_last``: removed by the policy.
    ``every``: only each n-th point of the metric was kept. Of runs of other tools, ``not
    imported``: there is no place for it here. ``purged`` and ``placeholder``: that tool does not
    count it either. ``type`` and ``not recorded``: it does not say.
    """

    what: str
    where: str
    rule: str


class Command(Document):
    """The command line; ``cwd`` is relative to the repository ("." is its top)."""

    argv: list[str] = []
    cwd: str | None = None
    interpreter: str | None = None
    notebook: str | None = None


class Writer(Document):
    name: str
    version: str = ""


class CheckpointPolicy(Document):
    keep_last: int | None = None
    best: str | None = None


class Planned(Document):
    steps: int | None = None
    epochs: int | float | None = None


class Run(Document):
    """run.yaml: identity and life."""

    schema: str
    id: str
    name: str
    status: Status
    created: Time
    ended: Time | None = None
    project: str | None = None
    group: str | None = None
    tags: dict[str, Any] = {}
    notes: str | None = None
    kind: Kind = "training"
    command: Command | None = None
    writer: Writer | None = None
    checkpoints: CheckpointPolicy | None = None
    exit_code: int | None = None
    attempt: int = 1
    resumed_from: str | None = None
    parent: str | None = None
    planned: Planned | None = None
    stopped_early: str | None = None
    ranks: int = 1
    dropped: dict[str, int] = {}
    redacted: int = 0
    left_out: list[LeftOut] = []
    overhead_seconds: dict[str, float] = {}


class LeftOutFile(Document, omit_defaults=True):
    path: str
    bytes: Bytes | None = None
    sha256: str | None = None
    rule: str | None = None


class Submodule(Document):
    path: str
    commit: str | None = None
    url: str | None = None


class Packaged(Document):
    distribution: str
    version: str | None = None
    record_sha256: str | None = None


class GitInfo(Document):
    """git_info.yaml: which code ran. ``tree`` is the id of commit plus patch."""

    commit: str | None = None
    branch: str | None = None
    tags: list[str] = []
    describe: str | None = None
    remote: str | None = None
    dirty: bool | None = None
    dirty_end: bool | None = None
    tree: str | None = None
    untracked: list[str] = []
    left_out: list[LeftOutFile] = []
    submodules: list[Submodule] = []
    packaged: Packaged | None = None
    not_available: NotAvailable = {}


class Python(Document):
    version: str
    implementation: str | None = None
    abi: str | None = None


class Gpu(Document):
    name: str
    memory_bytes: Bytes | None = None


class Hardware(Document):
    cpu: str | None = None
    cores: int | None = None
    memory_bytes: Bytes | None = None
    gpus: list[Gpu] | None = None


class Editable(Document):
    commit: str | None = None
    remote: str | None = None
    dirty: bool | None = None


class Container(Document):
    image: str | None = None
    digest: str | None = None


class Compute(Document):
    """Wall time (CLOCK_BOOTTIME where there is one), summed over attempts."""

    wall_seconds: float | None = None
    peak_memory_bytes: Bytes | None = None
    device_seconds: float | None = None


class Environment(Document):
    """environment.yaml: where it ran, what was installed, how it was seeded.

    ``seeds`` maps a library (python, numpy, torch, cuda) to its seed, and ``state_sha256`` to a
    mapping of library to the SHA-256 of the 624 MT19937 words, little-endian uint32, right
    after seeding.
    """

    python: Python | None = None
    os: dict[str, Any] | None = None
    hardware: Hardware | None = None
    accelerator: dict[str, Any] | None = None
    packages: dict[str, str | None] | None = None
    determinism: dict[str, Any] | None = None
    editable: dict[str, Editable] | None = None
    host: str | None = None
    seeds: dict[str, Any] | None = None
    variables: dict[str, str | None] | None = None
    container: Container | None = None
    compute: Compute | None = None
    identity: dict[str, str] | None = None
    not_available: NotAvailable = {}


class Input(Document):
    """One input: a file (``rows`` where countable) or a folder (``files``)."""

    name: str
    path: str | None = None
    sha256: str | None = None
    bytes: Bytes | None = None
    rows: Count | None = None
    files: Count | None = None
    version: dict[str, Any] | None = None


class Data(Document):
    """data.yaml. ``splits`` maps a split to {count, ids_sha256}, beside method and seed."""

    inputs: list[Input] = []
    splits: dict[str, Any] = {}
    not_available: NotAvailable = {}


class MetricDefinition(Document):
    """What a metric is; of one with ``every`` only each n-th point was kept."""

    goal: Goal | None = None
    split: str | None = None
    unit: str | None = None
    aggregation: str | None = None
    implementation: str | None = None
    every: int | None = None


class MetricDefinitions(Document):
    """metrics.yaml."""

    metrics: dict[str, MetricDefinition] = {}


class MetricSummary(Document):
    """Last and best value of one series; non-finite numbers are the three strings."""

    last: Number | str | None = None
    last_step: int | None = None
    best: Number | str | None = None
    best_step: int | None = None
    count: int = 0


class Summary(Document):
    """summary.yaml: derived from metrics.jsonl at the end."""

    metrics: dict[str, MetricSummary] = {}


class ManifestFile(Document, omit_defaults=True):
    path: str
    bytes: Bytes
    sha256: str
    uri: str | None = None
    etag: str | None = None


class Manifest(Document):
    """manifest.json: the seal."""

    schema: str
    files: list[ManifestFile]


class CheckpointMetric(Document):
    name: str
    value: Number | str | None = None


class Checkpoint(Document):
    """checkpoints/<name>.json; ``tensors`` counts the persistent ids of the file."""

    epoch: int | float | None = None
    step: int | None = None
    metric: CheckpointMetric | None = None
    bytes: Bytes | None = None
    sha256: str | None = None
    format: str | None = None
    tensors: int | None = None


class Sweep(Document):
    """sweep.yaml of a group."""

    name: str | None = None
    space: dict[str, Any] = {}
    method: str | None = None
    planned: int | None = None
    metric: str | None = None
    goal: Goal | None = None
    chosen: str | None = None
    seed: int | None = None


class Labels(Document, omit_defaults=True):
    """labels.yaml: edits made later; they override run.yaml."""

    tags: dict[str, Any] | None = None
    notes: str | None = None
    group: str | None = None
    archived: bool = False


class Reproduction(Document):
    """reproductions/<id>.yaml: one attempt to get the result again.

    ``steps`` is None for a replay to the end, ``largest`` the greatest relative difference,
    ``conclusion`` what the final metric says beside the recorded seeds, ``cold`` whether the
    environment was made from the record, ``signer`` a name that its writer claims.
    """

    schema: str
    run: str
    verdict: Literal["identical", "within-band", "diverges", "cannot-run", "other-environment"]
    id: str | None = None
    reason: str | None = None
    steps: int | None = None
    band: float | None = None
    largest: float | None = None
    first_difference: dict[str, Any] | None = None
    metrics: dict[str, dict[str, Any]] = {}
    differences: list[Any] = []
    conclusion: dict[str, Any] | None = None
    calibration: dict[str, Any] | None = None
    seconds: float | None = None
    created: str | None = None
    cold: bool | None = None
    environment: str | None = None
    host: str | None = None
    signer: str | None = None
    writer: Writer | None = None


DOCUMENTS: dict[str, type[Document]] = {
    "run.yaml": Run,
    "metrics.yaml": MetricDefinitions,
    "summary.yaml": Summary,
    "environment.yaml": Environment,
    "git_info.yaml": GitInfo,
    "data.yaml": Data,
    "manifest.json": Manifest,
    "sweep.yaml": Sweep,
    "models.yaml": ModelRegistry,
    "labels.yaml": Labels,
    "checkpoints/<name>.json": Checkpoint,
    "captured/config_access.json": ConfigAccess,
    "captured/modules.json": Modules,
    "captured/opens.json": Opens,
    "captured/optimizer.json": OptimizerState,
    "captured/exit.json": Exit,
    "captured/import.json": ImportRecord,
    "reproductions/<time>.yaml": Reproduction,
}
"""Each document of the standard by its place in the run folder."""


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return a JSON Schema (2020-12) for each document, by its place in the run folder."""
    schemas = {}
    for place, document in DOCUMENTS.items():
        schema = msgspec.json.schema(document)
        schemas[place] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return schemas


def to_plain(document: Document) -> dict[str, Any]:
    """Return a document as plain mappings, sequences and scalars."""
    plain: dict[str, Any] = msgspec.to_builtins(document)
    return plain
