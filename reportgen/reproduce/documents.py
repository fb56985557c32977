"""What bundles and their verification say, as types: bundle.json and ``verify --json``.

JSON Schemas are generated from them (`reportgen schema bundle.json verify.json`). Fields may be
added, never renamed.
"""

# ruff: noqa: RUF012  (msgspec gives each document its own copy of an empty default)

from __future__ import annotations

from typing import Any, Literal

import msgspec

from reportgen.runs.document import Bytes, Count, Document, Sha256
from reportgen.runs.schema import Writer

BUNDLE_SCHEMA = "reportgen.bundle/1"
VERIFY_SCHEMA = "reportgen.verify/1"
BUNDLE_NAME = "bundle.json"
VERIFY_NAME = "verify.json"


class BundledRun(Document):
    """The run of a bundle; ``folder`` is where it lies."""

    id: str
    name: str
    folder: str


class BundledCode(Document):
    """The code of a bundle: ``snapshot`` is the one commit in ``file``, whose tree is ``tree``."""

    file: str
    commit: str | None
    tree: str
    snapshot: str
    patch_sha256: Sha256 | None


class BundledWheels(Document):
    """For which Python and platform the packages are."""

    python: str
    platform: str
    count: Count


class BundledFile(Document):
    path: str
    bytes: Bytes
    sha256: Sha256


class BundleDocument(Document):
    """bundle.json: every other file of a bundle, and what it holds beside the run.

    ``absent`` lists files of the run's seal that were not there when the bundle was made.
    """

    schema: str
    run: BundledRun
    writer: Writer
    code: BundledCode | None = None
    wheels: BundledWheels | None = None
    absent: list[str] = []
    files: list[BundledFile] = []


class FoundDifference(Document):
    path: str
    fault: Literal["changed", "missing", "unlisted", "unreadable"]
    message: str


class VerifiedPath(Document):
    """One bundle, run or models.yaml; ``sealed`` is false where there is nothing to compare."""

    path: str
    kind: Literal["bundle", "run", "models"]
    passed: bool
    sealed: bool
    files: Count
    bytes: Bytes
    differences: list[FoundDifference] = []
    notes: list[str] = []


class VerifyResult(Document):
    """The result of ``reportgen verify --json``."""

    schema: str
    passed: bool
    verified: list[VerifiedPath] = []


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schemas (2020-12) of bundle.json and of the result of verifying."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    kinds = {BUNDLE_NAME: BundleDocument, VERIFY_NAME: VerifyResult}
    return {name: {**dialect, **msgspec.json.schema(kind)} for name, kind in kinds.items()}
