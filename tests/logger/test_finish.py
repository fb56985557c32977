"""The end of a run, once and in order, whatever fails on the way."""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from forked_programs import document

import reportgen
from reportgen.logger import finish
from reportgen.runs import lock
from reportgen.runs.schema import Environment, Modules


@pytest.fixture
def earlier() -> set[threading.Thread]:
    """The threads of runs of other tests, which may hang on purpose."""
    return threads_of_runs()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    captures = "reportgen.logger.captures"
    monkeypatch.setattr(f"{captures}.capture_environment", lambda **given: Environment())
    monkeypatch.setattr(f"{captures}.capture_modules", lambda top: Modules())
    monkeypatch.setattr(f"{captures}.requirements", lambda top: [])
    monkeypatch.setattr(f"{captures}.imported_packages", dict)
    monkeypatch.chdir(tmp_path)
    run = reportgen.start_run({"lr": 1}, name="r")
    run.log({"a": 1.0})
    yield run
    run.finish()


def threads_of_runs() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("reportgen")}


STEPS = [
    "_settle_status",
    "_tell_error",
    "_close_sinks",
    "_last_captures",
    "_write_access",
    "_write_summary",
    "_say_end",
    "_write_exit",
    "seal_folder",
]


@pytest.mark.parametrize("broken", STEPS)
def test_a_step_that_fails_is_a_fault_and_the_rest_is_done(
    run: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    def fail(*arguments: Any) -> None:
        raise RuntimeError(f"{broken} is broken")

    monkeypatch.setattr(finish, broken, fail)
    run.finish()
    assert f"{broken} is broken" in caplog.text
    assert lock.state(run.folder) == "free"
    assert "write" not in vars(sys.stdout)
    assert logging.Logger.callHandlers.__module__ == "logging"
    if broken != "seal_folder":
        assert (run.folder / "manifest.json").exists()
    if broken != "_settle_status":
        assert document(run.folder)["status"] == "finished"


@pytest.mark.parametrize("cut", ["_last_captures", "seal_folder"])
def test_ctrl_c_while_it_ends_leaves_the_state_right(
    run: Any, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    def interrupt(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(finish, cut, interrupt)
    with pytest.raises(KeyboardInterrupt):
        run.finish()
    assert document(run.folder)["status"] == "finished"
    assert not (run.folder / "manifest.json").exists()
    assert lock.state(run.folder) == "free"
    assert "write" not in vars(sys.stdout)


def test_two_threads_that_end_it_end_it_once(run: Any) -> None:
    threads = [threading.Thread(target=run.finish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (run.folder / "training.log").read_text().count(" ended: ") == 1
    assert (run.folder / "manifest.json").exists()


def test_no_thread_and_no_descriptor_is_left(earlier: set[threading.Thread], run: Any) -> None:
    def open_in_run() -> list[str]:
        found = []
        for name in os.listdir("/proc/self/fd"):
            try:
                target = os.readlink(f"/proc/self/fd/{name}")
            except OSError:
                continue
            if target.startswith(str(run.folder)):
                found.append(target)
        return found

    assert open_in_run()
    assert threads_of_runs() - earlier
    run.finish()
    assert open_in_run() == []
    for _ in range(100):
        if threads_of_runs() <= earlier:
            break
        threading.Event().wait(0.02)
    assert threads_of_runs() <= earlier


def test_a_script_that_cannot_be_made_is_counted_and_the_rest_sealed(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(view: Any) -> str:
        raise RuntimeError("no script")

    monkeypatch.setattr(finish, "reproduce_script", fail)
    run.finish()
    assert document(run.folder)["dropped"] == {"reproduce.sh": 1}
    paths = {entry["path"] for entry in document(run.folder, "manifest.json")["files"]}
    assert "run.yaml" in paths
    assert "reproduce.sh" not in paths
