"""What a reader noticed and could live with: listed in reports, never scored."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a reader noticed about an input.

    Attributes:
        id: Stable name, ``topic.what`` (``log.torn_tail``, ``path.symlink``, ``yaml.tag``).
        severity: ``error`` means that something of the input could not be used.
        file: Path relative to the run folder.
        message: One sentence without the file name.
        line: Line in the file, from 1, where there is one.
    """

    id: str
    severity: Severity
    file: str
    message: str
    line: int | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the problem as plain values, ready for JSON."""
        return asdict(self)
