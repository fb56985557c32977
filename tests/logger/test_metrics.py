"""The hot path: what a call writes, what it refuses, and what a failing disk does to it."""

from __future__ import annotations

import errno
import json
import logging
import math
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportgen.errors import UsageError
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.logger.context import RunContext
from reportgen.logger.metrics import MetricWriter
from reportgen.runs import layout, lock
from reportgen.runs.metric_log import read_metric_log


@pytest.fixture
def writer(context: RunContext) -> Iterator[MetricWriter]:
    writer = MetricWriter(context, context.folder / layout.METRICS)
    yield writer
    writer.stop()
    writer.release()


def lines_in(context: RunContext) -> list[bytes]:
    return (context.folder / layout.METRICS).read_bytes().splitlines()


def records_in(context: RunContext) -> list[dict[str, Any]]:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no strict JSON")

    return [json.loads(line, parse_constant=refuse) for line in lines_in(context)]


def metrics_in(context: RunContext) -> list[dict[str, Any]]:
    return [record["metrics"] for record in records_in(context)]


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (torch.tensor(0.1, dtype=torch.float64), 0.1),
        (torch.tensor(2), 2),
        (torch.tensor(True), 1),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (True, 1),
        (torch.tensor(math.nan), "NaN"),
        (torch.tensor(-math.inf), "-Infinity"),
        (np.float64("inf"), "Infinity"),
        (10**30, 1e30),
    ],
    ids=repr,
)
def test_known_names_with_values_of_any_library_are_kept_in_their_order(
    writer: MetricWriter, context: RunContext, value: Any, stored: Any
) -> None:
    for step in range(3):  # the third is neither new nor timed
        writer.log({"lr": 0.1, "x": value, "epoch": 2}, step=step)
    expected = {"lr": 0.1, "x": stored, "epoch": 2}
    assert [list(one.items()) for one in metrics_in(context)] == [list(expected.items())] * 3
    assert writer.last_step == 2


@pytest.mark.parametrize("bad", [torch.tensor([1.0]), torch.tensor(1j), "x", None, np.zeros(1)])
def test_a_bad_value_among_known_names_costs_itself_alone(
    writer: MetricWriter, context: RunContext, bad: Any
) -> None:
    for step in range(3):
        writer.log({"loss": torch.tensor(0.5), "x": 1.0}, step=step)
    writer.log({"loss": torch.tensor(0.25), "x": bad}, step=3)
    assert metrics_in(context)[3:] == [{"loss": 0.25}]
    assert context.run.dropped == {"metric values": 1}


def test_a_call_is_one_line_at_once(writer: MetricWriter, context: RunContext) -> None:
    for step in range(3):
        writer.log({"train/loss": 0.5, "epoch": 1}, step=step)
        assert len(lines_in(context)) == step + 1
    record = records_in(context)[2]
    assert list(record) == ["step", "time", "metrics"]
    assert record["step"] == 2
    assert record["metrics"] == {"train/loss": 0.5, "epoch": 1}


def test_steps_that_are_left_out_are_counted(writer: MetricWriter, context: RunContext) -> None:
    for step in (None, None, 10, None, np.int64(20), None):
        writer.log({"a": 1.0}, step)
    assert [record["step"] for record in records_in(context)] == [0, 1, 10, 11, 20, 21]
    assert writer.last_step == 21


def test_values_of_every_kind_are_written_as_numbers(
    writer: MetricWriter, context: RunContext
) -> None:
    values = {"b": True, "np": np.float32(0.5), "t": torch.tensor(2.0), "i": 10**30}
    for _ in range(3):
        writer.log(values)
    assert metrics_in(context) == [{"b": 1, "np": 0.5, "t": 2.0, "i": 1e30}] * 3


