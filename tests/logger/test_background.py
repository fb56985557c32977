"""Tasks beside the training: run, waited for, never in the way."""

from __future__ import annotations

import threading

import pytest

from reportgen.logger.background import Background
from reportgen.logger.context import RunContext


def test_tasks_run_on_other_threads(context: RunContext) -> None:
    background = Background(context)
    seen: list[int] = []
    for _ in range(5):
        background.submit("task", lambda: seen.append(threading.get_ident()))
    assert background.wait(10) == []
    assert len(seen) == 5
    assert threading.get_ident() not in seen
    background.stop()


def test_what_takes_too_long_is_named(context: RunContext) -> None:
    background = Background(context)
    go_on = threading.Event()
    background.submit("slow", lambda: go_on.wait(10))
    background.submit("quick", lambda: None)
    assert background.wait(0.2) == ["slow"]
    go_on.set()
    assert background.wait(10) == []
    background.stop()


def test_one_task_can_be_waited_for_by_its_name(context: RunContext) -> None:
    background = Background(context)
    go_on = threading.Event()
    background.submit("slow", lambda: go_on.wait(10))
    background.submit("quick", lambda: None)
    assert background.wait(10, "quick") == ["slow"]
    go_on.set()
    background.stop()


def test_a_task_that_fails_is_a_fault_and_no_other_task_suffers(
    context: RunContext, caplog: pytest.LogCaptureFixture
) -> None:
    background = Background(context)
    done = threading.Event()
    background.submit("broken", lambda: 1 / 0)
    background.submit("fine", done.set)
    assert background.wait(10) == []
    assert done.is_set()
    assert "broken" in caplog.text
    assert context.run.dropped == {}


def test_without_threads_the_tasks_run_all_the_same(
    context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    background = Background(context)
    seen: list[str] = []
    background.submit("task", lambda: seen.append("done"))
    assert seen == ["done"]
    assert background.wait(0) == []
