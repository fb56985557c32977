"""What else may hear what a run logs: a mirror in another tool's format, a progress display.

Sinks are called on the thread that logs, after the record is on disk; what a sink raises is a
fault of the sink, warned of once, and never reaches the training.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class Sink(Protocol):
    """Something that is told what a run logs; add it by ``run.add_sink``."""

    name: str
    """What it is, for warnings ("tensorboard")."""

    def metrics(self, values: Mapping[str, object], step: int) -> None:
        """Take the numbers of one call, as they were logged."""

    def figure(self, name: str, path: Path, step: int | None) -> None:
        """Take a figure that was written to ``path``."""

    def close(self) -> None:
        """Finish: the run ends."""