@pytest.mark.parametrize("position", [0, 1, 5])
def test_what_is_not_finite_keeps_the_line_strict(
    writer: MetricWriter, context: RunContext, position: int
) -> None:
    for step in range(6):
        writer.log({"a": math.nan if step == position else 1.0, "b": -math.inf}, step)
    assert metrics_in(context)[position] == {"a": "NaN", "b": "-Infinity"}


def test_a_first_value_that_is_no_number_raises_with_the_fix(
    writer: MetricWriter, context: RunContext
) -> None:
    with pytest.raises(UsageError) as caught:
        writer.log({"loss": 1.0, "note": "good"}, step=1)
    assert "'note'" in str(caught.value)
    assert "run.log_text" in str(caught.value)
    assert lines_in(context) == []


@pytest.mark.parametrize("bad", [None, "1.0", b"", {}, [1.0], torch.zeros(3), object()])
def test_a_later_bad_value_is_dropped_counted_and_warned_of_once(
    writer: MetricWriter, context: RunContext, caplog: pytest.LogCaptureFixture, bad: Any
) -> None:
    writer.log({"loss": 1.0, "lr": 0.1}, step=0)
    with caplog.at_level(logging.WARNING, "reportgen"):
        writer.log({"loss": bad, "lr": 0.1}, step=1)
        writer.log({"loss": bad, "lr": 0.1}, step=2)
    assert metrics_in(context)[1:] == [{"lr": 0.1}] * 2
    assert context.run.dropped == {"metric values": 2}
    assert len(caplog.records) == 1
    assert "loss" in caplog.text


@pytest.mark.parametrize("step", [1.0, "3", True, -1, 2**63])
def test_a_step_that_is_no_integer_always_raises(
    writer: MetricWriter, context: RunContext, step: Any
) -> None:
    writer.log({"a": 1.0}, step=0)
    with pytest.raises(UsageError, match=r"the step is"):
        writer.log({"a": 1.0}, step=step)
    assert len(lines_in(context)) == 1


@pytest.mark.parametrize(
    "name", ["", "  ", 3, None, "x" * (DEFAULT_LIMITS.name_characters + 1), "\ud800"]
)
def test_a_name_that_is_none_raises(writer: MetricWriter, context: RunContext, name: Any) -> None:
    with pytest.raises(UsageError, match="the metric name"):
        writer.log({name: 1.0})
    assert lines_in(context) == []


@pytest.mark.parametrize("metrics", [None, 3, [("a", 1.0)], "a"])
def test_what_is_no_mapping_raises(writer: MetricWriter, metrics: Any) -> None:
    with pytest.raises(UsageError, match="mapping"):
        writer.log(metrics)


def test_nothing_is_written_for_an_empty_mapping(writer: MetricWriter, context: RunContext) -> None:
    writer.log({})
    writer.log({"a": 1.0})
    writer.log({})
    assert len(lines_in(context)) == 1


def test_names_beyond_the_limit_are_dropped_and_counted(
    writer: MetricWriter, context: RunContext
) -> None:
    limit = DEFAULT_LIMITS.series
    writer.log({f"m{number}": 1.0 for number in range(limit + 5)})
    writer.log({"m0": 1.0, "another": 2.0})
    assert context.run.dropped == {"metric names": 6}
    assert sum(map(len, metrics_in(context))) == limit + 1


def test_a_record_longer_than_readers_accept_becomes_several_lines(
    writer: MetricWriter, context: RunContext
) -> None:
    metrics = {f"{'x' * 1000}{number}": float(number) for number in range(1500)}
    for step in range(2):
        writer.log(metrics, step)
    assert max(map(len, lines_in(context))) <= DEFAULT_LIMITS.line_bytes
    together: dict[str, float] = {}
    for record in records_in(context):
        if record["step"] == 1:
            together |= record["metrics"]
    assert together == metrics


