"""What an exporter is: run folders in, files of another standard out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from reportgen.runs.view import RunView


class Exporter(Protocol):
    """Writes runs as another standard has them.

    Attributes:
        name: The word that chooses it.
        title: What comes out, in one line.
    """

    name: str
    title: str

    def export(self, runs: Sequence[RunView], target: Path) -> list[Path]:
        """Write runs below ``target``, which is made, and return the files written, in order.

        Raises:
            ReportgenError: A run cannot be read, or has no form in that standard.
            OSError: The disk refused.
        """
