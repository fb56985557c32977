"""A command as a child process: its streams pass through and are kept, signals are passed on."""

from __future__ import annotations

import codecs
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import IO

from reportgen.fs.atomic import write_all

_PIECE = 1 << 16
_DRAIN_SECONDS = 5.0
_FORWARDED = ("SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2")
_OF_THE_TERMINAL = ("SIGINT", "SIGQUIT")

Feed = Callable[[str], None]


class ChildProcess:
    """A running command.

    Args:
        command: Program and arguments.
        environ: Its environment.
        stdout: Takes the text of its standard output as it comes.
        stderr: Takes that of its standard error.

    Raises:
        OSError: The program cannot be started.
    """

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], *, stdout: Feed, stderr: Feed
    ) -> None:
        self.forwarded: str | None = None
        self._process = subprocess.Popen(
            list(command),
            env=dict(environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self._pumps = [
            _pump(self._process.stdout, 1, stdout),
            _pump(self._process.stderr, 2, stderr),
        ]

    def wait(self, *, period: float, tick: Callable[[], None]) -> int:
        """Wait for the end, calling ``tick`` each ``period`` seconds.

        A process that outlives the command and holds its streams is waited for 5 s.

        Returns:
            The exit status; for a command that died of signal n, -n.
        """
        with self._forwarding():
            while True:
                try:
                    status = self._process.wait(period)
                    break
                except subprocess.TimeoutExpired:
                    tick()
        for pump in self._pumps:
            pump.join(_DRAIN_SECONDS)
        return status

    @contextmanager
    def _forwarding(self) -> Iterator[None]:
        previous = {}
        for name in _FORWARDED:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                previous[number] = signal.signal(number, self._forward)
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _forward(self, number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        self.forwarded = name
        if name in _OF_THE_TERMINAL and _in_foreground():
            return  # the terminal sent it to the command as well
        with suppress(ProcessLookupError):
            self._process.send_signal(number)


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