finite_or_not = st.floats() | st.integers(-(2**70), 2**70)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), finite_or_not, min_size=1), min_size=1))
def test_what_is_logged_is_what_a_reader_gets(
    tmp_path_factory: pytest.TempPathFactory, context: RunContext, calls: list[dict[str, float]]
) -> None:
    path = tmp_path_factory.mktemp("log") / layout.METRICS
    writer = MetricWriter(context, path)
    for metrics in calls:
        writer.log(metrics)
    writer.release()
    log = read_metric_log(path.read_bytes(), name="m")
    assert log.problems == []
    for name, series in log.series.items():
        expected = [metrics[name] for metrics in calls if name in metrics]
        for found, value in zip(series.values, expected, strict=True):
            assert found == float(value) or (math.isnan(found) and math.isnan(value))


def test_threads_write_whole_records_each_once(writer: MetricWriter, context: RunContext) -> None:
    def work(number: int) -> None:
        for step in range(400):
            writer.log({f"thread{number}": float(step), "x" * 300: 1.0}, step)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found: dict[str, list[float]] = {}
    for metrics in metrics_in(context):
        name, value = next(iter(metrics.items()))
        found.setdefault(name, []).append(value)
    assert sorted(found) == [f"thread{number}" for number in range(8)]
    assert all(values == [float(step) for step in range(400)] for values in found.values())


