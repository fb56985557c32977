from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen.runs import lock

HOLDER = (
    "import os, sys, time; from reportgen.runs import lock\n"
    "descriptor = os.open(sys.argv[1], os.O_RDWR)\n"
    "print(lock.hold(descriptor), flush=True); sys.stdin.read()\n"
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "metrics.jsonl").touch()
    return tmp_path


@pytest.fixture
def descriptor(run: Path) -> Iterator[int]:
    opened = os.open(run / "metrics.jsonl", os.O_RDWR)
    yield opened
    os.close(opened)


def test_held_by_a_living_process_free_when_it_was_killed(run: Path, descriptor: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, run / "metrics.jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert lock.state(run) == "held"
        assert not lock.hold(descriptor)
        holder.kill()
    assert lock.state(run) == "free"
    assert lock.hold(descriptor)
    assert lock.state(run) == "held"
    lock.release(descriptor)
    assert lock.state(run) == "free"


def test_a_reader_that_looks_for_an_instant_keeps_no_writer_out(run: Path, descriptor: int) -> None:
    reader = os.open(run / "metrics.jsonl", os.O_RDONLY)
    fcntl.flock(reader, fcntl.LOCK_SH)
    threading.Timer(0.03, os.close, [reader]).start()
    assert lock.hold(descriptor)


def test_without_a_file_nobody_knows(tmp_path: Path) -> None:
    assert lock.state(tmp_path) == "unknown"
    (tmp_path / "metrics.jsonl").mkdir()
    assert lock.state(tmp_path) == "unknown"


def test_where_files_cannot_be_locked_nobody_knows(
    run: Path, descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(38, "not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert lock.hold(descriptor)
    assert lock.state(run) == "unknown"
    lock.release(descriptor)


def test_without_flock_nobody_knows(
    run: Path, descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "fcntl", None)
    assert lock.hold(descriptor)
    assert lock.state(run) == "unknown"
    lock.release(descriptor)
