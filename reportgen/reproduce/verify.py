"""Hash everything that a bundle, a run or a folder of runs says of itself, and compare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reportgen.errors import NotFoundError
from reportgen.fs.regular import read_regular
from reportgen.reproduce.unbundle import (
    DOCUMENT,
    RUN,
    Bundle,
    against_run_seal,
    inspect,
    read_document,
)
from reportgen.runs import layout
from reportgen.runs.discovery import find_runs, run_format
from reportgen.runs.model_check import check_registry
from reportgen.runs.seal import Difference, SealCheck, check_folder, check_run, read_run_seal

Kind = Literal["bundle", "run", "models"]
_DOCUMENT_BYTES = 32 * 2**20


@dataclass(slots=True)
class Verified:
    """One thing that was hashed.

    Attributes:
        path: Where it is.
        kind: ``bundle``, ``run`` or ``models``.
        files: How many files, or names of models, are as they should be.
        bytes: Their sizes together.
        differences: Those that are not.
        notes: What was not looked at.
        sealed: Whether there is anything to compare with; False for a run that was not sealed.
    """

    path: Path
    kind: Kind
    files: int = 0
    bytes: int = 0
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sealed: bool = True

    @property
    def passed(self) -> bool:
        """Whether it was compared and nothing differs."""
        return self.sealed and not self.differences


def verify(path: Path) -> list[Verified]:
    """Compare a bundle, packed or not, a run, or every run and models.yaml of a folder.

    Raises:
        NotFoundError: There is no such path, or nothing in it to verify.
        UnreadableError: A bundle that is none, or a seal that cannot be read.
        OSError: A folder cannot be listed.
    """
    if not path.exists():
        raise NotFoundError("there is no such file or folder", where=str(path))
    if not path.is_dir():
        read = inspect(path)
        return [_verified(path, "bundle", read.check)]
    if (path / DOCUMENT).is_file():
        return [_unpacked(path)]
    if run_format(path) is not None:
        return [_run(path)]
    found = [_run(ref.path) for ref in find_runs([path]).runs]
    found += _registries(path)
    if not found:
        raise NotFoundError(
            "holds nothing to verify", where=str(path), expected="a bundle, a run or runs"
        )
    return found


def _verified(path: Path, kind: Kind, check: SealCheck) -> Verified:
    notes = [f"{one}: kept elsewhere, not looked at" for one in check.elsewhere]
    return Verified(path, kind, check.files, check.bytes, check.differences, notes)


def _run(folder: Path) -> Verified:
    try:
        return _verified(folder, "run", check_run(folder))
    except NotFoundError as error:
        return Verified(folder, "run", notes=[error.what], sealed=False)


def _unpacked(folder: Path) -> Verified:
    """An unpacked bundle; what a run takes on after its seal is no difference."""
    data = read_regular(folder, DOCUMENT, limit=_DOCUMENT_BYTES)
    bundle: Bundle = read_document(data, name=f"{folder}/{DOCUMENT}")
    start = f"{RUN}/"

    def outside(path: str) -> bool:
        return path.startswith(start) and layout.outside_seal(path.removeprefix(start))

    check = check_folder(folder, bundle.files, own=DOCUMENT, outside=outside)
    if not check.differences and f"{RUN}/{layout.MANIFEST}" in bundle.files:
        bundle.seal = read_run_seal(folder / RUN)
        check.differences += against_run_seal(bundle)
    return _verified(folder, "bundle", check)


def _registries(folder: Path) -> Iterator[Verified]:
    """Every models.yaml of a folder and of the folders in it that runs lie in."""
    above = {folder, *(one for ref in find_runs([folder]).runs for one in ref.path.parents)}
    for root in sorted(one for one in above if one == folder or one.is_relative_to(folder)):
        if (root / layout.MODELS).is_file():
            check = check_registry(root)
            found = Verified(root / layout.MODELS, "models", check.bound, check.bytes)
            found.differences = check.differences
            away = "its checkpoint is not here; the seal of its run states the same hash"
            found.notes = [f"{one}: {away}" for one in check.sealed_only]
            yield found
