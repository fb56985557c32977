"""What else may hear what a run logs: a mirror in another tool's format, a progress display.

A sink is any object with the members of :class:`Sink`; ``run.add_sink(sink)`` adds it, and
``start_run(mirror=["tensorboard"])`` those that :mod:`reportgen.logger.mirrors` knows by name.
Sinks are called on the thread that logs, after the record is on disk. What a sink raises is a
fault of the sink: warned of once, counted under its name in ``run.dropped``, told to nobody else,
and the next call reaches it all the same. A forked child and a run that has ended tell sinks
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from reportgen.runs.schema import Status as Status


class Sink(Protocol):
    """Something that is told what a run logs; add it by ``run.add_sink``."""

    name: str
    """What it is, for warnings ("tensorboard")."""

    def metrics(self, values: Mapping[str, object], step: int) -> None:
        """Take the numbers of one call, as they were logged."""

    def figure(self, name: str, path: Path, step: int | None) -> None:
        """Take a figure that was written to ``path``."""

    def close(self, status: Status = "finished") -> None:
        """Finish: the run ends, with this status."""
