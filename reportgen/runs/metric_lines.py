"""The lines of a metrics file, whatever happened to it.

Whole blocks of lines are parsed at once; only a block that does not parse is read line by line.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from reportgen.fs.documents import key_that_stands_twice
from reportgen.fs.limits import Limits
from reportgen.fs.text import hidden_character
from reportgen.runs.metric_blocks import Block, blocks_of
from reportgen.runs.metric_log import MetricLog, Series
from reportgen.runs.metric_rows import RowFiller
from reportgen.runs.problems import Problem, Severity

_SHOWN = 20


class _GivenUp(Exception):  # noqa: N818  (no error: the rest of the file is left unread)
    """A limit was hit, and a problem says so."""


class LogFiller:
    """Fills a log from the bytes of one file.

    Args:
        log: What is filled.
        name: Path for messages, relative to the run folder.
        limits: As :func:`reportgen.runs.metric_log.read_metric_log`.
    """

    def __init__(self, log: MetricLog, name: str, limits: Limits) -> None:
        self.log = log
        self.name = name
        self.limits = limits
        self.rows = RowFiller(log, limits.series, self._notice)
        self.counts: Counter[tuple[str, Severity]] = Counter()
        self.bad_lines = 0
        self.unfinished: int | None = None

    def fill(self, pieces: Iterable[bytes]) -> None:
        """Read everything; faults become problems of the log."""
        try:
            for block in blocks_of(pieces, self.limits.line_bytes):
                if block.too_long:
                    message = f"the line has {block.too_long} bytes, more than"
                    message = f"{message} {self.limits.line_bytes}"
                    self._notice("limits.line", "error", message, block.line)
                else:
                    self._block(block)
                self._check_limits(block.line)
        except _GivenUp:
            pass
        self._settle_unfinished()
        self._check_order()
        self._check_names()
        for (kind, severity), count in self.counts.items():
            if count > _SHOWN:
                rest = f"{count - _SHOWN} more like these"
                self.log.problems.append(Problem(kind, severity, self.name, rest))

    # -- lines ----------------------------------------------------------------------------

    def _block(self, block: Block) -> None:
        line, data = block.line, block.data
        if line == 1:
            data = self._start(data)
        if not data.strip():
            return
        try:
            # The newline stays, so that a line cut inside a string cannot join the next one.
            records = orjson.loads(b"[" + data.replace(b"\n", b"\n,") + b"]")
        except orjson.JSONDecodeError:
            records = []
        if len(records) == block.lines and self.unfinished is None:
            self._take(line, records, data)
            return
        for number, text in enumerate(data.split(b"\n"), line):
            self._line(number, text.strip(), block.torn)
            if self.bad_lines > self.limits.bad_lines:
                return

    def _start(self, data: bytes) -> bytes:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            self._notice("log.bad_bytes", "error", "is UTF-16 text, where UTF-8 is expected", 1)
            raise _GivenUp
        if data.startswith(b"\xef\xbb\xbf"):
            self._notice("text.bom", "info", "starts with a byte-order mark", 1)
            data = data[3:]
        if data.partition(b"\n")[0].endswith(b"\r"):
            self._notice("text.crlf", "info", "lines end with CR LF", 1)
        return data

    def _line(self, number: int, text: bytes, torn: bool) -> None:
        if not text:
            return
        try:
            record = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            self._odd_line(number, text, torn, error.msg)
            return
        if self.unfinished is not None:
            resumed = isinstance(record, dict) and record.get("event") == "resume"
            self._settle_unfinished(resumed=resumed)
        self._take(number, (record,), text)

    def _odd_line(self, number: int, text: bytes, torn: bool, fault: str) -> None:
        if b"\0" in text:
            # Blocks that were allocated and never written, as a power loss leaves them.
            self._notice("log.bad_bytes", "error", "holds zero bytes", number)
            for part in text.split(b"\0"):
                self._line(number, part.strip(), torn)
            return
        self._settle_unfinished()
        if torn:
            self._torn(number, "the last record was cut off while written")
            return
        try:
            record = json.loads(text.decode("utf-8"))
        except UnicodeDecodeError:
            self._notice("log.bad_bytes", "error", "the line is not UTF-8", number)
        except (ValueError, RecursionError):
            if text.startswith(b"{") and text.count(b"{") > text.count(b"}"):
                self.unfinished = number
            else:
                self._notice("log.bad_line", "error", f"the line is not JSON: {fault}", number)
        else:
            self._notice("log.bad_value", "info", f"is not strict JSON: {fault}", number)
            self._take(number, (_with_whole_names(record),), b"")

    def _torn(self, number: int, message: str) -> None:
        if not self.log.torn:
            self._notice("log.torn_tail", "info", message, number)
        self.log.torn = True

    def _settle_unfinished(self, *, resumed: bool = False) -> None:
        """Judge a line that stops short: the tail of an attempt that was killed, or damage."""
        number, self.unfinished = self.unfinished, None
        if number is not None and resumed:
            message = "the last record of an attempt was cut off while written"
            self._notice("log.torn_tail", "info", message, number)
        elif number is not None:
            message = "the line is not JSON: it stops short"
            self._notice("log.bad_line", "error", message, number)

    def _take(self, line: int, records: Sequence[Any], data: bytes) -> None:
        keys = self.rows.take(line, records)
        if data.count(b":") <= keys or data.count(b'":') <= keys:
            return
        for number, text in enumerate(data.split(b"\n"), line):
            twice = key_that_stands_twice(text)
            if twice is not None:
                message = f"the key {twice!r:.80} stands twice; the last one counts"
                self._notice("log.duplicate_key", "warning", message, number)

    # -- what is said at the end ----------------------------------------------------------

    def _check_limits(self, line: int) -> None:
        for kind, count, most in (
            ("records", self.log.records, self.limits.records),
            ("points", self.rows.points, self.limits.points),
            ("lines", self.bad_lines, self.limits.bad_lines),
        ):
            if count > most:
                what = "unreadable lines" if kind == "lines" else kind
                message = f"holds more than {most} {what}, so it was read no further"
                self._notice(f"limits.{kind}", "error", message, line)
                raise _GivenUp

    def _check_order(self) -> None:
        if self.log.columns.steps_rise:
            return
        for series in self.log.series.values():
            fault = _fault_in_order(series)
            if fault is not None:
                message = f"{series.name[:80]!r} has step {fault[1]} after step {fault[0]}"
                self._notice("log.step_order", "warning", message, None)

    def _check_names(self) -> None:
        alike: dict[str, str] = {}
        for name in self.log.series:
            first = alike.setdefault(name.strip().casefold(), name)
            if first != name:
                message = f"{name[:80]!r} and {first[:80]!r} differ only in case or blanks"
                self._notice("log.duplicate_key", "info", message, None)
            if len(name) > self.limits.name_characters:
                message = f"the name of a metric has {len(name)} characters"
                self._notice("limits.text", "warning", message, None)
            if hidden := hidden_character(name):
                message = f"{name[:80]!r} holds {hidden}, which hides or reorders text"
                self._notice("text.bidi", "warning", message, None)
        if self.rows.left_out:
            count = len(self.rows.left_out)
            message = f"{count} series beyond the first {self.limits.series} were left out"
            self._notice("limits.series", "error", message, None)

    def _notice(self, kind: str, severity: Severity, message: str, line: int | None) -> None:
        self.bad_lines += kind in ("log.bad_line", "log.bad_bytes", "limits.line")
        self.counts[kind, severity] += 1
        if self.counts[kind, severity] <= _SHOWN:
            self.log.problems.append(Problem(kind, severity, self.name, message, line))


def _fault_in_order(series: Series) -> tuple[int, int] | None:
    """Return the first two steps of one attempt of which the later is not the larger."""
    if series.steps_rise:
        return None
    steps, attempts = series.steps, series.attempts
    for index in range(1, len(steps)):
        if steps[index] <= steps[index - 1] and attempts[index] == attempts[index - 1]:
            return steps[index - 1], steps[index]
    return None


def _with_whole_names(record: Any) -> Any:
    """Replace halves of surrogate pairs in names, which only Python's own parser lets pass."""
    if isinstance(record, dict) and isinstance(record.get("metrics"), dict):
        names = {_whole(name): value for name, value in record["metrics"].items()}
        return {**record, "metrics": names}
    return record


def _whole(name: str) -> str:
    return name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
