"""run.yaml as a run starts: a new one, one that ``reportgen run`` opened, or one that goes on."""

from __future__ import annotations

import os
from typing import NamedTuple

from reportgen import __version__
from reportgen.capture.command import capture_command
from reportgen.fs.paths import portable_component
from reportgen.logger.folder import RUN_NAME, RunFolder
from reportgen.logger.options import Options
from reportgen.logger.resume import Earlier
from reportgen.runs.redact import redact_argv
from reportgen.runs.schema import RUN_SCHEMA, Command, Run, Writer
from reportgen.runs.times import to_iso
from reportgen.runs.writer import new_run_id


class Started(NamedTuple):
    """run.yaml of a run that starts, and how many arguments were redacted in it."""

    run: Run
    redacted: int


def new_document(options: Options, place: RunFolder, name: str, started: float) -> Started:
    """Return run.yaml of a new run, or of the one that ``reportgen run`` opened.

    Args:
        options: What was asked for.
        place: Its folder.
        name: What it is called.
        started: Seconds since 1970.
    """
    run = place.joined
    if run is not None:
        run.name = os.environ.get(RUN_NAME) or name
        run.project = run.project or options.place.project
        run.group = run.group or options.place.group
        run.tags = {**options.tags, **run.tags}
        run.notes = run.notes or options.notes
        run.redacted = 0
        run.left_out = []
    else:
        run = Run(
            schema=RUN_SCHEMA,
            id=new_run_id(started),
            name=name + _suffix(place, name),
            status="running",
            created=to_iso(started),
            project=options.place.project,
            group=options.place.group,
            tags=options.tags,
            notes=options.notes,
        )
    if options.resume is not None:  # a replay of a command that resumes is a run of its own
        run.parent = options.resume.id
    run.kind = options.kind
    run.planned = options.planned
    return _with_command(run, options)


def resumed_document(options: Options, earlier: Earlier) -> Started:
    """Return run.yaml of the next attempt: what the earlier ones lost or left out stays counted."""
    run = earlier.run
    run.attempt += 1
    run.resumed_from = earlier.checkpoint
    run.status = "running"
    run.ended = run.exit_code = run.stopped_early = None
    run.tags = {**run.tags, **options.tags}
    run.notes = options.notes or run.notes
    run.planned = options.planned or run.planned
    return _with_command(run, options)


def _with_command(run: Run, options: Options) -> Started:
    run.ranks = options.rank.world
    run.command, redacted = _command(options)
    run.writer = Writer(name="reportgen", version=__version__)
    run.redacted += options.redacted + redacted
    return Started(run, redacted)


def _command(options: Options) -> tuple[Command, int]:
    try:
        command = capture_command(top=options.surroundings.top)
    except Exception:
        command = Command(argv=list(options.surroundings.argv))
    command.argv, redacted = redact_argv(command.argv)
    return command, redacted


def _suffix(place: RunFolder, name: str) -> str:
    """Return what the folder's name got appended because its own was taken."""
    base = portable_component(name)
    taken = place.path.name
    return taken.removeprefix(base) if taken.startswith(f"{base}-") else ""
