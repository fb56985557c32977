"""What the parts of one run share: its folder, its live run.yaml, and how a fault is taken.

A part never raises into the training for a fault of its own or of the disk: it calls
``RunContext.fault``, which warns once a kind, counts what was lost, and returns.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from reportgen.errors import ReportgenError
from reportgen.fs.atomic import write_bytes
from reportgen.fs.documents import load_yaml
from reportgen.runs import layout, writer
from reportgen.runs.schema import (
    Document,
    LeftOut,
    ManifestFile,
    MetricDefinition,
    Run,
    to_plain,
)

LOGGER = logging.getLogger("reportgen")

FurtherKeys = Callable[[dict[str, Any]], Mapping[str, Any]]

_LEFT_OUT_LIMIT = 1_000


class RunContext:
    """The shared state of one run that is being written.

    Attributes:
        folder: The run folder.
        run: The live run.yaml; change it under ``lock``, then call ``write_run``.
        definitions: The metric definitions declared so far, by metric.
        external: Files that are kept elsewhere, for the seal.
        unsettled: Files that another process still writes at the end, which the seal leaves out.
        active: Whether this process may write; False after the end, and in a forked child.
        ended: Whether ``active`` is False because the run has ended.
        say: Takes a line for training.log.
        lock: Guards ``run``, ``definitions`` and ``external``; the thread that holds it may take
            it again.
    """

    def __init__(self, folder: Path, run: Run) -> None:
        self.folder = folder
        self.run = run
        self.definitions: dict[str, MetricDefinition] = {}
        self.external: list[ManifestFile] = []
        self.unsettled: set[str] = set()
        self.active = True
        self.ended = False
        self.lock = threading.RLock()
        self.say: Callable[[str], None] = LOGGER.info
        self._warned: set[str] = set()
        self._further_keys: dict[str, FurtherKeys] = {}

    def fault(self, kind: str, error: BaseException | str, *, lost: int = 1) -> None:
        """Take a fault of reportgen or of the disk: warn the first time, count, never raise.

        Args:
            kind: What could not be done, as a noun ("metrics", "figures", "stdout.log").
            error: Why; a text is shown as it is.
            lost: How many things of that kind were not recorded; added to ``run.dropped``.
        """
        if not self.active:
            return
        with self.lock:
            if lost:
                self.run.dropped[kind] = self.run.dropped.get(kind, 0) + lost
            first = kind not in self._warned
            self._warned.add(kind)
        if first:
            self.warn(f"{kind}: {describe(error)}; the training goes on, this is said once")

    def warn(self, message: str) -> None:
        """Say one line as a warning; never raises, whatever handlers are installed."""
        with suppress(Exception):
            LOGGER.warning("%s", message)

    def late(self, kind: str) -> None:
        """Take a call that came after the end: warn the first time (a forked child is silent)."""
        if self.ended and f"late {kind}" not in self._warned:
            self._warned.add(f"late {kind}")
            self.warn(f"{kind} came after the end of the run {self.run.name} and were not kept")

    def overhead(self, kind: str) -> Overhead:
        """Return a context manager that adds its seconds to ``run.overhead_seconds[kind]``."""
        return Overhead(self, kind)

    def add_overhead(self, kind: str, seconds: float) -> None:
        """Add seconds of the caller's thread to what logging cost."""
        with self.lock:
            spent = self.run.overhead_seconds
            spent[kind] = round(spent.get(kind, 0.0) + seconds, 6)

    def leave_out(self, what: str, where: str, rule: str) -> None:
        """Record that something was not kept as it was; the same entry stands once.

        Args:
            what: The thing ("config key", a file).
            where: Its place ("config.yaml: model.act").
            rule: ``stringified``, ``secret``, ``url-userinfo``, ``size`` or ``keep_last``.
        """
        entry = LeftOut(what=what, where=where, rule=rule)
        with self.lock:
            if entry not in self.run.left_out and len(self.run.left_out) < _LEFT_OUT_LIMIT:
                self.run.left_out.append(entry)

    def write(self, place: str, value: Document | object) -> bool:
        """Write a document at its place in the folder; a fault is counted, False returned."""

        def put() -> None:
            plain = to_plain(value) if isinstance(value, Document) else value
            further = self._further_keys.get(place)
            if further is not None and isinstance(plain, dict):
                plain = {**plain, **further(plain)}
            writer.write_plain(self.folder, place, plain)

        return self._put(place, put)

    def add_keys(self, place: str, further: FurtherKeys) -> None:
        """Let a YAML document have keys beyond the standard's, whenever it is written.

        One that is on disk already is written again.

        Args:
            place: The document.
            further: Given the plain document, returns the keys to add.
        """
        with self.lock:
            self._further_keys[place] = further
            try:
                written = load_yaml((self.folder / place).read_bytes(), name=place)
            except (OSError, ReportgenError):  # not there yet
                return
            self.write(place, written)

    def write_data(self, place: str, data: bytes) -> bool:
        """Write bytes at a place in the folder, as :meth:`write`."""

        def put() -> None:
            path = self.folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, data)

        return self._put(place, put)

    def _put(self, place: str, put: Callable[[], None]) -> bool:
        # Under the lock, so that once ``close`` returned nothing changes what was sealed.
        with self.lock:
            if not self.active:
                return False
            try:
                if not self.folder.is_dir():  # somebody removed the run: it does not come back
                    raise FileNotFoundError(2, "the run folder is gone")
                put()
            except Exception as error:
                self.fault(place, error)
                return False
            return True

    def close(self) -> None:
        """Write nothing from here on: the run has ended."""
        with self.lock:
            self.active = False
            self.ended = True

    def abandon(self) -> None:
        """In a forked child: write nothing from here on, and wait for no lock of the parent."""
        self.active = False
        self.lock = threading.RLock()

    def write_run(self) -> bool:
        """Write run.yaml as it stands now."""
        with self.lock:
            return self.write(layout.RUN, self.run)


class Overhead:
    """Times a block of the caller's thread."""

    __slots__ = ("_context", "_kind", "_start")

    def __init__(self, context: RunContext, kind: str) -> None:
        self._context = context
        self._kind = kind

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._context.add_overhead(self._kind, time.perf_counter() - self._start)


def describe(error: BaseException | str) -> str:
    """Return an error in one clause, without asking a foreign object for its text."""
    if isinstance(error, str):
        return error
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, ReportgenError):
        return error.what
    try:
        return f"{type(error).__name__}: {error}"[:300]
    except Exception:
        return type(error).__name__
