"""``run.log``: one record a call, one ``os.write`` of one whole line, then it is kept.

The fast path is a closure over local names, takes no lock and serves the everyday call: known
names, finite numbers, plain or in a tensor. Everything else (a new name, a NaN, a full disk, a
fork, a closed run) falls through to the slow path, which is allowed to cost more. Writing a whole
line to an ``O_APPEND`` descriptor is atomic among threads and processes on a local file system.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from reportgen.errors import UsageError
from reportgen.fs.append import LineAppender
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.logger.context import RunContext
from reportgen.logger.resume import Continuation
from reportgen.logger.thinning import Thinned, without_passed_over
from reportgen.logger.values import STEP_LIMIT, number_of, step_of, stored_number, type_name
from reportgen.runs import lock

LogCall = Callable[..., None]

_NEWLINE = orjson.OPT_APPEND_NEWLINE
_NO_DESCRIPTOR = -1
_SAMPLE = 64  # one call in so many is timed


class MetricWriter:
    """Appends metric records to the metrics file of one run and holds the writer's lock on it.

    Args:
        context: The run.
        path: The metrics file.
        earlier: What a resumed run brings along: the file, locked already, its names and steps.

    Attributes:
        log: ``log(metrics, step=None)``, the call of the hot path.
    """

    def __init__(
        self, context: RunContext, path: Path, earlier: Continuation | None = None
    ) -> None:
        self._context = context
        self._path = path
        self._lock = threading.Lock()
        self._known: set[str] = set(earlier.names) if earlier else set()
        self._thinned: dict[str, Thinned] = {}
        self._waiting: list[bytes] = []
        self._timed_seconds = 0.0
        self._timed_calls = 0
        self._stopped = False
        self._appender: LineAppender | None = earlier.file if earlier else None
        last = earlier.first_step - 1 if earlier else -1
        self.log, self._use, self._state = _fast_path(self, self._known, last)
        if earlier is None:
            self._open()
        else:
            self.mark(earlier.marker(time.time()))

    @property
    def last_step(self) -> int:
        """The step of the latest record, -1 before the first."""
        return self._state()[0]

    @property
    def descriptor(self) -> int:
        """The open metrics file, -1 when there is none."""
        return self._appender.descriptor if self._appender else _NO_DESCRIPTOR

    @property
    def calls(self) -> int:
        """How often ``log`` was called."""
        return self._state()[1] - self._timed_calls  # a timed call passes the counter twice

    @property
    def overhead_seconds(self) -> float:
        """Seconds spent in ``log``, extrapolated from the calls that were timed."""
        if not self._timed_calls:
            return 0.0
        return self._timed_seconds / self._timed_calls * self.calls

    def knows(self, name: str) -> bool:
        """Tell whether a metric of this name was logged."""
        thinned = self._thinned.get(name)
        return name in self._known or (thinned is not None and thinned.accepted)

    def thin(self, name: str, every: int) -> None:
        """Keep the first of every so many points of a metric from here on; 1 keeps all.

        Points to keep leave the fast path, which passes over the others.
        """
        if every > 1:
            self._thinned[name] = Thinned(every, self.knows(name))
            self._known.discard(name)
        elif (thinned := self._thinned.pop(name, None)) is not None and thinned.accepted:
            self._known.add(name)

    def mark(self, line: bytes) -> None:
        """Append a marker; one that the disk refuses goes before the next record."""
        with self._lock:
            self._waiting.append(line)
            self._append([])

    def stop(self) -> None:
        """Take no record from here on; the lock on the file stays held."""
        with self._lock:
            self._stopped = True
            self._use(_NO_DESCRIPTOR)

    def release(self) -> None:
        """Give the lock back and close the file."""
        if self._appender is not None:
            lock.release(self._appender.descriptor)
            self._appender.close()

    def abandon(self) -> None:
        """In a forked child: forget the file, and leave the lock to the parent."""
        self._stopped = True
        self._use(_NO_DESCRIPTOR)
        if self._appender is not None:
            self._appender.close()

    def log_timed(self, metrics: Mapping[str, Any], step: int | None) -> None:
        """Log one record and keep what it cost as a sample."""
        start = time.perf_counter()
        self.log(metrics, step)
        self._timed_seconds += time.perf_counter() - start
        self._timed_calls += 1

    def log_slowly(self, metrics: Mapping[str, Any], step: int | None) -> int | None:
        """Check, convert and append one record; return its step when it was written.

        Raises:
            UsageError: The step is no integer, a name is no text, or a value that is no number
                stands under a name that never had one.
        """
        if self._stopped:
            self._context.late("metrics")
            return None
        number = step_of(step)
        stored = self._checked(metrics)
        if not stored:  # what was left out on purpose still was a step
            return number if not self._thinned.keys().isdisjoint(metrics) else None
        try:
            lines = _lines(number, time.time(), stored)
        except Exception as error:
            self._context.fault("metrics", error)
            return None
        with self._lock:
            return number if self._append(lines) else None

    def _open(self) -> bool:
        try:
            self._appender = LineAppender(self._path)
        except OSError as error:
            self._context.fault("metrics", error, lost=0)
            return False
        # False when ``reportgen run`` holds it already, and holds it until the very end.
        lock.hold(self._appender.descriptor)
        self._use(self._appender.descriptor)
        return True

    def _append(self, lines: list[bytes]) -> bool:
        """Append under the lock; after a failure the fast path stays off until one succeeds."""
        if self._stopped:
            return False
        if self._appender is None and not self._open():
            self._context.fault("metrics", "the file cannot be opened", lost=len(lines))
            return False
        assert self._appender is not None  # noqa: S101 - _open has just set it
        waiting = len(self._waiting)
        for done, line in enumerate([*self._waiting, *lines], -waiting):
            try:
                self._appender.append(line)
            except OSError as error:
                self._use(_NO_DESCRIPTOR)
                self._context.fault("metrics", error, lost=len(lines) - max(done, 0))
                return False
            if done < 0:
                del self._waiting[0]
        self._use(self._appender.descriptor)
        return True

    def suspect_tail(self) -> None:
        """Take the fast path out of use after a write that may have torn the last line."""
        with self._lock:
            self._use(_NO_DESCRIPTOR)
            if self._appender is not None:
                self._appender.recheck()

    def lost_short(self, written: int, size: int) -> None:
        """Count a record of which only a part was accepted, as a full disk does it."""
        self.suspect_tail()
        self._context.fault("metrics", f"only {written} of {size} bytes were accepted")

    def _checked(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        if not isinstance(metrics, Mapping):
            raise UsageError(
                f"the metrics are of type {type_name(metrics)}",
                where="run.log",
                expected='a mapping of names to numbers, such as {"train/loss": 0.5}',
            )
        stored = {}
        for name, value in list(metrics.items()):
            number = stored_number(value)
            if number is None:
                self._refuse(name, value)
            elif name in self._known or self._is_due(name):
                stored[str.__str__(name)] = number
        return stored

    def _is_due(self, name: str) -> bool:
        """Tell whether a value is kept whose name is new, or thinned."""
        if not self.knows(name) and not self._accept(name):
            return False
        thinned = self._thinned.get(name)
        return thinned is None or thinned.is_due()

    def _refuse(self, name: object, value: object) -> None:
        if isinstance(name, str) and self.knows(name):
            kind = type_name(value)
            self._context.fault("metric values", f"{name} got a {kind}, which is no number")
            return
        raise UsageError(
            f"the value of {_shown(name)} is of type {type_name(value)}",
            where="run.log",
            expected="a number: int, float, bool, or a scalar of numpy, torch and the like",
            fix="Log one number of an array (its mean()), and text by run.log_text.",
        )

    def _accept(self, name: object) -> bool:
        fault = _name_fault(name)
        if fault is not None or not isinstance(name, str):
            raise UsageError(
                f"the metric name {_shown(name)} {fault}",
                where="run.log",
                expected='a short text such as "train/loss"',
            )
        if len(self._known) >= DEFAULT_LIMITS.series:
            self._context.fault("metric names", f"more than {DEFAULT_LIMITS.series} in one run")
            return False
        if name in self._thinned:
            self._thinned[name].accepted = True
        else:
            self._known.add(name)
        return True


def _fast_path(  # noqa: C901 - inlined on purpose, as ``log`` below
    writer: MetricWriter, known: set[str], last: int
) -> tuple[LogCall, Callable[[int], None], Callable[[], tuple[int, int]]]:
    """Return the hot call, a switch of its descriptor, and a view of (last step, calls)."""
    descriptor = _NO_DESCRIPTOR
    calls = _SAMPLE - 2  # the second call is the first to be timed: the first one meets new names
    all_known = known.issuperset
    longest, largest = DEFAULT_LIMITS.line_bytes, STEP_LIMIT
    slowly, short = writer.log_slowly, writer.lost_short
    dumps, write, now, newline = orjson.dumps, os.write, time.time, _NEWLINE
    numbers_of, left_of, thinned = _finite, without_passed_over, writer._thinned

    def log(metrics: Mapping[str, Any], step: int | None = None) -> None:  # noqa: C901
        # One function: each further call would cost a tenth of the floor.
        nonlocal last, calls
        calls += 1
        if not calls & 63:
            writer.log_timed(metrics, step)
            return
        if step is None:
            step = last + 1
        try:
            if type(step) is int and type(metrics) is dict and 0 <= step <= largest:
                if thinned and metrics and descriptor != _NO_DESCRIPTOR:
                    metrics = left_of(metrics, thinned)
                    if not metrics:  # what was left out on purpose still was a step
                        last = step
                        return
                plain: dict[str, Any] | None = None
                if all_known(metrics):
                    plain = metrics
                    for value in metrics.values():
                        if type(value) is float:
                            if value - value == 0.0:  # neither NaN nor an infinity
                                continue
                        elif type(value) is int:
                            continue
                        plain = numbers_of(metrics)
                        break
                if plain:
                    record = {"step": step, "time": now(), "metrics": plain}
                    line = dumps(record, None, newline)
                    size = len(line)
                    if size <= longest:
                        written = write(descriptor, line)
                        last = step
                        if written != size:
                            short(written, size)
                        return
        except (OSError, TypeError, RuntimeError):
            if descriptor != _NO_DESCRIPTOR:
                writer.suspect_tail()
        done = slowly(metrics, step)
        if done is not None:
            last = done

    def use(number: int) -> None:
        nonlocal descriptor
        descriptor = number

    def state() -> tuple[int, int]:
        return last, calls - (_SAMPLE - 2)

    return log, use, state


def _finite(metrics: dict[str, Any]) -> dict[str, int | float] | None:
    """Return the metrics as plain numbers; None when one is no finite number."""
    plain: dict[str, int | float] = {}
    for name, value in metrics.items():
        number = number_of(value)
        if number is None or number - number != 0:
            return None
        plain[name] = number
    return plain


def _lines(step: int, moment: float, stored: dict[str, Any]) -> list[bytes]:
    """Return one record as a line, or as several where a reader would refuse its length."""
    line = orjson.dumps({"step": step, "time": moment, "metrics": stored}, option=_NEWLINE)
    if len(line) <= DEFAULT_LIMITS.line_bytes or len(stored) < 2:
        return [line]
    items = list(stored.items())
    half = len(items) // 2
    return _lines(step, moment, dict(items[:half])) + _lines(step, moment, dict(items[half:]))


def _name_fault(name: object) -> str | None:
    if not isinstance(name, str):
        return "is no text"
    if not name.strip():
        return "is empty"
    if len(name) > DEFAULT_LIMITS.name_characters:
        return f"has {len(name)} characters, more than {DEFAULT_LIMITS.name_characters}"
    try:
        name.encode()
    except UnicodeEncodeError:
        return "holds half of a surrogate pair"
    return None


def _shown(name: object) -> str:
    return f"{name[:80]!r}" if isinstance(name, str) else f"of type {type_name(name)}"
