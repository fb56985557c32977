"""Which event files of a folder go on from one another, and which start again. Pure.

TensorBoard draws all files of a folder as one line. Here a file that was begun after another ended
and logs the same metrics is a further launch: from a later step it resumes the job, from the same
first step it is another job. A start of a session at step s, as ``purge_step`` writes it, voids
what was logged from s on before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reportgen.importers.interface import Points
from reportgen.importers.tensorboard_events import EventFile


@dataclass(slots=True)
class Launch:
    """One job of a folder.

    Attributes:
        files: Positions of its files.
        points: Its points, attempts told apart.
        purged: Points that a later start of a session voids.
    """

    files: list[int] = field(default_factory=list)
    points: Points = field(default_factory=lambda: empty_points())
    purged: int = 0


def empty_points() -> Points:
    """Return no points."""
    return Points(
        [],
        np.empty(0, dtype=np.int32),
        np.empty(0, dtype=np.int64),
        np.empty(0, dtype=np.float64),
        np.empty(0, dtype=np.float64),
        np.empty(0, dtype=np.int32),
    )


def launches_of(files: Sequence[EventFile], *, split: bool = True) -> list[Launch]:
    """Return the jobs whose files these are, in order.

    Args:
        files: All files of a folder in the order of their names.
        split: Whether files that start again are a job of their own; a further attempt otherwise.
    """
    launches = [Launch()]
    attempt = 1
    for position, file in enumerate(files):
        last = launches[-1]
        begins = bool(len(last.points)) and bool(len(file.points)) and _later(last, file)
        if begins and split and file.points.steps.min() <= last.points.steps.min():
            launches.append(Launch())
            last, begins, attempt = launches[-1], False, 1
        attempt += begins
        attempt = _append(last, file, attempt)
        last.files.append(position)
    return [launch for launch in launches if launch.files]


def _later(launch: Launch, file: EventFile) -> bool:
    before, after = launch.points, file.points
    if not {before.names[index] for index in np.unique(before.name_of).tolist()} & {
        after.names[index] for index in np.unique(after.name_of).tolist()
    }:
        return False
    return bool(np.nanmin(after.times) > np.nanmax(before.times))


def _append(launch: Launch, file: EventFile, attempt: int) -> int:
    """Add the points of a file, what it voids taken out; return the attempt at its end."""
    place = 0
    for index, step in (*file.purges, (len(file.points), None)):
        part = file.points.chosen(np.arange(place, index))
        part.attempts = np.full(len(part), attempt, dtype=np.int32)
        launch.points = joined([launch.points, part])
        place = index
        if step is None:
            continue
        void = launch.points.steps >= step
        if void.any():
            attempt = int(_attempts(launch.points).max()) + 1
            launch.purged += int(void.sum())
            launch.points = launch.points.chosen(~void)
    return attempt


def joined(parts: Sequence[Points]) -> Points:
    """Return points one after the other, a series of the same name being one."""
    ids: dict[str, int] = {}
    name_of: list[NDArray[np.int32]] = []
    for part in parts:
        new = [ids.setdefault(name, len(ids)) for name in part.names]
        name_of.append(np.array(new, dtype=np.int32)[part.name_of])
    return Points(
        list(ids),
        np.concatenate(name_of),
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([_attempts(part) for part in parts]),
    )


def _attempts(points: Points) -> NDArray[np.int32]:
    if points.attempts is not None:
        return points.attempts
    return np.ones(len(points), dtype=np.int32)


def merged(launches: Sequence[Launch]) -> Launch:
    """Return the launches of several folders as one job, in the order of time.

    Each folder keeps its own order, whatever its clock did.
    """
    whole = joined([launch.points for launch in launches])
    clocks = [np.fmax.accumulate(launch.points.times) for launch in launches]
    order = np.lexsort((np.concatenate(clocks), _attempts(whole)))
    return Launch(
        files=[position for launch in launches for position in launch.files],
        points=whole.chosen(order),
        purged=sum(launch.purged for launch in launches),
    )
