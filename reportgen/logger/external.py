"""``reportgen run -- COMMAND``: any program as a tracked run, without a change to its code.

A program that calls ``start_run`` joins the same folder and then writes everything but the
standard streams and the exit status; of any other the metrics are read from the tables that it
writes. Signals are passed on, and the command's exit status ends the run.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportgen import __version__
from reportgen.capture.command import config_files_in
from reportgen.errors import ReportgenError, UsageError
from reportgen.logger.background import Background
from reportgen.logger.child_process import ChildProcess
from reportgen.logger.command_line import command_document, config_of, words_of
from reportgen.logger.config import plain_config
from reportgen.logger.config_files import keep_config_files, load_config_file, settings_in
from reportgen.logger.context import RunContext
from reportgen.logger.external_captures import ExternalCaptures
from reportgen.logger.finish import CAPTURE_SECONDS, seal_folder, summary_of
from reportgen.logger.folder import RUN_DIR, RUN_NAME, is_claimed, make_folder, release_claim
from reportgen.logger.harvest import Harvester
from reportgen.logger.metrics import MetricWriter
from reportgen.logger.naming import default_name, split_name, varied_of
from reportgen.logger.options import surroundings_of
from reportgen.logger.overrides import overrides_of
from reportgen.logger.planned import planned_of
from reportgen.logger.streams import StreamLog, TrainingLog
from reportgen.logger.sweep_runs import inherited
from reportgen.runs import layout
from reportgen.runs.redact import redact_value
from reportgen.runs.schema import (
    RUN_SCHEMA,
    ConfigAccess,
    Data,
    Exit,
    Modules,
    Opens,
    Run,
    Writer,
)
from reportgen.runs.times import to_iso
from reportgen.runs.view import RunView, flatten
from reportgen.runs.writer import new_run_id

_PERIOD = 2.0
_CODE_SECONDS = 10.0
_NOT_SEEN = "the command did not call start_run"


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """What ``reportgen run`` was asked for.

    Attributes:
        command: Program and arguments.
        config_files: Configuration files besides those that the command names.
        root: The folder of all runs; None takes that of the settings.
    """

    command: Sequence[str]
    name: str | None = None
    project: str | None = None
    group: str | None = None
    tags: Mapping[str, Any] = field(default_factory=dict)
    config_files: Sequence[Path] = ()
    root: Path | None = None


def run_command(request: CommandRequest) -> int:
    """Run a command as a tracked run.

    Returns:
        The command's exit status, 128 + n when it died of signal n.

    Raises:
        UsageError: The program does not exist, or an option is wrong; nothing was written.
    """
    program = shutil.which(request.command[0])
    if program is None:
        raise UsageError(
            f"there is no program {request.command[0]!r:.200}",
            where="reportgen run",
            expected="a command after --",
            fix="For example: reportgen run -- python train.py",
        )
    tracked = _TrackedCommand(request)
    child = ChildProcess(
        request.command,
        tracked.environ(),
        stdout=tracked.streams["stdout"].feed,
        stderr=tracked.streams["stderr"].feed,
    )
    with ExitStack() as stack:
        try:
            stack.enter_context(child)
        except OSError as error:
            tracked.close(126, None)
            raise UsageError(
                f"cannot be started: {error.strerror}", where=program, expected="a program"
            ) from None
        status = child.wait(period=_PERIOD, tick=tracked.tick)
        code = 128 - status if status < 0 else status
        died_of = signal.Signals(-status).name if status < 0 else None
        tracked.close(code, child.forwarded or died_of)
        return code


class _UntilJoined(RunContext):
    """Writes documents until the program joins the run and writes its own."""

    settled = False

    def _put(self, place: str, put: Any) -> bool:
        if not self.settled and is_claimed(self.folder):
            return True
        return super()._put(place, put)


class _TrackedCommand:
    """The run of one command, from outside."""

    def __init__(self, request: CommandRequest) -> None:
        self._begun = time.time()
        self._request = request
        search = inherited()
        root = request.root if search is None else search.root_of(request.root)
        self._around = surroundings_of(root)
        self._words = words_of(request.command)
        self._files = self._config_files()
        config = config_of(self._words, self._files)
        self._plain, redacted = redact_value(plain_config(config).values)
        place = split_name(request.name, request.project, request.group)
        if search is not None:
            place = search.place_of(place)
        name = place.name or self._default_name()
        folder = make_folder(self._around.root, project=place.project, group=place.group, name=name)
        release_claim(folder.path)  # of this process, for the program that it starts
        self.folder = folder.path
        self.context = _UntilJoined(self.folder, self._document(name, redacted))
        self.context.run.project, self.context.run.group = place.project, place.group
        self._write_start(redacted)
        if search is not None:
            search.joined(self.context)
        self._metrics = MetricWriter(self.context, self.folder / layout.METRICS)
        self._training_log = TrainingLog(self.context, self.folder / layout.TRAINING_LOG)
        self._training_log.line(f"run {self.context.run.id} started: {self.context.run.name}")
        self.streams = {
            "stdout": StreamLog(self.context, self.folder / layout.STDOUT),
            "stderr": StreamLog(self.context, self.folder / layout.STDERR),
        }
        self._harvest = Harvester(Path.cwd(), self._metrics.log, skip=self._around.root)
        self._background = Background(self.context)
        self._captures = ExternalCaptures(
            self.context,
            top=self._around.top,
            start=self._around.code,
            run_root=self._around.root,
            program=request.command[0],
        )
        self._background.submit("code", self._captures.code)
        self._background.submit("environment", self._captures.environment)
        # The code as it is before the command writes anything beside it.
        self._background.wait(_CODE_SECONDS, "code")

    def environ(self) -> dict[str, str]:
        """Return the environment of the command."""
        environ = {**os.environ, RUN_DIR: str(self.folder)}
        environ.setdefault("PYTHONUNBUFFERED", "1")  # a pipe would hold its prints back
        environ.pop(RUN_NAME, None)
        if self._request.name is not None:
            environ[RUN_NAME] = self.context.run.name
        return environ

    def tick(self) -> None:
        """Take the metrics that the command wrote since, unless it logs them itself."""
        if not is_claimed(self.folder):
            self._harvest.poll()

    # -- at the start ---------------------------------------------------------------------

    def _config_files(self) -> list[Path]:
        for path in self._request.config_files:
            load_config_file(path)  # a wrong one is misuse, said before anything is written
        named = config_files_in(self._words, cwd=self._around.cwd, top=self._around.top)
        files = {os.path.realpath(path): path for path in [*self._request.config_files, *named]}
        return list(files.values())

    def _default_name(self) -> str:
        flat = flatten(self._plain)
        script = next((word for word in self._words if not word.startswith("-")), "run")
        files = [flatten(values) for values in settings_in(self._files)]
        return default_name(
            flat,
            moment=time.strftime("%Y%m%d-%H%M%S", time.gmtime(self._begun)),
            varied=varied_of(overrides_of(self._words, flat), flat, files),
            program=script,
        )

    def _document(self, name: str, redacted: int) -> Run:
        command, in_argv = command_document(self._request.command, self._around.top)
        tags, in_tags = redact_value(dict(self._request.tags))
        return Run(
            schema=RUN_SCHEMA,
            id=new_run_id(self._begun),
            name=name,
            status="running",
            created=to_iso(self._begun),
            tags=tags,
            command=command,
            writer=Writer(name="reportgen", version=__version__),
            planned=planned_of(None, flatten(self._plain)),
            redacted=redacted + in_argv + in_tags,
        )

    def _write_start(self, redacted: int) -> None:
        context = self.context
        if redacted:
            context.leave_out(f"{redacted} values", layout.CONFIG, "secret")
        if context.run.redacted > redacted:
            context.leave_out("arguments", f"{layout.RUN}: command.argv", "secret")
        context.write_run()
        if self._plain:
            context.write(layout.CONFIG, self._plain)
        context.write(layout.DATA, Data())
        keep_config_files(context, self._files, self._around.top)

    # -- at the end -----------------------------------------------------------------------

    def close(self, code: int, by: str | None) -> None:
        """End the run: ``code`` is the command's exit status, ``by`` the signal that ended it."""
        joined = is_claimed(self.folder)
        self.tick()
        self._metrics.stop()
        self.context.settled = True
        if joined:
            self._take_over()
        else:
            self._complete_captures()
        self._settle(code, by)
        self._close_streams()
        self.context.write_run()
        seal_folder(self.context)
        self._metrics.release()
        release_claim(self.folder)

    def _take_over(self) -> None:
        """Go on from the documents that the program wrote."""
        ours = self.context.run
        try:
            view = RunView(self.folder)
            theirs = view.run
            external = [file for file in view.manifest.files if file.uri] if view.manifest else []
        except ReportgenError as error:
            self.context.fault(layout.RUN, error)
            return
        theirs.redacted += ours.redacted
        theirs.dropped = {**ours.dropped, **theirs.dropped}
        theirs.left_out += [entry for entry in ours.left_out if entry not in theirs.left_out]
        self.context.run, self.context.external = theirs, external
        self.context.definitions = dict(view.definitions)

    def _complete_captures(self) -> None:
        self._background.submit("work tree", self._captures.dirty_end)
        unfinished = self._background.wait(CAPTURE_SECONDS)
        self._background.stop()
        self._captures.complete(unfinished)
        reason = {"files": _NOT_SEEN, "local": _NOT_SEEN}
        self.context.write(layout.MODULES, Modules(not_available=reason))
        self.context.write(layout.OPENS, Opens(not_available=reason))
        self.context.write(layout.CONFIG_ACCESS, ConfigAccess())

    def _settle(self, code: int, by: str | None) -> None:
        run = self.context.run
        run.exit_code = code
        run.ended = to_iso(time.time())
        if run.status in ("running", "finished"):
            asked = by in ("SIGINT", "SIGTERM", "SIGHUP")
            run.status = "interrupted" if asked and code else "failed" if code else "finished"
            run.stopped_early = run.stopped_early or (by if code else None)
        if not (self.folder / layout.SUMMARY).exists():
            try:
                self.context.write(layout.SUMMARY, summary_of(self.context))
            except (ReportgenError, OSError) as error:
                self.context.fault(layout.SUMMARY, error)

    def _close_streams(self) -> None:
        view = RunView(self.folder)
        document = view.captured(layout.EXIT, Exit) or Exit(
            not_available={"determinism": _NOT_SEEN}
        )
        for name, log in self.streams.items():
            log.close()
            document.streams[name] = log.size()
        before = document.streams.get("training", self._training_log.size())
        self._training_log.close()
        last = TrainingLog(self.context, self.folder / layout.TRAINING_LOG)
        last.line(f"run {self.context.run.id} ended: {self.context.run.status}")
        last.close()
        document.streams["training"] = last.size()  # of the whole file, whoever wrote to it
        document.streams["training"].lost += before.lost
        self.context.write(layout.EXIT, document)
