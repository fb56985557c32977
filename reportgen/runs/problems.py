"""What a reader noticed and could live with: listed in reports, never scored."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from reportgen.fs.parsed import Severity
from reportgen.fs.text import storable


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a reader noticed about an input.

    Attributes:
        id: Stable name, ``topic.what`` (``log.torn_tail``, ``path.symlink``, ``yaml.tag``).
        severity: ``error`` means that something of the input could not be used.
        file: Path relative to the run folder; bytes that are not UTF-8 stand as ``\\xff``.
        message: One sentence without the file name.
        line: Line in the file, from 1, where there is one.
    """

    id: str
    severity: Severity
    file: str
    message: str
    line: int | None = None

    def __post_init__(self) -> None:
        # Names of files hold any byte; a report is JSON.
        object.__setattr__(self, "file", storable(self.file))
        object.__setattr__(self, "message", storable(self.message))

    def as_dict(self) -> dict[str, object]:
        """Return the problem as plain values, ready for JSON."""
        return asdict(self)


__all__ = ["Problem", "Severity"]
