"""The end of a run, once: last captures, the final documents, reproduce.sh, the seal.

Each step is on its own: one that fails is a fault, and the next is taken.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from reportgen.capture.hardware import determinism_flags
from reportgen.fs.atomic import write_text
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.fs.regular import read_regular
from reportgen.logger import lifecycle
from reportgen.logger.attempts import forget_unchanged
from reportgen.logger.config import plain_value
from reportgen.logger.context import RunContext
from reportgen.logger.folder import release_claim
from reportgen.logger.lifecycle import Ending
from reportgen.logger.rank_mark import wait_for_ranks
from reportgen.runs import layout
from reportgen.runs.metric_log import read_metric_log
from reportgen.runs.redact import redact_value
from reportgen.runs.schema import ConfigAccess, Exit, Summary
from reportgen.runs.summary import summarise
from reportgen.runs.times import to_iso
from reportgen.runs.view import RunView, flatten
from reportgen.runs.writer import seal
from reportgen.script import reproduce_script

if TYPE_CHECKING:
    from reportgen.logger.session import Session

CAPTURE_SECONDS = 5.0
"""How long the end of a run waits for what is still captured in the background."""


def close_session(session: Session, ending: Ending) -> None:
    """Close a run for good; a second call, also from another thread, does nothing."""
    if not session.context.active or not session.closing.acquire(blocking=False):
        return
    with lifecycle.closing_a_run():
        try:
            _close(session, ending)
        except Exception as error:
            session.context.fault("end of the run", error, lost=0)
        finally:  # Ctrl-C may cut the end short: the run is then closed and not sealed
            session.background.stop()
            session.detach_streams()
            session.context.close()
            session.metrics.release()
            lifecycle.forget(session)


def _close(session: Session, ending: Ending) -> None:
    begun = time.perf_counter()
    context = session.context
    for step, name in _steps(session, ending):
        try:
            step()
        except Exception as error:
            context.fault(name, error, lost=0)
    context.add_overhead("captures", time.perf_counter() - begun)
    context.add_overhead("metrics", session.metrics.overhead_seconds)
    context.write_run()
    seal_folder(context)
    if session.place.joined is None:
        release_claim(context.folder)


def _steps(session: Session, ending: Ending) -> list[tuple[Callable[[], object], str]]:
    """The steps in their order: nothing that is sealed may change after the seal."""
    return [
        (session.extras.stop_watching, "watches"),
        (session.metrics.stop, "metrics"),
        (lambda: _wait_for_ranks(session), "ranks"),
        (lambda: _settle_status(session, ending), "run.yaml"),
        (lambda: _tell_error(session, ending), "stderr.log"),
        (session.optimizer.stop, "optimizer"),
        (session.alerts.stop, "alerts"),
        (session.extras.stop, "system metrics"),
        (lambda: _close_sinks(session), "sinks"),
        (lambda: _last_captures(session), "captures"),
        (lambda: _write_access(session), layout.CONFIG_ACCESS),
        (lambda: _write_summary(session.context), layout.SUMMARY),
        (lambda: _say_end(session), layout.TRAINING_LOG),
        (session.detach_streams, "streams"),
        (lambda: _write_exit(session), layout.EXIT),
        (lambda: _forget_unchanged(session), layout.ATTEMPTS),
        (lambda: session.syncer.stop() if session.syncer else None, "sync"),
    ]


def _settle_status(session: Session, ending: Ending) -> None:
    """Say early how it ended: whatever interrupts the rest, the state is right."""
    context, run = session.context, session.context.run
    with context.lock:
        run.status, run.exit_code = ending.status, ending.exit_code
        run.stopped_early = ending.stopped_early
        if ending.status == "finished" and ending.stopped_early is None and session.asked_to_stop:
            run.status, run.stopped_early = "interrupted", session.asked_to_stop
        run.ended = to_iso(time.time())
        context.write_run()


def _tell_error(session: Session, ending: Ending) -> None:
    """Keep the traceback; the interpreter prints it later, when nobody listens any more."""
    log = session.streams.get("stderr")
    if ending.error is None or log is None:  # under ``reportgen run`` it is printed and kept there
        return
    log.feed("".join(traceback.format_exception(ending.error)))


def _close_sinks(session: Session) -> None:
    for sink in session.sinks:
        try:
            sink.close(session.context.run.status)
        except Exception as error:
            session.context.fault(sink.name, error, lost=0)


def _last_captures(session: Session) -> None:
    submit, captures = session.background.submit, session.captures
    submit("opened files", captures.opens)
    submit("modules", captures.modules)
    submit("work tree", captures.dirty_end)
    submit("packages", captures.packages)
    unfinished = session.background.wait(CAPTURE_SECONDS)
    session.data.too_late(unfinished)
    session.data.write()
    captures.complete(unfinished)


def _write_access(session: Session) -> None:
    access = session.access
    absent, _ = redact_value({key: plain_value(value) for key, value in access.absent.items()})
    leaves = set(flatten(session.options.plain.values)) if session.options.plain else set()
    session.context.write(
        layout.CONFIG_ACCESS,
        ConfigAccess(tracking=access.tracking, read=sorted(access.read & leaves), absent=absent),
    )


def _write_summary(context: RunContext) -> None:
    context.write(layout.SUMMARY, summary_of(context))


def summary_of(context: RunContext) -> Summary:
    """Return last and best of each series as the metrics file has them now.

    Raises:
        ReportgenError, OSError: The file cannot be read.
    """
    data = read_regular(context.folder, layout.METRICS, limit=DEFAULT_LIMITS.log_bytes)
    log = read_metric_log(data, name=layout.METRICS)
    with context.lock:
        return summarise(log, context.definitions)


def _say_end(session: Session) -> None:
    if session.place.joined is not None:
        return
    run = session.context.run
    reason = f" ({run.stopped_early})" if run.stopped_early else ""
    session.training_log.line(f"run {run.id} ended: {run.status}{reason}")


def _write_exit(session: Session) -> None:
    streams = {name: log.size() for name, log in session.streams.items()}
    session.context.write(layout.EXIT, Exit(determinism=determinism_flags(), streams=streams))


def _wait_for_ranks(session: Session) -> None:
    if session.options.all_ranks:
        wait_for_ranks(session.context, session.options.rank.world)


def _forget_unchanged(session: Session) -> None:
    if session.earlier is not None and session.context.active:
        forget_unchanged(session.context.folder, session.earlier.attempt)


def seal_folder(context: RunContext) -> None:
    """Write reproduce.sh and manifest.json; nothing is written after it."""
    try:
        script = reproduce_script(RunView(context.folder))
        write_text(context.folder / layout.REPRODUCE, script, mode=0o755)
    except Exception as error:
        context.fault(layout.REPRODUCE, error)
        context.write_run()
    if not context.folder.is_dir():
        context.fault("run folder", "it was removed while the run was written", lost=0)
    context.close()
    try:
        seal(context.folder, external=context.external, unsettled=context.unsettled)
    except Exception as error:
        context.warn(f"the run is not sealed: {type(error).__name__}: {error}"[:300])
