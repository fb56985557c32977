"""The stated limits of everything that reads files of other people, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what a reader accepts; a limit that is hit becomes a visible problem.

    Attributes:
        document_bytes: Size of one YAML or JSON document.
        line_bytes: Length of one line of a line file.
        log_bytes: Size of one metrics or log file.
        nodes: Values in one document after its aliases are expanded.
        depth: Nesting of one document.
        series: Metric names in one run.
        files: Files in one run folder.
        folder_depth: Levels of folders below a root.
        name_characters: Characters of a name that a person is shown.
    """

    document_bytes: int = 8 * 2**20
    line_bytes: int = 1 * 2**20
    log_bytes: int = 2 * 2**30
    nodes: int = 100_000
    depth: int = 64
    series: int = 20_000
    files: int = 100_000
    folder_depth: int = 24
    name_characters: int = 2_000


DEFAULT_LIMITS = Limits()
