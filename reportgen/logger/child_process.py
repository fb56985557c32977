"""A command as a child process: its streams pass through and are kept, signals are passed on."""

from __future__ import annotations

import codecs
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import IO, Any

from reportgen.fs.atomic import write_all

_PIECE = 1 << 16
_DRAIN_SECONDS = 5.0
_FORWARDED = ("SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2")
_OF_THE_TERMINAL = ("SIGINT", "SIGQUIT")

Feed = Callable[[str], None]


class ChildProcess:
    """A running command, as a context: signals are passed on from before it starts.

    A signal that comes after the command ended is noted and otherwise ignored until the context
    is left, so that what follows the command is not cut short.

    Args:
        command: Program and arguments.
        environ: Its environment.
        stdout: Takes the text of its standard output as it comes.
        stderr: Takes that of its standard error.

    Raises:
        OSError: On entering, when the program cannot be started.
    """

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], *, stdout: Feed, stderr: Feed
    ) -> None:
        self.forwarded: str | None = None
        self._command = list(command)
        self._environ = dict(environ)
        self._feeds = (stdout, stderr)
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self._previous: dict[int, Any] = {}
        self._pumps: list[threading.Thread] = []

    def __enter__(self) -> ChildProcess:
        for name in _FORWARDED:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                self._previous[number] = signal.signal(number, self._forward)
        try:
            self._start()
        except BaseException:
            self._restore()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._restore()

    def wait(self, *, period: float, tick: Callable[[], None]) -> int:
        """Wait for the end, calling ``tick`` each ``period`` seconds.

        A process that outlives the command and holds its streams is waited for 5 s.

        Returns:
            The exit status; for a command that died of signal n, -n.
        """
        assert self._process is not None  # noqa: S101 - started on entering
        while True:
            try:
                status = self._process.wait(period)
                break
            except subprocess.TimeoutExpired:
                tick()
        for pump in self._pumps:
            pump.join(_DRAIN_SECONDS)
        return status

    def _start(self) -> None:
        process = subprocess.Popen(
            self._command,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self._process = process
        self._pumps = [
            _pump(process.stdout, 1, self._feeds[0]),
            _pump(process.stderr, 2, self._feeds[1]),
        ]
        for number in self._early:
            process.send_signal(number)

    def _forward(self, number: int, frame: FrameType | None) -> None:
        if self._process is None:
            self._early.append(number)
            self.forwarded = signal.Signals(number).name
            return
        if self._process.returncode is not None:
            return
        self.forwarded = name = signal.Signals(number).name
        if name in _OF_THE_TERMINAL and _in_foreground():
            return  # the terminal sent it to the command as well
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)


def _in_foreground() -> bool:
    """Tell whether this process group is the one that the terminal's keys go to."""
    for stream in (sys.stdin, sys.stderr, sys.stdout):
        try:
            return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
        except (OSError, ValueError, AttributeError):
            continue
    return False


def _pump(source: IO[bytes] | None, own: int, feed: Feed) -> threading.Thread:
    assert source is not None  # noqa: S101 - asked for as a pipe
    thread = threading.Thread(target=_copy, args=(source, own, feed), daemon=True)
    thread.start()
    return thread


def _copy(source: IO[bytes], own: int, feed: Feed) -> None:
    """Pass bytes on as they come, and feed them as text; whoever reads us may go away."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with source:
        while piece := source.read(_PIECE):
            with suppress(OSError):
                write_all(own, piece)
            feed(decoder.decode(piece))
    feed(decoder.decode(b"", final=True))
