"""stdout.log, stderr.log and training.log, and that the program's own streams stay as they were."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from reportgen.logger.context import RunContext
from reportgen.logger.streams import LoggerTap, StreamLog, StreamTaps, TrainingLog


@pytest.fixture
def path(context: RunContext) -> Path:
    return context.folder / "stdout.log"


@pytest.fixture
def log(context: RunContext, path: Path) -> Iterator[StreamLog]:
    log = StreamLog(context, path)
    yield log
    log.close()


def test_whole_lines_are_on_disk_at_once(log: StreamLog, path: Path) -> None:
    log.feed("epoch 1\nepo")
    assert path.read_text() == "epoch 1\n"
    log.feed("ch 2\n")
    assert path.read_text() == "epoch 1\nepoch 2\n"
    log.feed("no end")
    log.close()
    assert path.read_text() == "epoch 1\nepoch 2\nno end\n"
    assert log.size().bytes == path.stat().st_size
    assert log.size().lost == 0


def test_an_existing_log_is_appended_to(context: RunContext, path: Path) -> None:
    path.write_text("before\n")
    log = StreamLog(context, path)
    log.feed("after\n")
    log.close()
    assert path.read_text() == "before\nafter\n"
    assert log.size().bytes == path.stat().st_size


def test_secrets_and_the_home_directory_are_replaced(
    context: RunContext, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    key = "ghp_" + "Ab3" * 12
    log = StreamLog(context, path)
    log.feed(f"token {key}\nread /home/somebody/data/x.csv\n")
    log.close()
    text = path.read_text()
    assert key not in text
    assert "<redacted:" in text
    assert "read ~/data/x.csv" in text
    assert context.run.redacted == 1


def test_a_private_key_over_several_lines_is_replaced(log: StreamLog, path: Path) -> None:
    body = "\n".join(["MIIEow" + "Ab9" * 19] * 5)
    begin, end = "-----BEGIN RSA PRIVATE " + "KEY-----", "-----END RSA PRIVATE " + "KEY-----"
    log.feed(f"{begin}\n{body}\n{end}\nafter\n")
    text = path.read_text()
    assert "Ab9Ab9" not in text
    assert text.endswith("after\n")


def test_of_a_progress_bar_some_states_are_kept_and_always_the_last(
    log: StreamLog, path: Path
) -> None:
    for done in range(1000):
        log.feed(f"\r{done / 10:.1f}%")
    log.feed("\r100.0%\n")
    log.feed("next\r\n")
    lines = path.read_text().split("\n")
    assert lines[-3:] == ["100.0%", "next", ""]
    assert len(lines) < 20


def test_a_line_without_end_is_cut_rather_than_kept_in_memory(log: StreamLog, path: Path) -> None:
    for _ in range(40):
        log.feed("x" * 10_000)
    assert path.stat().st_size > 300_000


def test_undecodable_text_does_no_harm(log: StreamLog, path: Path) -> None:
    log.feed("half \ud800 a pair\n")
    assert path.read_text() == "half ? a pair\n"


def test_a_disk_that_fails_is_counted_and_the_print_goes_on(
    context: RunContext, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = StreamLog(context, path)
    monkeypatch.setattr(os, "write", failing(os.write, str(path)))
    log.feed("one\ntwo\n")
    monkeypatch.undo()
    log.feed("three\n")
    log.close()
    assert path.read_text() == "three\n"
    assert log.size().lost == 2
    assert context.run.dropped == {"stdout.log": 2}


def failing(real: Any, path: str) -> Any:
    def write(descriptor: int, data: bytes) -> int:
        if os.readlink(f"/proc/self/fd/{descriptor}") == path:
            raise OSError(28, "No space left on device")
        return int(real(descriptor, data))

    return write


def test_a_tap_hears_what_is_printed_and_what_old_references_write(
    log: StreamLog, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taps = StreamTaps()
    before = sys.stdout
    handler_made_earlier = logging.StreamHandler(sys.stdout)
    assert taps.attach(sys.stdout, log)
    print("printed", 1)
    handler_made_earlier.stream.write("by a handler\n")
    assert sys.stdout is before
    taps.detach(log)
    print("not heard")
    assert path.read_text() == "printed 1\nby a handler\n"
    assert capsys.readouterr().out == "printed 1\nby a handler\nnot heard\n"
    assert "write" not in vars(sys.stdout)


def test_a_stream_that_is_redirected_meanwhile_is_the_program_s_affair(
    log: StreamLog, path: Path
) -> None:
    taps = StreamTaps()
    taps.attach(sys.stdout, log)
    elsewhere = io.StringIO()
    with redirect_stdout(elsewhere):
        print("elsewhere")
    print("here")
    taps.detach(log)
    assert elsewhere.getvalue() == "elsewhere\n"
    assert path.read_text() == "here\n"


def test_two_logs_hear_one_stream_and_leave_in_any_order(context: RunContext) -> None:
    taps = StreamTaps()
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    logs = [StreamLog(context, context.folder / name) for name in ("a.log", "b.log")]
    for one in logs:
        taps.attach(stream, one)
    stream.write("both\n")
    taps.detach(logs[0])
    stream.write("second\n")
    taps.detach(logs[1])
    stream.write("none\n")
    assert (context.folder / "a.log").read_text() == "both\n"
    assert (context.folder / "b.log").read_text() == "both\nsecond\n"
    stream.flush()
    assert stream.buffer.getvalue() == b"both\nsecond\nnone\n"  # type: ignore[attr-defined]


def test_a_stream_that_cannot_be_wrapped_is_told(log: StreamLog) -> None:
    class Sealed:
        __slots__ = ()

        def write(self, text: str) -> int:
            return len(text)

    assert not StreamTaps().attach(Sealed(), log)


def test_nothing_is_heard_in_a_child(log: StreamLog, path: Path, context: RunContext) -> None:
    context.abandon()
    log.feed("from a worker\n")
    assert path.read_text() == ""


@pytest.fixture
def training(context: RunContext) -> Iterator[tuple[LoggerTap, Path]]:
    path = context.folder / "training.log"
    log = TrainingLog(context, path)
    tap = LoggerTap()
    tap.attach(log)
    yield tap, path
    tap.detach(log)
    log.close()


def test_logging_records_arrive_in_the_customary_format(
    training: tuple[LoggerTap, Path],
) -> None:
    logging.getLogger("my.module").warning("loss is %.1f", 0.5)
    line = training[1].read_text()
    assert line.endswith(" - my.module - WARNING - loss is 0.5\n")
    assert line[:4].isdigit()


def test_records_of_loggers_that_do_not_propagate_arrive_too(
    training: tuple[LoggerTap, Path],
) -> None:
    logger = logging.getLogger("apart")
    logger.propagate = False
    try:
        logger.error("kept")
        logger.debug("below its level")
    finally:
        logger.propagate = True
    assert training[1].read_text().count("\n") == 1


def test_a_traceback_follows_its_record(training: tuple[LoggerTap, Path]) -> None:
    try:
        raise ValueError("what went wrong")
    except ValueError:
        logging.getLogger("x").exception("it failed")
    assert "ValueError: what went wrong\n" in training[1].read_text()


def test_a_record_that_cannot_be_formatted_harms_nobody(
    training: tuple[LoggerTap, Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    logging.getLogger("x").handlers[:] = [logging.NullHandler()]
    logger = logging.getLogger("x")
    logger.propagate = False
    logger.warning("%d", "no number")
    logger.propagate = True
    logger.warning("next")
    assert training[1].read_text().endswith("next\n")


def test_basic_config_and_the_last_resort_work_as_without_us(
    training: tuple[LoggerTap, Path],
) -> None:
    assert all(not isinstance(handler, TrainingLog) for handler in logging.getLogger().handlers)
    log = training[0]._listeners[0]
    before = logging.Logger.callHandlers
    training[0].detach(log)
    assert logging.Logger.callHandlers is not before
    assert logging.Logger.callHandlers.__module__ == "logging"
