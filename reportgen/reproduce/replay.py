"""Run the recorded command again: argv byte for byte, no shell, the recorded variables."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import UnavailableError
from reportgen.reproduce.environment import Environment
from reportgen.runs import layout
from reportgen.runs.discovery import find_runs
from reportgen.runs.redact import MARK, UNSCANNED
from reportgen.script.facts import ScriptFacts

RUN_DIR = "REPORTGEN_RUN_DIR"
LOG = "reproduce.log"
STOP_AFTER = "REPORTGEN_STOP_AFTER_STEP"

_PERIOD = 0.05
_GRACE_SECONDS = 10.0
_TAIL_BYTES = 1 << 16
_OF_THIS_PROCESS = ("REPORTGEN_", "GIT_", "PYTHON", "VIRTUAL_ENV")
_REDACTED = re.compile((re.escape(MARK) + r"[^<>]{0,60}>|" + re.escape(UNSCANNED)).encode("ascii"))
_PYTHON_WORD = re.compile(rb"(?:.*/)?python(?:3(?:\.\d+)?)?")
_STEP = re.compile(rb'"step"\s*:\s*(\d{1,18})')

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What running the command again left behind.

    Attributes:
        folder: The run folder that it wrote; None when it wrote none.
        status: Its exit status, negative for a signal.
        seconds: How long it took.
        ended_by_us: It did not stop by itself after the last step wanted.
    """

    folder: Path | None
    status: int
    seconds: float
    ended_by_us: bool = False


def command_of(facts: ScriptFacts, python: str) -> list[bytes]:
    """Return the command, each argument as the bytes that were recorded.

    An argument that was not kept is completed from its variable (see
    :attr:`reportgen.script.facts.ScriptFacts.redacted`).

    Args:
        facts: What was recorded.
        python: The interpreter, which takes the place of the recorded one.
    """
    words = [word.encode("utf-8", "surrogateescape") for word in facts.argv]
    for place, name in facts.redacted.items():
        secret = os.fsencode(os.environ.get(name, ""))
        words[place] = secret.join(_REDACTED.split(words[place]))
    program = os.fsencode(python)
    if facts.python_program:
        words.insert(0, program)
    elif _PYTHON_WORD.fullmatch(words[0]):
        words[0] = program
    if facts.wrapped:
        words = [program, b"-m", b"reportgen", b"run", b"--", *words]
    return words


def variables_of(
    facts: ScriptFacts,
    environment: Environment,
    *,
    folder: Path,
    stop: int | None,
    changed: Mapping[str, str | None] | None = None,
) -> dict[str, str]:
    """Return the environment of the program: this one's, with the recorded numeric variables.

    Args:
        facts: Which variables are set, and unset.
        environment: What it adds.
        folder: Where the run is to be written.
        stop: The step after which it ends, or None.
        changed: Variables that are set (or unset) in the end, whatever was recorded.
    """
    found = {k: v for k, v in os.environ.items() if not k.startswith(_OF_THIS_PROCESS)}
    ours = {RUN_DIR: str(folder), STOP_AFTER: None if stop is None else str(stop)}
    for name in facts.redacted.values():
        found.pop(name, None)
    for name, value in (
        *facts.variables.items(),
        *environment.variables.items(),
        *(changed or {}).items(),
        *ours.items(),
    ):
        if value is None:
            found.pop(name, None)
        else:
            found[name] = value
    return found


def replay(
    command: Sequence[bytes],
    variables: Mapping[str, str],
    *,
    tree: Path,
    cwd: str,
    log: Path,
    stop: int | None = None,
    total: int | None = None,
    limit: float | None = None,
    progress: Progress | None = None,
) -> Replayed:
    """Run a command in the restored tree until it ends, or well past the step wanted.

    A program that does not know of :data:`STOP_AFTER` is asked to end once it has logged a later
    step.

    Args:
        command: As :func:`command_of` returns it.
        variables: As :func:`variables_of` returns them.
        tree: The restored code.
        cwd: Where in it.
        log: Takes what the program prints, behind what is there.
        stop: The last step wanted, or None.
        total: How many steps are expected, for the progress.
        limit: Seconds after which it is given up.
        progress: Is told how many steps are done, of how many.

    Raises:
        UnavailableError: The program cannot be started, or the limit was reached.
    """
    before = _runs_in(tree)
    wanted = Path(variables[RUN_DIR])
    begun = time.monotonic()
    with log.open("ab") as output:
        try:
            process = subprocess.Popen(
                list(command),
                cwd=tree / cwd,
                env=dict(variables),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            name = command[0].decode("utf-8", "replace")
            raise UnavailableError(f"{name} cannot be run: {error.strerror}") from None
        try:
            ended_by_us = _wait(
                process, wanted / layout.METRICS, stop, _counter(total, progress), limit
            )
        finally:
            _end(process)
    seconds = time.monotonic() - begun
    folder = wanted if (wanted / layout.RUN).is_file() else None
    if folder is None:
        made = sorted(_runs_in(tree) - before, key=lambda path: path.stat().st_mtime)
        folder = made[-1] if made else None
    return Replayed(folder, process.returncode, seconds, ended_by_us)


def _runs_in(tree: Path) -> set[Path]:
    return {run.path for run in find_runs([tree]).runs}


def _wait(
    process: subprocess.Popen[bytes],
    metrics: Path,
    stop: int | None,
    count: Callable[[int], None],
    limit: float | None,
) -> bool:
    """Wait for the end; return whether the program had to be ended."""
    begun = time.monotonic()
    over_since = None
    while process.poll() is None:
        time.sleep(_PERIOD)
        if limit is not None and time.monotonic() - begun > limit:
            raise UnavailableError(f"the command was not done after {limit:g} s")
        step = _latest_step(metrics)
        if step is None:
            continue
        count(step)
        if stop is not None and step > stop:
            over_since = over_since or time.monotonic()
            if time.monotonic() - over_since > _PERIOD:
                return True
    return False


def _counter(total: int | None, progress: Progress | None) -> Callable[[int], None]:
    """Return what tells of a step, as done steps of all."""
    if progress is None or not total:
        return lambda step: None
    return lambda step: progress(min(step + 1, total), total)


def _latest_step(metrics: Path) -> int | None:
    try:
        with metrics.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - _TAIL_BYTES))
            found = _STEP.findall(stream.read())
    except OSError:
        return None
    return int(found[-1]) if found else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and what it started: kindly first."""
    for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        if process.poll() is None:
            _signal(process, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_SECONDS)
    _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    """Signal the whole group: workers of a program that ended would go on."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        elif process.poll() is None:
            process.terminate()
