"""Recorded inputs: which of them are at hand, known by their fingerprints, and where the rest was.

What git holds comes with the code. The rest is copied into the restored tree from the repository
that the run was made in, or from a folder that the user names.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.errors import ReportgenError, UnavailableError, UnsafePathError
from reportgen.fs.hashing import sha256_file, sha256_folder
from reportgen.fs.paths import safe_relpath
from reportgen.runs.schema import Input

_NOT_FILES = ("package", "generator")


@dataclass(frozen=True, slots=True)
class FoundInput:
    """A recorded input and where a replay has it from.

    Attributes:
        recorded: As data.yaml says.
        kept: The file or folder to copy; None when there is nothing to copy.
        state: ``code`` (comes with the tree), ``copy``, ``place`` (read where it is, outside the
            repository), ``other`` (something else is there) or ``missing``.
    """

    recorded: Input
    kept: Path | None
    state: str

    @property
    def line(self) -> str:
        """One line for people."""
        path = self.recorded.path or self.recorded.name
        words = {
            "code": "with the code",
            "copy": f"copied from {self.kept}",
            "place": "read where it is",
            "other": "what is there has another SHA-256 than was recorded",
            "missing": f"not here{origin(self.recorded)}",
        }
        return f"{path}: {words[self.state]}"


def origin(recorded: Input) -> str:
    """Return where an input came from, in words that follow a statement; empty when unknown."""
    version: dict[str, Any] = recorded.version or {}
    kind = version.get("kind")
    if not isinstance(kind, str):
        return ""
    told = ", ".join(f"{key} {value}" for key, value in version.items() if key != "kind" and value)
    by_tool = {"dvc": f"`dvc pull {recorded.path}` brings it", "git": "it was in git"}
    return f"; {by_tool.get(kind, f'it came by {kind}')}" + (f" ({told})" if told else "")


def find_inputs(
    inputs: Sequence[Input],
    *,
    in_tree: Callable[[str], bool],
    around: Sequence[Path],
) -> list[FoundInput]:
    """Return where each input that is a file or a folder will come from.

    Args:
        inputs: Of data.yaml.
        in_tree: Whether the restored tree holds a path.
        around: Folders that may hold an input at its recorded path, in this order.
    """
    found = []
    for recorded in inputs:
        kind = (recorded.version or {}).get("kind")
        if recorded.path and kind not in _NOT_FILES:
            found.append(_find(recorded, recorded.path, in_tree, around))
    return found


def _find(
    recorded: Input, path: str, in_tree: Callable[[str], bool], around: Sequence[Path]
) -> FoundInput:
    try:
        safe_relpath(path)
    except UnsafePathError:
        return FoundInput(recorded, None, _outside(recorded, path))
    if in_tree(path):
        return FoundInput(recorded, None, "code")
    other = None
    for folder in around:
        place = folder / path
        if place.exists():
            if _is(recorded, place):
                return FoundInput(recorded, place, "copy")
            other = place
    return FoundInput(recorded, other, "missing" if other is None else "other")


def _outside(recorded: Input, path: str) -> str:
    """Return the state of an input outside the repository; a folder there is not hashed, since a
    record may name any.
    """
    try:
        place = Path(path).expanduser()
        if not place.exists():
            return "missing"
    except (OSError, RuntimeError, ValueError):
        return "missing"
    return "place" if place.is_dir() or _is(recorded, place) else "other"


def require_inputs(found: Sequence[FoundInput]) -> None:
    """Make sure that every input is at hand.

    Raises:
        UnavailableError: One is missing, so that the program would fail or do something else.
    """
    for item in found:
        if item.state in ("missing", "other"):
            raise UnavailableError(
                f"the input {item.line}", fix="Name the folder that holds it by --data DIR"
            )


def place_inputs(tree: Path, found: Sequence[FoundInput]) -> list[str]:
    """Copy what has to be copied into the tree and return what is not as it was recorded.

    Raises:
        UnavailableError: As :func:`require_inputs`.
    """
    require_inputs(found)
    other = []
    for item in found:
        target = tree / (item.recorded.path or "")
        if item.state == "copy" and item.kept is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            copy: Callable[..., Any] = shutil.copytree if item.kept.is_dir() else shutil.copyfile
            copy(item.kept, target)
        if item.state in ("code", "copy") and not _is(item.recorded, target):
            other.append(str(item.recorded.path))
    return other


def _is(recorded: Input, place: Path) -> bool:
    """Tell whether something is the recorded input; one without a fingerprint cannot be told."""
    if recorded.sha256 is None:
        return place.exists()
    try:
        real = place.resolve(strict=True)
        if real.is_file() and recorded.bytes not in (None, real.stat().st_size):
            return False
        found = sha256_folder(real) if real.is_dir() else sha256_file(real.parent, real.name)
    except (OSError, ReportgenError):
        return False
    return found[0] == recorded.sha256
