"""Watch the metrics of a run as they are written, on a thread of its own.

The thread reads metrics.jsonl from where it stood at the start, so that a log call pays nothing
for it. Alerts go to ``alerts.jsonl``, to the ``reportgen`` logger and to further sinks.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Any, Final

import orjson

from reportgen.errors import UsageError
from reportgen.fs.append import LineAppender
from reportgen.logger.alert_rules import DEFAULT_RULES, LEVELS, AlertRule, Level, RuleBook
from reportgen.logger.alert_sinks import Alert, AlertSink, LogSink
from reportgen.logger.context import RunContext
from reportgen.runs import layout
from reportgen.runs.numbers import from_stored, to_stored
from reportgen.runs.redact import redact_text

_PERIOD = 0.5
_PIECE = 1 << 20
_LOOKED_AT = 250  # in one piece: 5 us each, which the training may have to wait for
_STOP_SECONDS = 5.0
_NOT_FINITE: Final = rb'"NaN"|Infinity"'


class AlertWatcher:
    """Raises the alerts of one run.

    Args:
        context: The run.
        rules: What to watch for besides the default rules.
        sinks: Where alerts go besides ``alerts.jsonl`` and the log; called on the thread.
        ticks: Called on the thread twice a second, such as :meth:`OptimizerProbe.refresh`.
    """

    def __init__(
        self,
        context: RunContext,
        rules: Sequence[AlertRule] = (),
        sinks: Sequence[AlertSink] = (),
        *,
        ticks: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._context = context
        self._rules = RuleBook((*rules, *DEFAULT_RULES), context.definitions)
        self._tail = MetricTail(context, [rule.metric for rule in rules if rule.metric])
        self._sinks = tuple(sinks)
        self._ticks = tuple(ticks)
        self._log = LogSink()
        self._queue: SimpleQueue[Alert] = SimpleQueue()
        self._file_lock = threading.RLock()  # a signal may end the run inside of it
        self._file: LineAppender | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch; what is already in the metrics file is not looked at."""
        self._tail.open()
        thread = threading.Thread(target=self._watch, name="reportgen-alerts", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no more threads
            self._context.fault("alerts", error, lost=0)
            return
        self._thread = thread

    def stop(self) -> None:
        """Look at what was logged last, deliver what waits, end the thread. At most 5 s."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_STOP_SECONDS)
            if self._thread.is_alive():
                self._context.fault("alerts", "a sink takes too long", lost=0)
                return
        self._tail.close()
        with self._file_lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def alert(
        self, title: str, text: str = "", level: Level = "warning", *, step: int | None = None
    ) -> None:
        """Raise an alert from the training itself.

        Args:
            title: One line.
            text: What happened.
            level: ``info``, ``warning`` or ``error``.
            step: The training step it belongs to.

        Raises:
            UsageError: An unknown level, or a title that is no text.
        """
        _check(title, level)
        self._raise(title, str(text), level, step)

    # -- on the thread --------------------------------------------------------------------

    def _watch(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stopping.wait(_PERIOD)
            try:
                self._look()
                for tick in self._ticks:
                    tick()
                self._deliver()
            except Exception as error:
                self._context.fault("alerts", error, lost=0)

    def _look(self) -> None:
        for step, metrics in self._tail.records():
            for metric, stored in metrics.items():
                value = from_stored(stored)
                if value is None:
                    continue
                for verdict in self._rules.see(metric, value):
                    self._raise(verdict.title, verdict.text, verdict.level, step, metric, value)

    def _deliver(self) -> None:
        while True:
            try:
                alert = self._queue.get_nowait()
            except Empty:
                return
            for sink in self._sinks:
                try:
                    sink.send(alert)
                except Exception as error:
                    self._context.fault(f"alerts by {sink.name}", error)

    # -- on any thread --------------------------------------------------------------------

    def _raise(
        self,
        title: str,
        text: str,
        level: Level,
        step: int | None,
        metric: str | None = None,
        value: float | None = None,
    ) -> None:
        if not self._context.active:
            self._context.late("alerts")
            return
        title, in_title = redact_text(title)
        text, in_text = redact_text(text)
        if in_title or in_text:
            with self._context.lock:
                self._context.run.redacted += in_title + in_text
        name = self._context.run.name
        alert = Alert(time.time(), level, title, text, name, step, metric, value)
        self._append(alert)
        try:
            self._log.send(alert)
        except Exception as error:  # a handler of the program's own
            self._context.fault("alerts by log", error, lost=0)
        if self._sinks:
            self._queue.put(alert)

    def _append(self, alert: Alert) -> None:
        record = {
            "time": round(alert.time, 3),
            "step": alert.step,
            "level": alert.level,
            "title": alert.title,
            "text": alert.text,
            "metric": alert.metric,
            "value": None if alert.value is None else to_stored(alert.value),
        }
        try:
            line = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
            with self._file_lock:
                if self._file is None:
                    self._file = LineAppender(self._context.folder / layout.ALERTS)
                self._file.append(line)
        except Exception as error:
            self._context.fault("alerts", error)


def _check(title: Any, level: Any) -> None:
    if level not in LEVELS or not isinstance(title, str) or not title.strip():
        raise UsageError(
            f"the title is {title!r:.80} and the level {level!r:.40}",
            where="alert",
            expected="a title, and the level info, warning or error",
        )


class MetricTail:
    """The records that are appended to a metrics file.

    When more than a program that trains would write comes at once, a regular sample of the
    records is looked at, besides those that a rule names and those with a value that is not
    finite: a sustained rise shows in a sample too.

    Args:
        context: The run.
        named: Metrics of which every point is looked at.
    """

    def __init__(self, context: RunContext, named: Sequence[str]) -> None:
        self._path = context.folder / layout.METRICS
        keys = [re.escape(orjson.dumps(name) + b":") for name in dict.fromkeys(named)]
        self._telling = re.compile(b"|".join([_NOT_FINITE, *keys]))
        self._descriptor = -1
        self._offset = 0
        self._rest = b""

    def open(self) -> None:
        """Open the file at its end; one that does not exist yet is opened when it does."""
        self._try_open()
        if self._descriptor >= 0:
            self._offset = os.fstat(self._descriptor).st_size

    def _try_open(self) -> None:
        try:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._descriptor = -1

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def records(self) -> Iterator[tuple[int | None, dict[str, Any]]]:
        """Yield ``(step, metrics)`` of the records appended since the last call.

        Raises:
            OSError: The file cannot be read.
        """
        if self._descriptor < 0:
            self._try_open()
        while self._descriptor >= 0 and (piece := os.pread(self._descriptor, _PIECE, self._offset)):
            self._offset += len(piece)
            lines = (self._rest + piece).split(b"\n")
            self._rest = lines.pop()
            for line in self._sampled(lines):
                record = _parsed(line)
                metrics = record.get("metrics")
                if isinstance(metrics, dict):
                    step = record.get("step")
                    yield step if isinstance(step, int) else None, metrics

    def _sampled(self, lines: list[bytes]) -> list[bytes]:
        stride = -(-len(lines) // _LOOKED_AT)
        if stride <= 1:
            return lines
        telling = self._telling.search
        return [line for at, line in enumerate(lines) if at % stride == 0 or telling(line)]


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:  # torn by a full disk; readers report it
        return {}
    return record if isinstance(record, dict) else {}
