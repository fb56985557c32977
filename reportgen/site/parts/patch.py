"""A patch as lines, each with what it is, for colouring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reportgen.site.text import clip, honest

LINES = 2_000
_LINE_CHARACTERS = 1_000
Kind = Literal["file", "hunk", "added", "removed", "context"]
_FILE_WORDS = ("diff ", "index ", "--- ", "+++ ", "new file", "deleted file", "similarity ")


@dataclass(frozen=True, slots=True)
class PatchLine:
    """A line of a patch."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch.

    Attributes:
        lines: The first 2,000.
        left: How many more there are.
        files: How many files it changes.
        added, removed: Lines.
    """

    lines: tuple[PatchLine, ...]
    left: int
    files: int
    added: int
    removed: int


def patch_of(text: str) -> Patch | None:
    """Return a unified diff as lines, or None when it is empty."""
    if not text.strip():
        return None
    kinds: list[tuple[Kind, str]] = []
    in_hunk = False
    for line in text.rstrip("\n").split("\n"):
        if line.startswith("diff --git "):
            in_hunk = False
        elif line.startswith("@@"):
            in_hunk = True
        kinds.append((_kind(line, in_hunk), line))
    return Patch(
        lines=tuple(
            PatchLine(kind, honest(clip(line, _LINE_CHARACTERS))) for kind, line in kinds[:LINES]
        ),
        left=max(0, len(kinds) - LINES),
        files=sum(line.startswith("diff --git ") for _, line in kinds),
        added=sum(kind == "added" for kind, _ in kinds),
        removed=sum(kind == "removed" for kind, _ in kinds),
    )


def _kind(line: str, in_hunk: bool) -> Kind:
    if line.startswith("@@"):
        return "hunk"
    if not in_hunk:
        return "file" if line.startswith(_FILE_WORDS) else "context"
    if line.startswith("+"):
        return "added"
    return "removed" if line.startswith("-") else "context"
