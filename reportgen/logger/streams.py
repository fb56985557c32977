"""stdout.log, stderr.log and training.log: what a program printed and logged, by whole lines.

Text is taken at the Python level (``sys.stdout.write``, loggers), redacted, and appended by one
unbuffered write, so that what was printed before a kill is on disk. What C code or child
processes write to the descriptors is not seen here; ``reportgen run`` sees that too.

The stream objects stay the program's own: only their ``write`` is wrapped, so that ``print``, a
handler made earlier and ``isatty`` all work as before.
"""

from __future__ import annotations

import copy
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from reportgen.fs.append import LineAppender
from reportgen.logger.context import RunContext
from reportgen.runs.redact import redact_text
from reportgen.runs.schema import StreamSize

_PENDING_LIMIT = 64 * 1024
_OVERPRINT_SECONDS = 1.0
_FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"


class StreamLog:
    """One log file of whole lines.

    A progress bar prints over its own line many times; of such states one a second is kept, and
    the last before the line ends.

    Args:
        context: The run; redactions and faults are counted there.
        path: The file, appended to when it exists.
    """

    def __init__(self, context: RunContext, path: Path) -> None:
        self._context = context
        self._path = path
        self._lock = threading.RLock()
        self._pending = ""
        self._overprinted = 0.0
        self._lost = 0
        self._bytes = 0
        self._closed = False
        self._home = _home()
        self._appender: LineAppender | None = None
        self._open()

    def feed(self, text: str) -> None:
        """Take text as it is printed; whole lines go to the file at once. Never raises."""
        if self._closed or not self._context.active:
            return
        try:
            with self._lock:
                self._take(text)
        except Exception as error:
            self._lose(1, error)

    def close(self) -> None:
        """Write what is left of the last line; take nothing from here on."""
        with self._lock:
            if self._closed:
                return
            if self._pending and self._context.active:
                self._write(_last_print(self._pending) + "\n")
            self._closed = True
            if self._appender is not None:
                self._appender.close()

    def size(self) -> StreamSize:
        """Return the bytes written and the lines lost."""
        return StreamSize(bytes=self._bytes, lost=self._lost)

    def _open(self) -> bool:
        try:
            self._appender = LineAppender(self._path)
            self._bytes = os.fstat(self._appender.descriptor).st_size
        except OSError as error:
            self._context.fault(self._path.name, error, lost=0)
            return False
        return True

    def _take(self, text: str) -> None:
        self._pending += text
        end = self._pending.rfind("\n") + 1
        if end:
            whole, self._pending = self._pending[:end], self._pending[end:]
            if "\r" in whole:
                whole = "".join(f"{_last_print(line)}\n" for line in whole[:-1].split("\n"))
            self._write(whole)
        if "\r" in self._pending:
            self._overprint()
        if len(self._pending) > _PENDING_LIMIT:
            self._write(self._pending + "\n")
            self._pending = ""

    def _overprint(self) -> None:
        """Drop the states of a progress bar that were printed over, but for one a second."""
        complete, _, last = self._pending.rpartition("\r")
        if not last:  # the carriage return may belong to a line end that is still to come
            return
        self._pending = last
        shown = _last_print(complete)
        if shown.strip() and time.monotonic() - self._overprinted >= _OVERPRINT_SECONDS:
            self._overprinted = time.monotonic()
            self._write(f"{shown}\n")

    def _write(self, text: str) -> None:
        clean, redacted = redact_text(text)
        if redacted:
            clean = clean if clean.endswith("\n") else f"{clean}\n"
            with self._context.lock:
                self._context.run.redacted += redacted
        if self._home:
            clean = clean.replace(self._home, "~/")
        line = clean.encode("utf-8", "replace")
        if self._appender is None and not self._open():
            self._lose(text.count("\n"), "the file cannot be opened")
            return
        assert self._appender is not None  # noqa: S101 - _open has just set it
        try:
            self._appender.append(line)
        except OSError as error:
            self._lose(text.count("\n"), error)
        else:
            self._bytes += len(line)

    def _lose(self, lines: int, error: BaseException | str) -> None:
        self._lost += lines
        self._context.fault(self._path.name, error, lost=lines)


