"""``ranks="all"``: a rank other than 0 logs its own metrics into the folder that rank 0 opened.

It writes ``metrics.rank<k>.jsonl`` and nothing else.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from reportgen.errors import ReportgenError
from reportgen.logger import lifecycle
from reportgen.logger.context import LOGGER, RunContext
from reportgen.logger.lifecycle import Ending
from reportgen.logger.metrics import MetricWriter
from reportgen.logger.options import Options
from reportgen.logger.rank_mark import folder_of_job, job_of
from reportgen.logger.resume import continuation
from reportgen.logger.silent import SilentRun
from reportgen.runs import layout
from reportgen.runs.reader import open_reader
from reportgen.runs.schema import Document, Run

_OF_ONE_JOB = ("torch.distributed", "RANK", "LOCAL_RANK")

WAIT_SECONDS = 60.0
"""How long a rank waits for rank 0 to open the run."""


class RankSession:
    """The metrics file of one rank, and what the end of the process asks of it.

    Args:
        context: The run, through which no document is written.
        number: The rank.
    """

    def __init__(self, context: RunContext, number: int) -> None:
        self._context = context
        path = context.folder / layout.rank_metrics(number)
        attempt = context.run.attempt
        earlier = None
        if attempt > 1:
            try:
                earlier = continuation(path, attempt)
            except OSError:  # the writer tries again, and says so
                earlier = None
        self.metrics = MetricWriter(context, path, earlier)
        lifecycle.watch(self)

    def end(self, ending: Ending) -> None:
        """Say in the file how this rank ended, and what it lost; a second call does nothing."""
        if not self._context.active:
            return
        record = {
            "event": "end",
            "step": max(self.metrics.last_step, 0),
            "time": time.time(),
            "status": ending.status,
            "dropped": self._context.run.dropped,
        }
        self.metrics.mark(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
        self.metrics.stop()
        self._context.close()
        self.metrics.release()
        lifecycle.forget(self)

    def note_signal(self, name: str) -> None:
        """Nothing to remember: rank 0 says how the run ended."""

    def abandon(self) -> None:
        """In a forked child: write nothing from here on."""
        self._context.abandon()
        self.metrics.abandon()

    def activity(self) -> object:
        """Return something that differs as soon as this rank logs anything more."""
        return self.metrics.calls


class RankRun(SilentRun):
    """The run of a rank other than 0 that logs metrics of its own; the rest it passes over.

    Args:
        options: What was asked for.
        folder: The run folder.
        run: Its run.yaml.
    """

    def __init__(self, options: Options, folder: Path, run: Run) -> None:
        self._session_of_rank = RankSession(_RankContext(folder, run), options.rank.number)
        stop = options.stop_after
        super().__init__(options.config, name=run.name, id=run.id, stop_after=stop)
        if stop is None:
            self.log = self._session_of_rank.metrics.log

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session_of_rank.end(lifecycle.ending_of(error))

    def finish(self, stopped_early: str | None = None) -> None:
        """End this rank's part of the run."""
        self._session_of_rank.end(Ending("finished", stopped_early=stopped_early))

    def _pass_over(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        super()._pass_over(metrics, step)
        self._session_of_rank.metrics.log(metrics, step)


class _RankContext(RunContext):
    """Counts and warns as ever; the documents of the run are rank 0's to write."""

    def __init__(self, folder: Path, run: Run) -> None:
        run.dropped = {}
        super().__init__(folder, run)

    def write(self, place: str, value: Document | object) -> bool:
        return False

    def write_data(self, place: str, data: bytes) -> bool:
        return False


def run_of_rank(options: Options) -> SilentRun:
    """Return the run of a rank other than 0.

    With ``ranks="all"`` it is there once rank 0 has opened the run; after 60 s it is one that
    keeps nothing.
    """
    rank = options.rank
    if not options.all_ranks:
        # srun and mpirun also start programs that are no ranks of one job: then this tells why
        # there is no run.
        level = logging.INFO if rank.source in _OF_ONE_JOB else logging.WARNING
        message = "this is rank %d of %d (by %s): only rank 0 keeps a run"
        LOGGER.log(level, message, rank.number, rank.world, rank.source)
        return _silent(options)
    return _joined(options)


def _silent(options: Options) -> SilentRun:
    name = options.place.name or ""
    return SilentRun(options.config, name=name, stop_after=options.stop_after)


def _joined(options: Options) -> SilentRun:
    place, resume = options.place, options.resume
    job = job_of(options.rank, place, resume)
    deadline = time.monotonic() + WAIT_SECONDS
    pause = 0.05
    while True:
        folder = folder_of_job(job, options.surroundings.root, place, resume)
        run = None if folder is None else _run_document(folder)
        if folder is not None and run is not None:
            return RankRun(options, folder, run)
        if time.monotonic() > deadline:
            break
        time.sleep(pause)
        pause = min(2 * pause, 0.5)
    number = options.rank.number
    LOGGER.warning("rank %d found no run of rank 0 in %d s: it logs nothing", number, WAIT_SECONDS)
    return _silent(options)


def _run_document(folder: Path) -> Run | None:
    try:
        return open_reader(folder).run_document()[0]
    except (ReportgenError, OSError):
        return None
