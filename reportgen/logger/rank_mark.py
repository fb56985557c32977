"""How the processes of a distributed job find the folder that rank 0 opened.

Rank 0 leaves ``.ranks.tmp`` in the folder, which names the job. A mark that a killed job left
behind is told by the lock on the metrics file, which nobody holds any more.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path

from reportgen.errors import UsageError
from reportgen.fs.atomic import write_bytes
from reportgen.fs.paths import portable_component
from reportgen.logger.context import RunContext
from reportgen.logger.naming import Place
from reportgen.logger.ranks import Rank
from reportgen.logger.resume_target import ResumeTarget
from reportgen.runs import layout, lock

END_SECONDS = 5.0
"""How long the end of rank 0 waits for the others to end."""

_MARK = ".ranks.tmp"
_STALE_SECONDS = 600.0  # on another host, where the lock may say nothing


def job_of(rank: Rank, place: Place, resume: ResumeTarget | None) -> str:
    """Return what names a job alike in all of its processes.

    Raises:
        UsageError: There is neither a name nor a launcher's id nor a run to resume.
    """
    resumed = resume.id if resume else None
    if not (place.name or rank.launch or resumed):
        raise UsageError(
            "the processes of this job have nothing by which they find one folder",
            where='start_run(ranks="all")',
            expected="a name, or the id of a launcher (TORCHELASTIC_RUN_ID, SLURM_JOB_ID)",
            fix="Pass name=, or start with torchrun --rdzv-id=ID.",
        )
    parts = (rank.launch, rank.meeting, rank.world, place.name, resumed)
    return hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()


def invite_ranks(folder: Path, job: str) -> None:
    """Tell the other ranks that the run is open.

    Raises:
        OSError: The disk refused.
    """
    write_bytes(folder / _MARK, json.dumps({"job": job, "host": _host()}).encode())


def dismiss_ranks(folder: Path) -> None:
    """Remove the mark: nobody may join from here on.

    Raises:
        OSError: The disk refused.
    """
    (folder / _MARK).unlink(missing_ok=True)


def wait_for_ranks(context: RunContext, world: int) -> None:
    """Wait for the other ranks to end, at most 5 s; what one still writes is not sealed.

    Raises:
        OSError: The mark cannot be removed.
    """
    deadline = time.monotonic() + END_SECONDS
    for number in range(1, world):
        place = layout.rank_metrics(number)
        while lock.state(context.folder, place) == "held":
            if time.monotonic() > deadline:
                context.unsettled.add(place)
                reason = "still written when rank 0 ended, so it is not under the seal"
                context.fault(place, reason, lost=0)
                break
            time.sleep(0.05)
    dismiss_ranks(context.folder)


def folder_of_job(job: str, root: Path, place: Place, resume: ResumeTarget | None) -> Path | None:
    """Return the folder that rank 0 of a job has opened by now, or None."""
    found = [resume.folder] if resume else _candidates(root, place)
    return next((folder for folder in found if _is_open(folder, job)), None)


def _candidates(root: Path, place: Place) -> Iterator[Path]:
    above = root
    for part in (place.project, place.group):
        above = above / portable_component(part) if part else above
    try:
        with os.scandir(above) as listing:
            names = sorted(entry.name for entry in listing)
    except OSError:  # rank 0 has not made it yet
        return
    yield from (above / name for name in names)


def _is_open(folder: Path, job: str) -> bool:
    mark = folder / _MARK
    if not mark.exists():
        return False
    # The lock before the mark: who holds it has removed the mark of an earlier attempt.
    locked = lock.state(folder)
    try:
        said = json.loads(mark.read_bytes())
        age = time.time() - mark.stat().st_mtime
    except (OSError, ValueError):
        return False
    if not isinstance(said, dict) or said.get("job") != job:
        return False
    return locked == "held" or (said.get("host") != _host() and age < _STALE_SECONDS)


def _host() -> str:
    return hashlib.sha256(platform.node().encode("utf-8", "replace")).hexdigest()[:16]
