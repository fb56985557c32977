from __future__ import annotations

import argparse
import io
import sys
import time

import pytest

from reportgen.cli.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(
    monkeypatch: pytest.MonkeyPatch,
    seconds_a_step: float,
    stream: io.StringIO,
    *,
    quiet: bool = False,
) -> str:
    """Return what four steps print on a stream, each taking ``seconds_a_step``."""
    clock = iter(seconds_a_step * tick for tick in range(100))
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: next(clock))
        with progress(argparse.Namespace(quiet=quiet), "reading [red]runs") as advance:
            for done in range(1, 5):
                advance(done, 4)
    return stream.getvalue()


def test_a_bar_after_a_second_that_goes_away_again(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, 2.0, Terminal())
    assert "reading [red]runs" in text
    assert text.endswith("\x1b[2K")


def test_no_bar_for_what_is_quick_nor_elsewhere_than_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert shown(monkeypatch, 0.01, Terminal()) == ""
    assert shown(monkeypatch, 2.0, io.StringIO()) == ""
    assert shown(monkeypatch, 2.0, Terminal(), quiet=True) == ""


def test_without_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with progress(argparse.Namespace(quiet=False), "x") as advance:
        advance(1, 2)


def test_an_error_takes_the_bar_away(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr("reportgen.cli.progress.PATIENCE_SECONDS", -1.0)

    def work() -> None:
        with progress(argparse.Namespace(quiet=False), "x") as advance:
            advance(1, 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert stream.getvalue().endswith("\x1b[2K")
