"""The stated limits of everything that reads files of other people, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what a reader accepts; a limit that is hit becomes a visible problem.

    Attributes:
        document_bytes: Size of one YAML or JSON document.
        line_bytes: Length of one line of a line file.
        log_bytes: Size of one metrics file.
        text_bytes: Size of a text file that is read whole, such as training.log.
        nodes: Values in one document after its aliases are expanded.
        depth: Nesting of one document.
        series: Metric names in one run.
        records: Records in one metrics file.
        points: Values in one metrics file.
        bad_lines: Unreadable lines after which the rest of a metrics file is given up.
        files: Files in one run folder.
        folder_depth: Levels of folders below a root.
        name_characters: Characters of a name that a person is shown.
    """

    document_bytes: int = 8 * 2**20
    line_bytes: int = 2**20
    log_bytes: int = 2**30
    text_bytes: int = 64 * 2**20
    nodes: int = 250_000
    depth: int = 64
    series: int = 20_000
    records: int = 10_000_000
    points: int = 25_000_000
    bad_lines: int = 100_000
    files: int = 100_000
    folder_depth: int = 24
    name_characters: int = 2_000


DEFAULT_LIMITS = Limits()
