"""system.jsonl: sampled beside the training, over when the run is."""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any

import pytest

from reportgen.errors import UsageError
from reportgen.logger.context import RunContext
from reportgen.logger.system import Machine, SystemSampler, checked_period


def written(context: RunContext) -> list[dict[str, Any]]:
    path = context.folder / "system.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def alive() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "reportgen-system"]


def wait_for(context: RunContext, records: int) -> None:
    deadline = time.monotonic() + 60
    while len(written(context)) < records:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_samples_come_while_the_run_lasts_and_one_at_its_end(context: RunContext) -> None:
    sampler = SystemSampler(context, 0.1)
    sampler.start()
    (thread,) = alive()
    assert thread.daemon
    wait_for(context, 2)
    sampler.stop()
    records = written(context)
    assert len(records) >= 3
    assert alive() == []
    times = [record["time"] for record in records]
    assert times == sorted(times)
    assert abs(times[-1] - time.time()) < 60
    metrics = records[-1]["metrics"]
    assert {"cpu/percent", "memory/used_bytes", "process/memory_bytes", "disk/free_bytes"} <= set(
        metrics
    )
    assert metrics["process/memory_bytes"] > 1 << 20
    assert 0 <= metrics["memory/percent"] <= 100
    assert context.run.overhead_seconds["system"] > 0
    assert context.run.dropped == {}


def test_a_short_run_has_a_sample_too(context: RunContext) -> None:
    sampler = SystemSampler(context, 15)
    sampler.start()
    sampler.stop()
    assert len(written(context)) == 1
    sampler.stop()


def test_a_run_that_ended_elsewhere_is_left_alone(context: RunContext) -> None:
    sampler = SystemSampler(context, 0.1)
    sampler.start()
    wait_for(context, 1)
    context.abandon()
    before = len(written(context))
    deadline = time.monotonic() + 60
    while alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert alive() == []
    assert len(written(context)) <= before + 1


def test_a_forked_child_samples_nothing(context: RunContext) -> None:
    sampler = SystemSampler(context, 0.1)
    sampler.start()
    wait_for(context, 1)
    child = os.fork()
    if child == 0:
        context.abandon()
        os._exit(len(alive()))
    assert os.waitpid(child, 0)[1] == 0
    sampler.stop()


def test_a_machine_that_tells_little_harms_nothing(
    context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any) -> Any:
        raise OSError("not on this system")

    machine = Machine(context.folder)
    monkeypatch.setattr(machine, "_disk", refuse)
    monkeypatch.setattr(machine, "_memory", refuse)
    found = machine.sample()
    assert "process/threads" in found
    assert not [name for name in found if name.startswith(("disk", "memory"))]
    machine.close()


def test_without_psutil_one_warning_and_no_file(
    context: RunContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psutil", None)
    sampler = SystemSampler(context, 0.1)
    sampler.start()
    sampler.stop()
    assert written(context) == []
    assert sum("system.jsonl" in message for message in caplog.messages) == 1


@pytest.mark.parametrize("every", [0.1, 15, 3600.0, None])
def test_a_period(every: Any) -> None:
    assert checked_period(every) == every


@pytest.mark.parametrize("every", [0, -1, 0.05, "15", True, float("nan"), float("inf")])
def test_what_is_no_period_is_refused(every: Any) -> None:
    with pytest.raises(UsageError, match="None for no system metrics"):
        checked_period(every)