class FailingDisk:
    """``os.write`` that fails, or stops short, at the n-th write to one file."""

    def __init__(self, path: Path, fault: str, at: int, times: int) -> None:
        self.path = str(path)
        self.fault = fault
        self.failing = range(at, at + times)
        self.writes = 0
        self.real = os.write

    def __call__(self, descriptor: int, data: bytes) -> int:
        if os.path.realpath(f"/proc/self/fd/{descriptor}") != os.path.realpath(self.path):
            return self.real(descriptor, data)
        self.writes += 1
        if self.writes - 1 not in self.failing:
            return self.real(descriptor, data)
        if self.fault == "short":
            return self.real(descriptor, bytes(data)[: len(data) // 2])
        raise OSError(getattr(errno, self.fault), os.strerror(getattr(errno, self.fault)))


@pytest.mark.parametrize("fault", ["ENOSPC", "EIO", "EDQUOT", "EROFS", "EBADF", "short"])
@pytest.mark.parametrize("at", range(5))
@pytest.mark.parametrize("times", [1, 3])
def test_a_failing_disk_costs_only_the_records_it_refused(
    context: RunContext,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: str,
    at: int,
    times: int,
) -> None:
    path = context.folder / layout.METRICS
    monkeypatch.setattr(os, "write", FailingDisk(path, fault, at, times))
    writer = MetricWriter(context, path)
    with caplog.at_level(logging.WARNING, "reportgen"):
        for step in range(12):
            writer.log({"a": float(step)}, step)
    writer.release()
    log = read_metric_log(path.read_bytes(), name="m")
    kept = list(log.series["a"].values)
    lost = sorted({float(step) for step in range(12)} - set(kept))
    assert kept == sorted(kept)
    assert len(lost) <= times
    assert len(lost) >= (1 if fault == "short" or times > 1 else 0)
    assert context.run.dropped == ({"metrics": len(lost)} if lost else {})
    assert len(caplog.records) == (1 if lost else 0)
    assert len(log.problems) == (len(lost) if fault == "short" else 0)


def test_a_file_that_cannot_be_opened_yet_is_opened_later(
    context: RunContext, tmp_path: Path
) -> None:
    path = tmp_path / "later" / layout.METRICS
    writer = MetricWriter(context, path)
    writer.log({"a": 1.0}, 0)
    path.parent.mkdir()
    writer.log({"a": 2.0}, 1)
    writer.log({"a": 3.0}, 2)
    writer.release()
    assert [json.loads(line)["step"] for line in path.read_bytes().splitlines()] == [1, 2]
    assert context.run.dropped == {"metrics": 1}


def test_after_a_torn_tail_the_next_record_starts_a_line(context: RunContext) -> None:
    path = context.folder / layout.METRICS
    path.write_bytes(b'{"step":0,"time":1.0,"metrics":{"a":1.0}}\n{"step":1,"ti')
    writer = MetricWriter(context, path)
    for step in (2, 3):
        writer.log({"a": 1.0}, step)
    writer.release()
    assert list(read_metric_log(path.read_bytes(), name="m").series["a"].steps) == [0, 2, 3]


def test_nothing_is_kept_after_the_end_and_this_is_said_once(
    writer: MetricWriter, context: RunContext, caplog: pytest.LogCaptureFixture
) -> None:
    writer.log({"a": 1.0})
    writer.stop()
    context.close()
    with caplog.at_level(logging.WARNING, "reportgen"):
        for _ in range(3):
            writer.log({"a": 2.0})
    assert len(lines_in(context)) == 1
    assert len(caplog.records) == 1
    assert "after the end" in caplog.text


def test_the_lock_is_held_while_the_run_is_written(context: RunContext) -> None:
    writer = MetricWriter(context, context.folder / layout.METRICS)
    assert lock.state(context.folder) == "held"
    writer.stop()
    assert lock.state(context.folder) == "held"
    writer.release()
    assert lock.state(context.folder) == "free"


def test_calls_are_counted_and_timed_by_sample(writer: MetricWriter) -> None:
    assert writer.overhead_seconds == 0.0
    for step in range(1000):
        writer.log({"a": 1.0}, step)
    assert writer.calls == 1000
    assert 0 < writer._timed_calls < 50
    assert writer.overhead_seconds > writer._timed_seconds


def test_of_a_thinned_metric_the_first_of_every_n_is_kept(
    writer: MetricWriter, context: RunContext
) -> None:
    writer.thin("often", 3)
    for _ in range(7):
        writer.log({"often": 1.0, "always": 2})
    kept = [(record["step"], "often" in record["metrics"]) for record in records_in(context)]
    assert kept == [(step, step % 3 == 0) for step in range(7)]
    for _ in range(6):
        writer.log({"often": 1.0})
    assert [record["step"] for record in records_in(context)[7:]] == [9, 12]
    writer.thin("often", 1)
    writer.log({"often": 1.0})
    writer.log({"often": 1.0})
    assert [record["step"] for record in records_in(context)[9:]] == [13, 14]


class _OnADevice(torch.Tensor):
    """Counts how often its number is fetched."""

    fetched = 0

    def item(self) -> float:
        _OnADevice.fetched += 1
        return 0.5


def test_points_that_are_left_out_stay_on_their_device(
    writer: MetricWriter, context: RunContext
) -> None:
    writer.thin("loss", 5)
    value = torch.tensor(0.5).as_subclass(_OnADevice)
    for step in range(100, 120):
        writer.log({"loss": value, "lr": 0.1}, step=step)
    assert _OnADevice.fetched == 4
    assert [record["step"] for record in records_in(context)] == list(range(100, 120))
    assert [one for one in metrics_in(context) if "loss" in one] == [{"loss": 0.5, "lr": 0.1}] * 4
    for step in range(120, 130):
        writer.log({"loss": value}, step=step)
    assert writer.last_step == 129
    assert [record["step"] for record in records_in(context)[20:]] == [120, 125]
    with pytest.raises(UsageError, match="the step is of type str"):
        writer.log({"loss": value}, step="x")  # type: ignore[arg-type]
    assert writer.calls == 31


def test_a_thinned_metric_is_checked_as_any_other(
    writer: MetricWriter, context: RunContext
) -> None:
    writer.thin("a", 2)
    with pytest.raises(UsageError, match="the value of 'a' is of type"):
        writer.log({"a": None})
    writer.log({"a": 1.0})
    writer.log({"a": None})  # to be left out: not looked at
    assert context.run.dropped == {}
    writer.log({"a": None})
    assert context.run.dropped == {"metric values": 1}
    writer.thin("n" * 5_000, 2)
    with pytest.raises(UsageError, match="5000 characters"):
        writer.log({"n" * 5_000: 1.0})