class TrainingLog(StreamLog):
    """training.log: logging records in the customary format."""

    def __init__(self, context: RunContext, path: Path) -> None:
        super().__init__(context, path)
        self._formatter = logging.Formatter(_FORMAT)

    def emit(self, record: logging.LogRecord) -> None:
        """Append one record; never raises."""
        with suppress(Exception):
            # A copy: formatting caches texts on the record that other handlers would then show.
            self.feed(self._formatter.format(copy.copy(record)) + "\n")

    def line(self, message: str, *, name: str = "reportgen", level: int = logging.INFO) -> None:
        """Append a message of the run itself, whatever levels the loggers have."""
        self.emit(logging.LogRecord(name, level, "", 0, message, None, None))


class StreamTaps:
    """Hands what is written to standard streams to the logs that listen, as long as any does."""

    def __init__(self) -> None:
        self._listeners: dict[int, list[StreamLog]] = {}
        self._wrapped: dict[int, tuple[Any, Callable[..., Any]]] = {}

    def attach(self, stream: Any, log: StreamLog) -> bool:
        """Let ``log`` hear ``stream``; False when the stream's write cannot be wrapped."""
        key = id(stream)
        if key not in self._wrapped and not self._wrap(stream):
            return False
        self._listeners.setdefault(key, []).append(log)
        return True

    def detach(self, log: StreamLog) -> None:
        """Forget ``log``; a stream without listeners gets its own ``write`` back."""
        for key, logs in list(self._listeners.items()):
            if log in logs:
                logs.remove(log)
            if not logs:
                del self._listeners[key]
                self._unwrap(key)

    def _wrap(self, stream: Any) -> bool:
        key = id(stream)
        original = stream.write
        listeners = self._listeners

        def write(text: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(text, str):
                for log in tuple(listeners.get(key, ())):
                    log.feed(text)
            return original(text, *args, **kwargs)

        try:
            stream.write = write
        except (AttributeError, TypeError):
            return False
        self._wrapped[key] = (stream, write)
        return True

    def _unwrap(self, key: int) -> None:
        stream, write = self._wrapped.pop(key)
        with suppress(AttributeError, TypeError):
            if vars(stream).get("write") is write:
                del stream.write


class LoggerTap:
    """Hands every record that a logger lets pass to the training logs that listen.

    A handler on the root logger would do less and harm more: it silences ``basicConfig``, keeps
    Python's last-resort handler from printing warnings, and misses loggers that do not propagate.
    """

    def __init__(self) -> None:
        self._listeners: list[TrainingLog] = []
        self._original: Callable[..., None] | None = None
        self._wrapper: Callable[..., None] | None = None

    def attach(self, log: TrainingLog) -> None:
        """Let ``log`` hear every record."""
        self._listeners.append(log)
        if self._wrapper is None:
            self._wrap()

    def detach(self, log: TrainingLog) -> None:
        """Forget ``log``; without listeners logging is as it was."""
        if log in self._listeners:
            self._listeners.remove(log)
        if not self._listeners and self._wrapper is logging.Logger.callHandlers:
            logging.Logger.callHandlers = self._original  # type: ignore[method-assign, assignment]
            self._wrapper = None

    def _wrap(self) -> None:
        listeners = self._listeners
        original = self._original = logging.Logger.callHandlers

        def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
            for log in tuple(listeners):
                log.emit(record)
            original(logger, record)

        self._wrapper = call_handlers
        logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign, assignment]


STREAMS = StreamTaps()
LOGGERS = LoggerTap()


def _last_print(line: str) -> str:
    """Return what a terminal shows of a line that was printed over by carriage returns."""
    return next((part for part in reversed(line.split("\r")) if part), "")


def _home() -> str:
    """Return the home directory with its slash, or nothing where it is no place of its own."""
    home = os.path.expanduser("~").rstrip("/")
    return f"{home}/" if home.startswith("/") and len(home) > 1 else ""
