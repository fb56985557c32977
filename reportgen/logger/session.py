"""Everything that is open while a run is written: made by ``start_run``, closed by ``finish``."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from reportgen.logger import lifecycle
from reportgen.logger.alerts import AlertWatcher
from reportgen.logger.artifacts import ArtifactStore
from reportgen.logger.attempts import begin_attempt
from reportgen.logger.background import Background
from reportgen.logger.captures import Captures
from reportgen.logger.checkpoints import CheckpointStore
from reportgen.logger.config_access import Access, Config
from reportgen.logger.config_files import keep_config_files, settings_in
from reportgen.logger.context import RunContext
from reportgen.logger.durable import Syncer
from reportgen.logger.extras import Extras
from reportgen.logger.figures import FigureStore
from reportgen.logger.folder import RUN_DIR, RunFolder, make_folder
from reportgen.logger.inputs import DataRecord
from reportgen.logger.interface import Sink
from reportgen.logger.lifecycle import Ending
from reportgen.logger.metrics import MetricWriter
from reportgen.logger.naming import default_name, varied_of
from reportgen.logger.optimizer import OptimizerProbe
from reportgen.logger.options import Options
from reportgen.logger.overrides import overrides_of
from reportgen.logger.predictions import PredictionStore
from reportgen.logger.rank_mark import invite_ranks, job_of
from reportgen.logger.resume import take_over
from reportgen.logger.run_document import Started, new_document, resumed_document
from reportgen.logger.streams import LOGGERS, STREAMS, StreamLog, TrainingLog
from reportgen.runs import layout
from reportgen.runs.naming import says_nothing
from reportgen.runs.view import flatten


class Session:
    """The parts of one open run.

    Args:
        options: What was asked for.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.started = time.time()
        self.asked_to_stop: str | None = None
        self.closing = threading.Lock()
        self.sinks: list[Sink] = []
        # A program that was sent to a folder writes there: a replay must not touch the run.
        goes_on = options.resume is not None and not os.environ.get(RUN_DIR)
        self.earlier = take_over(options.resume) if options.resume and goes_on else None
        self.place, document = self._opened()
        self._redacted_arguments = document.redacted
        folder = self.place.path
        self.context = RunContext(folder, document.run)
        if self.earlier is not None:
            self.context.definitions.update(self.earlier.definitions)
            self.context.external.extend(self.earlier.external)
        self.access = Access()
        recorded = self.earlier.config if self.earlier else None
        earlier = self.earlier.log if self.earlier else None
        self.config = Config(options.config or recorded or {}, self.access)
        self.metrics = MetricWriter(self.context, folder / layout.METRICS, earlier)
        for metric, definition in self.context.definitions.items():
            self.metrics.thin(metric, definition.every or 1)
        self.training_log = TrainingLog(self.context, folder / layout.TRAINING_LOG)
        self.context.say = self.training_log.line
        self.captures = Captures(
            self.context,
            top=options.surroundings.top,
            start=options.surroundings.code,
            run_root=options.surroundings.root,
            identify=options.identify,
            announce=self.place.joined is None,
            earlier=self.earlier.compute if self.earlier else None,
        )
        self.figures = FigureStore(self.context)
        self.predictions = PredictionStore(self.context)
        self.artifacts = ArtifactStore(self.context)
        self.checkpoints = CheckpointStore(
            self.context,
            options.checkpoints,
            config=options.plain.values if options.plain else None,
        )
        self.optimizer = OptimizerProbe(self.context)
        self.alerts = AlertWatcher(
            self.context,
            options.extras.rules,
            options.extras.alert_sinks,
            ticks=[self.optimizer.refresh],
        )
        self.extras = Extras(self.context, options.extras)
        self.background = Background(self.context)
        self.data = DataRecord(self.context, self.background.submit, options.surroundings.top)
        self.syncer = Syncer(self.metrics) if options.durable else None
        self._write_start()
        self.streams = self._open_streams()
        self._start()

    # -- the document ---------------------------------------------------------------------

    def _opened(self) -> tuple[RunFolder, Started]:
        options = self.options
        if self.earlier is not None:
            return RunFolder(self.earlier.folder), resumed_document(options, self.earlier)
        name = options.place.name or self._default_name()
        place = make_folder(
            options.surroundings.root,
            project=options.place.project,
            group=options.place.group,
            name=name,
        )
        return place, new_document(options, place, name, self.started)

    def _default_name(self) -> str:
        options = self.options
        flat = options.flat_config
        overrides = overrides_of(options.surroundings.argv, flat)
        files = [flatten(values) for values in settings_in(options.config_files)]
        return default_name(
            flat,
            moment=time.strftime("%Y%m%d-%H%M%S", time.gmtime(self.started)),
            varied=varied_of(overrides, flat, files),
            program=_program(options.surroundings.argv[0]),
            inputs=[str(spec["name"] if isinstance(spec, dict) else spec) for spec in options.data],
        )

    def _write_start(self) -> None:
        context, options = self.context, self.options
        if options.plain is not None:
            for key in options.plain.stringified:
                context.leave_out("value of no plain type", f"config.yaml: {key}", "stringified")
            if options.redacted:
                context.leave_out(f"{options.redacted} values", layout.CONFIG, "secret")
        if self._redacted_arguments:
            context.leave_out("arguments", f"{layout.RUN}: command.argv", "secret")
        if self.earlier is not None:
            begin_attempt(context, self.earlier, options.plain.values if options.plain else None)
        else:
            context.write_run()
        if options.plain is not None:
            context.write(layout.CONFIG, options.plain.values)
        keep_config_files(context, options.config_files, options.surroundings.top)

    # -- opening and closing --------------------------------------------------------------

    def _open_streams(self) -> dict[str, StreamLog]:
        """Open the logs; under ``reportgen run`` the standard streams are taken there."""
        LOGGERS.attach(self.training_log)
        logs: dict[str, StreamLog] = {"training": self.training_log}
        if self.place.joined is not None:
            return logs
        for name, place in (("stdout", layout.STDOUT), ("stderr", layout.STDERR)):
            stream = getattr(sys, name)
            logs[name] = StreamLog(self.context, self.context.folder / place)
            if stream is None or (name == "stderr" and stream is sys.stdout):
                continue
            if not STREAMS.attach(stream, logs[name]):
                self.context.fault(place, "the stream cannot be listened to", lost=0)
        return logs

    def _start(self) -> None:
        context, run = self.context, self.context.run
        if self.place.joined is None:
            attempt = f"attempt {run.attempt}" if self.earlier else "started"
            self.training_log.line(f"run {run.id} {attempt}: {run.name}")
        lifecycle.watch(self)
        self.background.submit("code", self.captures.code)
        self.background.submit("environment", self.captures.environment)
        self.data.write()
        for spec in self.options.data:
            self.data.add(spec)
        self.optimizer.start()
        self.alerts.start()
        self.sinks.extend(
            self.extras.start(self.options.plain.values if self.options.plain else {})
        )
        if self.options.all_ranks:
            self._invite_ranks()
        if self.place.fallback is not None:
            context.fault("run folder", f"{self.place.fallback}, so it is {context.folder}", lost=0)
        if self.options.place.name and says_nothing(self.options.place.name):
            context.warn(
                f"the name {run.name!r:.80} could be any run's: name model, data and what varies"
            )

    def _invite_ranks(self) -> None:
        options = self.options
        try:
            invite_ranks(self.context.folder, job_of(options.rank, options.place, options.resume))
        except OSError as error:
            self.context.fault("ranks", error, lost=0)

    def detach_streams(self) -> None:
        """Give the streams and loggers back, and close their logs."""
        LOGGERS.detach(self.training_log)
        for log in self.streams.values():
            STREAMS.detach(log)
            log.close()

    # -- what the end of the process asks -------------------------------------------------

    def end(self, ending: Ending) -> None:
        """Close the run for good; a second call does nothing."""
        from reportgen.logger.finish import close_session

        close_session(self, ending)

    def note_signal(self, name: str) -> None:
        """Remember that the process was asked to end."""
        self.asked_to_stop = name

    def abandon(self) -> None:
        """In a forked child: write nothing from here on."""
        self.context.abandon()
        self.metrics.abandon()

    def activity(self) -> object:
        """Return something that differs as soon as the run records anything more."""
        printed = self.streams.get("stdout")  # not stderr: there the interpreter says why it exits
        return self.metrics.calls, printed.size().bytes if printed else 0


def _program(script: str) -> str | None:
    """Return what a run is called after when nothing else is known of it."""
    path = Path(script)
    if path.stem == "__main__":  # python -m package
        return path.absolute().parent.name or None
    return None if script.startswith("-") else path.name or None
