"""Whether what models.yaml binds is what lies in the runs: every checkpoint hashed again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from reportgen.errors import NotFoundError, ReportgenError
from reportgen.fs.hashing import sha256_file
from reportgen.fs.paths import safe_relpath
from reportgen.runs.discovery import find_runs
from reportgen.runs.model_document import MODELS_SCHEMA, Binding, ModelRegistry
from reportgen.runs.models import bindings, read_registry
from reportgen.runs.seal import Difference, read_run_seal
from reportgen.runs.view import RunView


@dataclass(slots=True)
class RegistryCheck:
    """What came of hashing what a registry binds.

    Attributes:
        bound: Aliases whose checkpoint is here and is the one that was bound.
        bytes: Sizes of these checkpoints together.
        sealed_only: Aliases whose checkpoint is not here, with a seal that states its hash.
        differences: Aliases that do not hold.
    """

    bound: int = 0
    bytes: int = 0
    sealed_only: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


def check_registry(root: Path) -> RegistryCheck:
    """Hash every checkpoint that models.yaml binds now.

    Raises:
        ReportgenError: As :func:`read_registry`.
    """
    check = RegistryCheck()
    registry = read_registry(root) or ModelRegistry(schema=MODELS_SCHEMA)
    moved: dict[str, Path] | None = None
    for name, alias, binding in bindings(registry):
        label = f"{name}@{alias}"
        folder = _folder_of(root, binding)
        if folder is None:
            moved = _runs_by_id(root) if moved is None else moved
            folder = moved.get(binding.run)
        if folder is None:
            what = f"its run {binding.run} is not here"
            check.differences.append(Difference(label, "missing", what))
        else:
            _check_binding(check, label, folder, binding)
    return check


def _check_binding(check: RegistryCheck, label: str, folder: Path, binding: Binding) -> None:
    file = f"{binding.checkpoint} of {binding.run}"
    try:
        digest, size = sha256_file(folder, binding.checkpoint)
    except NotFoundError:
        try:
            sealed = read_run_seal(folder).get(binding.checkpoint)
        except ReportgenError:
            sealed = None
        if sealed is not None and sealed.sha256 == binding.sha256:
            check.sealed_only.append(label)
        else:
            check.differences.append(Difference(label, "missing", f"{file} is not here"))
        return
    except (ReportgenError, OSError) as error:
        check.differences.append(Difference(label, "unreadable", f"{file}: {error}"))
        return
    if digest != binding.sha256:
        message = f"{file} has SHA-256 {digest}, bound was {binding.sha256}"
        check.differences.append(Difference(label, "changed", message))
    else:
        check.bound += 1
        check.bytes += size


def _folder_of(root: Path, binding: Binding) -> Path | None:
    """Return the folder that a binding names when it holds that run."""
    try:
        view = RunView(root / safe_relpath(binding.path)) if binding.path else None
    except (ReportgenError, OSError):
        return None
    return view.folder if view is not None and view.id == binding.run else None


def _runs_by_id(root: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for ref in find_runs([root]).runs:
        try:
            found.setdefault(RunView(ref.path).id, ref.path)
        except ReportgenError:
            continue
    return found
