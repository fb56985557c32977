"""How a run ends when nobody calls ``finish``: signals, exceptions, the interpreter's exit, fork.

* SIGTERM and SIGHUP: a run ends as ``interrupted``, then the process does what it would have done.
  A handler that the program had installed is called in turn, and the run goes on until the program
  ends it; that it was asked to stop is then recorded.
* Ctrl-C raises KeyboardInterrupt as ever; leaving a with-block by it, or the interpreter, makes
  the run ``interrupted``.
* An exception that reaches the interpreter makes it ``failed``.
* The interpreter exits with the run still open: ``finished``, with status 0; if ``sys.exit`` was
  called with another status and nothing was logged since, ``failed`` with that status.
* A forked child forgets every run: data-loader workers never write.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Protocol

from reportgen.runs.schema import Status


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended.

    Attributes:
        status: ``finished``, ``failed`` or ``interrupted``.
        exit_code: Of the process or with-block; 128 + n for signal n.
        stopped_early: A reason; for an interruption the signal's name.
        error: The exception that ended it.
    """

    status: Status
    exit_code: int | None = 0
    stopped_early: str | None = None
    error: BaseException | None = None


class OpenRun(Protocol):
    """What the end of a process asks of a run that is still open."""

    def end(self, ending: Ending) -> None:
        """Close the run for good; a second call does nothing."""

    def note_signal(self, name: str) -> None:
        """Remember that the process was asked to end."""

    def abandon(self) -> None:
        """In a forked child: write nothing from here on."""

    def activity(self) -> object:
        """Return something that differs as soon as the run records anything more."""


def ending_of(error: BaseException | None) -> Ending:
    """Return how a run ended that an exception, or none, left."""
    if error is None:
        return Ending("finished")
    if isinstance(error, KeyboardInterrupt):
        return Ending("interrupted", 128 + signal.SIGINT, "SIGINT", error)
    if isinstance(error, SystemExit):
        code = _status_of(error.code)
        return Ending("finished") if code == 0 else Ending("failed", code)
    return Ending("failed", 1, None, error)


def _status_of(code: object) -> int:
    """Return the exit status that the interpreter makes of ``SystemExit.code``."""
    if code is None:
        return 0
    return code & 0xFF if isinstance(code, int) else 1


class _Hooks:
    """The process-wide hooks; in place while a run is open."""

    def __init__(self) -> None:
        self.open: list[OpenRun] = []
        self.signals: dict[int, Any] = {}
        self.excepthook: Callable[..., Any] | None = None
        self.exit: Callable[..., Any] | None = None
        self.asked: tuple[int, list[object]] | None = None
        self.closing = 0
        self.blocked = threading.local()
        self.deferred: int | None = None
        self.registered = False

    def watch(self, run: OpenRun) -> None:
        self.open.append(run)
        if not self.registered:
            self.registered = True
            atexit.register(self.at_exit)
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(
                    before=self.before_fork,
                    after_in_parent=self.unblock,
                    after_in_child=self.in_child,
                )
        if len(self.open) == 1:
            self.install()

    def forget(self, run: OpenRun) -> None:
        if run in self.open:
            self.open.remove(run)
        if not self.open:
            self.uninstall()

    def install(self) -> None:
        self.excepthook, sys.excepthook = sys.excepthook, self.on_exception
        self.exit, sys.exit = sys.exit, self.on_exit
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                self.install_signal(number)

    def install_signal(self, number: int) -> None:
        previous = signal.getsignal(number)
        if previous is None or previous in (signal.SIG_IGN, self.on_signal):
            return  # not Python's to change, meant to be survived (nohup), or still ours
        with suppress(ValueError, OSError):  # in a sub-interpreter, for one
            signal.signal(number, self.on_signal)
            self.signals[number] = previous

    def uninstall(self) -> None:
        """Put back what is still ours; a hook that was wrapped since just passes through."""
        if sys.excepthook == self.on_exception and self.excepthook is not None:
            sys.excepthook = self.excepthook
        if sys.exit == self.on_exit and self.exit is not None:
            sys.exit = self.exit
        for number, previous in list(self.signals.items()):
            if signal.getsignal(number) == self.on_signal:
                with suppress(ValueError, OSError):  # only the main thread may
                    signal.signal(number, previous)
                    del self.signals[number]

    def end_all(self, ending: Ending) -> None:
        for run in reversed(self.open.copy()):
            run.end(ending)

    def on_signal(self, number: int, frame: FrameType | None) -> Any:
        name = signal.Signals(number).name
        previous = self.signals.get(number, signal.SIG_DFL)
        if callable(previous):
            for run in self.open:
                run.note_signal(name)
            return previous(number, frame)
        if self.closing:
            self.deferred = number  # the run is being closed: that first, then this
            return None
        # A second signal would end the process in the middle of its last writes.
        signal.signal(number, signal.SIG_IGN)
        self.end_all(Ending("interrupted", 128 + number, name))
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        return None

    @contextmanager
    def closing_a_run(self) -> Iterator[None]:
        self.closing += 1
        try:
            yield
        finally:
            self.closing -= 1
            if self.deferred is not None and not self.closing:
                number, self.deferred = self.deferred, None
                os.kill(os.getpid(), number)

    def on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> Any:
        previous = self.excepthook or sys.__excepthook__
        self.end_all(ending_of(error))
        result = previous(kind, error, trace)
        if isinstance(error, KeyboardInterrupt):
            _interrupt_again()
        return result

    def on_exit(self, status: Any = None, /) -> Any:
        self.asked = (_status_of(status), [run.activity() for run in self.open])
        if self.exit is None:
            raise SystemExit(status)
        return self.exit(status)

    def at_exit(self) -> None:
        code, activity = self.asked or (0, [])
        swallowed = activity != [run.activity() for run in self.open]
        if code and not swallowed:
            self.end_all(Ending("failed", code))
        else:
            self.end_all(Ending("finished"))

    def before_fork(self) -> None:
        """Hold signals back: one that met a child before ``in_child`` would be lost there, or
        end the parent's run.
        """
        if self.signals:
            self.blocked.mask = signal.pthread_sigmask(signal.SIG_BLOCK, list(self.signals))

    def unblock(self) -> None:
        mask = self.blocked.__dict__.pop("mask", None)
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def in_child(self) -> None:
        for run in self.open:
            run.abandon()
        self.open.clear()
        self.uninstall()
        self.unblock()


def _interrupt_again() -> None:
    """Let the process die of Ctrl-C, as its parent expects.

    The interpreter does so when the code that it ran last from text was interrupted, and to close
    the run it may have run some (making a named tuple is enough).
    """
    with suppress(KeyboardInterrupt):
        exec("raise KeyboardInterrupt")  # noqa: S102


_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_HOOKS = _Hooks()

watch = _HOOKS.watch
"""Take care of the end of a run that was just opened."""

forget = _HOOKS.forget
"""Stop taking care of a run that has ended."""

closing_a_run = _HOOKS.closing_a_run
"""Return a context manager within which a signal to end waits until the run is closed."""
