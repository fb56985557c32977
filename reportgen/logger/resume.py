"""Going on with a run in its folder: what the earlier attempts left, and taking the folder over.

The metrics file is locked first: two programs that resume one run at once do not both get it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from reportgen.errors import UsageError
from reportgen.fs.append import LineAppender
from reportgen.logger.context import describe
from reportgen.logger.rank_mark import dismiss_ranks
from reportgen.logger.resume_target import ResumeTarget
from reportgen.runs import layout, lock
from reportgen.runs.schema import Compute, ManifestFile, MetricDefinition, Run
from reportgen.runs.times import from_iso
from reportgen.runs.view import RunView

_TAIL_BYTES = 4 * 2**20


@dataclass(slots=True)
class Tail:
    """The end of a metrics file.

    Attributes:
        last_step: Step of the last record, one less than that of a marker after it; -1 for none.
        names: Metrics logged there.
        begun, ended: Times of the first and the last record of the last attempt seen; else None.
    """

    last_step: int = -1
    names: set[str] = field(default_factory=set)
    begun: float | None = None
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class Continuation:
    """A metrics file that is gone on with.

    Attributes:
        file: The file, locked.
        attempt: The attempt that begins.
        first_step: The step that it is expected to log first.
        names: Metrics that are known to have been logged.
    """

    file: LineAppender
    attempt: int
    first_step: int
    names: frozenset[str]

    def marker(self, moment: float) -> bytes:
        """Return the line that parts the attempts in the file."""
        record = {
            "event": "resume",
            "step": self.first_step,
            "time": moment,
            "attempt": self.attempt,
        }
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a resumed run brings along from its earlier attempts.

    Attributes:
        folder: The run folder.
        run: run.yaml as the last attempt left it, to be made that of the next.
        attempt: How many attempts there were.
        checkpoint: The checkpoint to go on from, relative to the folder; None for the end.
        log: The metrics.
        config: The configuration as recorded; None when there is none.
        definitions: Declared metrics.
        external: Files kept elsewhere.
        compute: What the earlier attempts used.
    """

    folder: Path
    run: Run
    attempt: int
    checkpoint: str | None
    log: Continuation
    config: dict[str, Any] | None
    definitions: dict[str, MetricDefinition]
    external: list[ManifestFile]
    compute: Compute


def take_over(target: ResumeTarget) -> Earlier:
    """Lock the run's folder for this process, and read what its earlier attempts left.

    Raises:
        UsageError: Another process still writes the run, or its folder cannot be written to.
        UnreadableError: Its run.yaml cannot be read.
    """
    if lock.state(target.folder) == "free":
        with suppress(OSError):  # before the lock is held: what it says is of the past
            dismiss_ranks(target.folder)
    metrics = _locked(target.folder)
    try:
        return _read(target, metrics)
    except BaseException:
        lock.release(metrics.descriptor)
        metrics.close()
        raise


def continuation(path: Path, attempt: int) -> Continuation:
    """Return the metrics file of a rank, to be gone on with from its last record.

    Raises:
        OSError: The file cannot be opened.
    """
    file = LineAppender(path)
    lock.hold(file.descriptor)
    tail = read_tail(file.descriptor)
    return Continuation(file, attempt, tail.last_step + 1, frozenset(tail.names))


def _locked(folder: Path) -> LineAppender:
    try:
        metrics = LineAppender(folder / layout.METRICS)
    except OSError as error:
        raise UsageError(
            f"the run cannot be gone on with: {describe(error)}",
            where=str(folder),
            expected="a run folder that can be written to",
        ) from None
    if not lock.hold(metrics.descriptor):
        metrics.close()
        raise UsageError(
            "another process, or this one, still writes this run",
            where=str(folder),
            expected="a run that has ended",
            fix="Wait for it or stop it; without resume= a new run gets a folder of its own.",
        )
    return metrics


def _read(target: ResumeTarget, metrics: LineAppender) -> Earlier:
    view = RunView(target.folder)
    tail = read_tail(metrics.descriptor)
    summary = view.recorded_summary
    names = {*tail.names, *view.definitions, *(summary.metrics if summary else ())}
    manifest = view.manifest
    return Earlier(
        folder=target.folder,
        run=view.run,
        attempt=view.run.attempt,
        checkpoint=target.checkpoint,
        log=Continuation(
            metrics,
            view.run.attempt + 1,
            _first_step(view, target.checkpoint, tail),
            frozenset(names),
        ),
        config=view.config,
        definitions=dict(view.definitions),
        external=[entry for entry in manifest.files if entry.uri] if manifest else [],
        compute=_compute(view, tail),
    )


def _first_step(view: RunView, checkpoint: str | None, tail: Tail) -> int:
    described = view.checkpoints.get(checkpoint) if checkpoint else None
    step = described.step if described is not None else None
    return (tail.last_step if step is None else step) + 1


def _compute(view: RunView, tail: Tail) -> Compute:
    """Return what the earlier attempts used; of one that was killed, the time up to its last
    record.
    """
    recorded = view.environment.compute if view.environment else None
    compute = recorded or Compute()
    if view.run.status == "running" and tail.ended is not None:
        begun = from_iso(view.run.created) if view.run.attempt == 1 else tail.begun
        span = max(0.0, tail.ended - begun) if begun is not None else 0.0
        compute.wall_seconds = round((compute.wall_seconds or 0.0) + span, 3)
    return compute


def read_tail(descriptor: int) -> Tail:
    """Return what the last 4 MiB of an open metrics file say; bad lines are passed over."""
    tail = Tail()
    try:
        size = os.fstat(descriptor).st_size
        data = os.pread(descriptor, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
    except OSError:
        return tail
    for line in data.split(b"\n"):
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(record, dict):
            _follow(tail, record)
    return tail


def _follow(tail: Tail, record: dict[str, Any]) -> None:
    step, moment, metrics = record.get("step"), record.get("time"), record.get("metrics")
    if record.get("event") == "resume":
        tail.begun = tail.ended = None
        if type(step) is int:
            tail.last_step = step - 1
    elif isinstance(metrics, dict):
        tail.names.update(metrics)
        if type(step) is int:
            tail.last_step = step
    if isinstance(moment, float | int):
        tail.begun = moment if tail.begun is None else tail.begun
        tail.ended = moment
