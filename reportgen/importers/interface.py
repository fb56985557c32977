"""What an importer gives: runs of another tool as plain values, ready to be written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from reportgen.fs.limits import DEFAULT_LIMITS, Limits
from reportgen.runs.histogram_log import Histogram
from reportgen.runs.problems import Problem
from reportgen.runs.schema import Goal, LeftOut, Status


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to read.

    Attributes:
        every_folder: Each folder that holds logs is a run of its own, also where one job wrote
            several.
        limits: Bounds on what is read.
    """

    every_folder: bool = False
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was read.

    Attributes:
        path: Below the source; the name of a host in it is replaced.
        bytes: Its size.
        sha256: Of its bytes.
        modified: When it was last written, ISO 8601 in UTC; None where that is no time.
    """

    path: str
    bytes: int
    sha256: str
    modified: str | None


@dataclass(slots=True)
class Points:
    """Values of metrics in the order in which they were written, one element a point.

    Attributes:
        names: The metrics.
        name_of: Index into ``names``.
        steps, values: As recorded; NaN and infinities are values.
        times: Seconds since 1970; NaN where none was recorded.
        attempts: From 1, never falling; None when there is one.
    """

    names: list[str]
    name_of: NDArray[np.int32]
    steps: NDArray[np.int64]
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    attempts: NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.steps)

    def chosen(self, keep: NDArray[Any]) -> Points:
        """Return the points that a mask or an order of indices names."""
        return Points(
            self.names,
            self.name_of[keep],
            self.steps[keep],
            self.times[keep],
            self.values[keep],
            None if self.attempts is None else self.attempts[keep],
        )


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: its name, step, bytes and the ending that its bytes ask for."""

    name: str
    step: int
    data: bytes
    ending: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """A histogram at a step."""

    name: str
    step: int
    time: float | None
    histogram: Histogram


@dataclass(frozen=True, slots=True)
class Text:
    """A text that was logged at a step."""

    name: str
    step: int | None
    time: float | None
    text: str


@dataclass(slots=True, kw_only=True)
class ImportedRun:
    """One run of another tool. What the tool does not record stays None.

    Attributes:
        kind: The importer.
        source: Where it was found, below the source.
        identity: Text that is the same whenever this run is imported, and of no other run.
        name, group, project: As the tool calls it.
        files: What it was read from.
        points: Its metrics.
        config: Its configuration.
        typed: Whether the configuration's numbers and truths have their own types there.
        status: ``running`` when nothing says how it ended.
        created, ended: Seconds since 1970.
        seconds: How long it took at least.
        exit_code, command, notes, tags: As recorded.
        goals: Direction of metrics where the tool records it.
        commit, branch, remote, patch: Of its code, where recorded.
        packages, python, system: Of its environment, where recorded.
        texts, pictures, distributions: What else was logged.
        left_out: What is there and was not taken, with the reason.
        problems: What could not be read.
    """

    kind: str
    source: str
    identity: str
    name: str
    points: Points
    files: list[SourceFile]
    group: str | None = None
    project: str | None = None
    config: dict[str, Any] | None = None
    typed: bool = True
    status: Status = "running"
    created: float | None = None
    ended: float | None = None
    seconds: float | None = None
    exit_code: int | None = None
    command: list[str] | None = None
    notes: str | None = None
    tags: dict[str, Any] = field(default_factory=dict)
    goals: dict[str, Goal] = field(default_factory=dict)
    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: bool | None = None
    packages: dict[str, str] | None = None
    python: str | None = None
    system: str | None = None
    texts: list[Text] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    distributions: list[Distribution] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something in the source that could not be read at all.

    Attributes:
        path: Below the source.
        message: Why.
    """

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class LeftAside:
    """A run that is there and was not meant to be imported.

    Attributes:
        path: Below the source.
        message: Why.
    """

    path: str
    message: str


class Importer(Protocol):
    """One tool.

    Attributes:
        kind: The word behind ``--from``.
        title: What people call the tool.
    """

    kind: ClassVar[str]
    title: ClassVar[str]

    def detect(self, source: Path) -> bool:
        """Tell whether ``source``, a file or a folder, holds logs of the tool."""
        ...

    def read(
        self, source: Path, options: ImportOptions
    ) -> Iterator[ImportedRun | Unreadable | LeftAside]:
        """Yield the runs in ``source``, and what could not be read of it; nothing is written.

        Raises:
            LimitError: The source is larger than the limits allow; what was yielded stands.
        """
        ...


def not_imported(counts: Iterable[Mapping[str, int]], where: str) -> list[LeftOut]:
    """Return what of several sources has no place in a run folder, counted by its kind."""
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return [
        LeftOut(what=f"{number} {kind}", where=where, rule="not imported")
        for kind, number in sorted(total.items())
    ]
