"""Run git as a process that obeys nobody but us: bounded, with an environment of our own."""

from __future__ import annotations

import functools
import os
import selectors
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from reportgen.errors import LimitError, UnavailableError, UnreadableError

OUTPUT_LIMIT = 256 * 2**20


def git_path() -> str:
    """Return the absolute path of git, found once along PATH without relative entries.

    Raises:
        UnavailableError: git is not installed.
    """
    return _git_along(os.environ.get("PATH", os.defpath))


@functools.cache
def _git_along(path: str) -> str:
    absolute = os.pathsep.join(part for part in path.split(os.pathsep) if os.path.isabs(part))
    found = shutil.which("git", path=absolute)
    if found is None:
        raise UnavailableError(
            "git is not installed", expected="git on PATH", fix="Install git to record code"
        )
    return os.path.realpath(found) if os.name == "nt" else found


def base_environment() -> dict[str, str]:
    """Return the environment that git is started with: nothing of the caller's settings."""
    return {
        "PATH": os.path.dirname(git_path()) + os.pathsep + "/usr/bin:/bin",
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_PAGER": "cat",
        "GIT_ADVICE": "0",
    }


class Deadline:
    """A moment after which nothing more is started.

    Args:
        seconds: From now.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left.

        Raises:
            UnavailableError: There are none.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise UnavailableError(f"took too long (more than {self.seconds:.0f} s)")
        return left


def run_git(
    arguments: list[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    deadline: Deadline,
    stdin: bytes = b"",
    limit: int = OUTPUT_LIMIT,
) -> tuple[int, bytes, str]:
    """Run git and return ``(exit status, standard output, end of standard error)``.

    Raises:
        UnavailableError: git is missing, could not be started, or took too long.
        LimitError: It printed more than ``limit`` bytes.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as errors:
        given.write(stdin)
        given.seek(0)
        try:
            process = subprocess.Popen(
                [git_path(), *arguments],
                cwd=folder,
                env=dict(environment),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            raise UnavailableError(f"git could not be started: {error.strerror}") from None
        try:
            output = _read(process, deadline, limit)
            status = process.wait(deadline.left())
        except subprocess.TimeoutExpired:
            raise UnavailableError("git took too long") from None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        errors.seek(0)
        return status, output, errors.read(4_000).decode("utf-8", "replace").strip()


def _read(process: subprocess.Popen[bytes], deadline: Deadline, limit: int) -> bytes:
    pipe = process.stdout
    if pipe is None:
        return b""
    pieces: list[bytes] = []
    size = 0
    with pipe, selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if not selector.select(deadline.left()):
                continue
            piece = os.read(pipe.fileno(), 1 << 18)
            if not piece:
                return b"".join(pieces)
            size += len(piece)
            if size > limit:
                raise LimitError(f"git printed more than {limit} bytes")
            pieces.append(piece)


def failure(arguments: list[str], status: int, errors: str) -> UnreadableError:
    """Return the error of a git command that ended badly."""
    said = errors.splitlines()[-1][:200] if errors else f"exit status {status}"
    return UnreadableError(f"git {arguments[0]} refused: {said}")
