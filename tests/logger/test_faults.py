"""Promise 2: whatever the disk refuses, and whenever, a training neither stops nor is left torn."""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import reportgen
from reportgen.errors import ReportgenError
from reportgen.runs.metric_log import read_metric_log
from reportgen.runs.schema import Environment, Modules
from reportgen.runs.view import RunView

RECORDS = 12
ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EINTR", "EROFS", "EMFILE")


class Shim:
    """Counts the calls of one function of ``os`` below a folder, and lets the n-th one fail."""

    def __init__(self, name: str, below: Path, failing: int) -> None:
        self.name = name
        self.real = getattr(os, name)
        self.below = f"{below}{os.sep}"
        self.failing = failing
        self.calls = 0
        self.lock = threading.Lock()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self.lock:
            number = self.calls
            self.calls += self._concerns(args[0])
        if number != self.failing or number == self.calls:
            return self.real(*args, **kwargs)
        if self.name == "write" and number % 3 == 0:
            return self.real(args[0], bytes(args[1])[: len(args[1]) // 2])
        code = getattr(errno, ERRORS[number % len(ERRORS)])
        raise OSError(code, os.strerror(code))

    def _concerns(self, first: Any) -> bool:
        if isinstance(first, int):
            try:
                first = os.readlink(f"/proc/self/fd/{first}")
            except OSError:
                return False
        return f"{os.fspath(first)}{os.sep}".startswith(self.below)


def train(root: Path, **given: Any) -> Any:
    return work(start(root, **given))


def start(root: Path, **given: Any) -> Any:
    given = {"name": "r", "root": root, "data": ["data.csv"], "durable": True, **given}
    return reportgen.start_run({"lr": 0.1}, **given)


def work(run: Any) -> Any:
    run.define_metric("a", goal="minimize")
    for step in range(RECORDS):
        run.log({"a": float(step)}, step)
        print("step", step)
    run.log_text("note", "text")
    run.log_predictions("val", ids=[1], labels=[1], predictions=[1])
    run.finish()
    return run


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    captures = "reportgen.logger.captures"
    monkeypatch.setattr(f"{captures}.capture_environment", lambda **given: Environment())
    monkeypatch.setattr(f"{captures}.capture_modules", lambda top: Modules())
    monkeypatch.setattr(f"{captures}.requirements", lambda top: ["a==1  # index"])
    monkeypatch.setattr(f"{captures}.imported_packages", dict)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "data.csv").write_text("a\n1\n")
    return tmp_path


@pytest.mark.parametrize("name", ["open", "write", "replace", "mkdir", "fsync"])
def test_the_nth_call_fails_for_every_n(
    quick: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    failing = 0
    while True:
        root = quick / f"runs{failing}"
        shim = Shim(name, root, failing)
        monkeypatch.setattr(os, name, shim)
        caplog.clear()
        with caplog.at_level(logging.WARNING, "reportgen"):
            run = train(root)
        monkeypatch.setattr(os, name, shim.real)
        check(run, caplog)
        if shim.calls <= failing:
            break
        failing += 1
    assert failing > {"open": 30, "write": 40, "replace": 10, "mkdir": 3, "fsync": 0}[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["open", "write", "replace", "mkdir", "rmdir"])
def test_the_nth_call_of_a_resumed_run_fails_for_every_n(
    quick: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    failing = refused = 0
    while True:
        root = quick / f"runs{failing}"
        folder = train(root).folder
        before = (folder / "metrics.jsonl").read_bytes()
        shim = Shim(name, root, failing)
        monkeypatch.setattr(os, name, shim)
        with caplog.at_level(logging.WARNING, "reportgen"):
            try:
                run = start(root, resume=folder)
            except ReportgenError:  # at the start, and nothing was changed
                refused += 1
                assert (folder / "metrics.jsonl").read_bytes() == before
                assert (folder / "manifest.json").exists()
            else:
                work(run)
        monkeypatch.setattr(os, name, shim.real)
        check_resumed(folder, before)
        if shim.calls <= failing:
            break
        failing += 1
    assert (refused > 0) == (name == "open")
    assert refused <= 4
    assert failing > {"open": 30, "write": 40, "replace": 10, "mkdir": 3, "rmdir": 0}[name]


def check_resumed(folder: Path, before: bytes) -> None:
    data = (folder / "metrics.jsonl").read_bytes()
    assert data.startswith(before), "something of the first attempt was lost"
    view = RunView(folder)
    series = view.series["a"]
    first = [
        step for step, attempt in zip(series.steps, series.attempts, strict=True) if attempt == 1
    ]
    assert first == list(range(RECORDS)), "the attempts are not told apart"
    if view.run.attempt == 2 and view.run.ended is not None and view.run.status == "finished":
        lost = view.run.dropped.get("metrics", 0)
        assert len(series) + lost == 2 * RECORDS


def check(run: Any, caplog: pytest.LogCaptureFixture) -> None:
    warned = [record.getMessage().partition(":")[0] for record in caplog.records]
    assert len(warned) == len(set(warned)), "the same thing was said twice"
    path = run.folder / "metrics.jsonl"
    log = read_metric_log(path.read_bytes(), name="m")
    kept = list(log.series["a"].values) if log.series else []
    assert kept == sorted(set(kept))
    told = RunView(run.folder).run if (run.folder / "run.yaml").exists() else None
    lost = told.dropped.get("metrics", 0) if told is not None and told.ended else 0
    if told is not None and told.ended is not None:
        assert len(kept) + lost == RECORDS
    assert len(log.problems) <= lost


def test_a_full_disk_in_the_middle(tmp_path: Path) -> None:
    """The real thing: a limit on file sizes makes writes short, then fail."""
    program = """
import resource, signal, sys
import reportgen
run = reportgen.start_run({"lr": 1}, name="r", root="runs")
for step in range(100):
    run.log({"a": float(step), "b": 0.123456789}, step)
resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, resource.RLIM_INFINITY))
for step in range(100, 400):
    run.log({"a": float(step), "b": 0.123456789}, step)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
for step in range(400, 500):
    run.log({"a": float(step), "b": 0.123456789}, step)
run.finish()
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count("metrics:") == 1
    folder = tmp_path / "runs" / "r"
    log = read_metric_log((folder / "metrics.jsonl").read_bytes(), name="m")
    steps = list(log.series["a"].steps)
    assert steps[:100] == list(range(100))
    assert steps[-100:] == list(range(400, 500))
    run = RunView(folder).run
    assert run.status == "finished"
    assert run.dropped["metrics"] == 500 - len(steps)
    assert len(log.problems) == 1


def test_hostile_values_at_hour_ten(quick: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Raises:
        def __float__(self) -> float:
            raise RuntimeError

        def __repr__(self) -> str:
            raise RuntimeError

    loop: dict[str, Any] = {}
    loop["self"] = loop
    run = reportgen.start_run(name="r", root=quick / "runs")
    run.log({"a": 1.0, "b": 2.0}, 0)
    for value in (None, "x", b"x", {}, loop, Raises(), [1], object(), 1j):
        run.log({"a": value, "b": 3.0})
    run.finish()
    log = read_metric_log((run.folder / "metrics.jsonl").read_bytes(), name="m")
    assert list(log.series["b"].values) == [2.0] + [3.0] * 9
    assert log.problems == []
    dropped = RunView(run.folder).run.dropped
    assert dropped == {"metric values": 9}


def test_a_clock_that_jumps_back(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    moments = iter([1e9, 5e8, 2e9, *[1e9] * 10_000])
    monkeypatch.setattr(time, "time", lambda: next(moments))
    run = train(quick / "runs")
    monkeypatch.undo()
    records = [json.loads(line) for line in (run.folder / "metrics.jsonl").open()]
    assert [record["step"] for record in records] == list(range(RECORDS))
    assert RunView(run.folder).run.status == "finished"


def test_without_threads_a_run_is_written_all_the_same(
    quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    run = train(quick / "runs")
    monkeypatch.undo()
    view = RunView(run.folder)
    assert view.run.status == "finished"
    assert view.metrics.records == RECORDS
    assert (run.folder / "environment.yaml").exists()


def test_signals_are_as_before() -> None:
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
