"""How faults are taken: one warning a kind, a count, and never an exception."""

from __future__ import annotations

import logging
import shutil

import pytest
import yaml

from reportgen.errors import UnreadableError
from reportgen.logger.context import RunContext, describe
from reportgen.runs.schema import Data


def test_a_fault_is_counted_each_time_and_warned_of_once_a_kind(
    context: RunContext, caplog: pytest.LogCaptureFixture
) -> None:
    context.fault("metrics", OSError(28, "No space left on device"))
    context.fault("metrics", "again", lost=3)
    context.fault("figures", ValueError("broken"), lost=0)
    assert context.run.dropped == {"metrics": 4}
    assert [record.getMessage() for record in caplog.records] == [
        "metrics: No space left on device; the training goes on, this is said once",
        "figures: ValueError: broken; the training goes on, this is said once",
    ]


def test_a_handler_that_raises_does_not_reach_the_training(context: RunContext) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("a handler of the program's own")

    handler = Broken()
    logging.getLogger("reportgen").addHandler(handler)
    try:
        context.fault("metrics", "anything")
    finally:
        logging.getLogger("reportgen").removeHandler(handler)
    assert context.run.dropped == {"metrics": 1}


def test_documents_are_written_and_read_back(context: RunContext) -> None:
    assert context.write_run()
    assert context.write("data.yaml", Data())
    assert context.write_data("deep/down/file.bin", b"\0")
    document = yaml.safe_load((context.folder / "run.yaml").read_text())
    assert document["name"] == "a-run"
    assert document["ended"] is None


def test_a_vanished_folder_is_a_fault(context: RunContext) -> None:
    shutil.rmtree(context.folder)
    assert not context.write("data.yaml", Data())
    assert context.run.dropped == {"data.yaml": 1}
    assert not context.folder.exists()


def test_nothing_is_written_after_the_end_nor_in_a_child(context: RunContext) -> None:
    context.close()
    assert not context.write_data("late", b"")
    context.fault("late", "not counted")
    assert context.run.dropped == {}
    assert list(context.folder.iterdir()) == []


def test_what_comes_late_is_said_once_and_not_in_a_child(
    context: RunContext, caplog: pytest.LogCaptureFixture
) -> None:
    context.abandon()
    context.late("metrics")
    assert caplog.records == []
    context.close()
    context.late("metrics")
    context.late("metrics")
    assert len(caplog.records) == 1


def test_what_is_left_out_stands_once_and_bounded(context: RunContext) -> None:
    for _ in range(2):
        context.leave_out("value", "config.yaml: a", "stringified")
    assert len(context.run.left_out) == 1
    for number in range(2_000):
        context.leave_out("value", f"config.yaml: {number}", "stringified")
    assert len(context.run.left_out) == 1_000


def test_overhead_adds_up(context: RunContext) -> None:
    for _ in range(2):
        with context.overhead("figures"):
            pass
    context.add_overhead("figures", 1.0)
    assert 1.0 <= context.run.overhead_seconds["figures"] < 2.0


def test_errors_are_described_in_one_clause() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert describe(OSError(2, "No such file")) == "No such file"
    assert describe(UnreadableError("is torn", where="x", fix="Do")) == "is torn"
    assert describe(KeyError("a")) == "KeyError: 'a'"
    assert describe(MuteError()) == "MuteError"
