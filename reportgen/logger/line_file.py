"""A file of records, one JSON object a line, that a run appends to now and then."""

from __future__ import annotations

import threading
from typing import Any

import orjson

from reportgen.fs.append import LineAppender
from reportgen.logger.context import RunContext


class LineFile:
    """Appends records; the file is made with the first of them. Never raises.

    Args:
        context: The run; faults are counted there.
        place: The file's place in the run folder, which also names its faults.
    """

    def __init__(self, context: RunContext, place: str) -> None:
        self._context = context
        self._place = place
        self._lock = threading.RLock()  # a signal may end the run inside of it
        self._appender: LineAppender | None = None
        self._closed = False

    def append(self, record: dict[str, Any]) -> bool:
        """Append a record that is plain; False when it was not kept."""
        try:
            return self.append_line(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
        except Exception as error:
            self._context.fault(self._place, error)
            return False

    def append_line(self, line: bytes) -> bool:
        """Append one whole line; False when it was not kept."""
        with self._lock:
            if self._closed or not self._context.active:
                return False
            try:
                if self._appender is None:
                    self._appender = LineAppender(self._context.folder / self._place)
                self._appender.append(line)
            except OSError as error:
                self._context.fault(self._place, error)
                return False
            return True

    def close(self) -> None:
        """Take nothing from here on; a second call does nothing."""
        with self._lock:
            self._closed = True
            if self._appender is not None:
                self._appender.close()
                self._appender = None
