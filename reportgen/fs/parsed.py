"""What reading one document gives: its values, what was noticed, how they were spelled."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

NOTES_SHOWN = 20
"""Notes of one kind that a document gets; the rest are counted."""

Severity = Literal["info", "warning", "error"]
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """One thing noticed in a document that was read all the same.

    Attributes:
        id: Stable name, as ``yaml.ambiguous``.
        severity: ``error`` means that something could not be used.
        message: One sentence without the file's name.
        line: Line from 1, where it is known.
    """

    id: str
    severity: Severity
    message: str
    line: int | None = None


@dataclass(slots=True)
class Parsed:
    """A document.

    Attributes:
        value: Plain values: mappings with text as keys, lists, text, numbers, truth, None.
        notes: What was noticed.
        sources: Path of keys and positions to the text as written, for the plain YAML scalars
            whose value does not print as that text (``no``, ``3.10``).
    """

    value: Any = None
    notes: list[Note] = field(default_factory=list)
    sources: dict[KeyPath, str] = field(default_factory=dict)
    _counts: Counter[tuple[str, Severity]] = field(default_factory=Counter)

    def note(self, kind: str, severity: Severity, message: str, line: int | None = None) -> None:
        """Add a note, up to :data:`NOTES_SHOWN` of a kind."""
        self._counts[kind, severity] += 1
        if self._counts[kind, severity] <= NOTES_SHOWN:
            self.notes.append(Note(kind, severity, message, line))

    def close(self) -> None:
        """Say how many notes were left out."""
        for (kind, severity), count in self._counts.items():
            if count > NOTES_SHOWN:
                rest = f"{count - NOTES_SHOWN} more like these"
                self.notes.append(Note(kind, severity, rest))
