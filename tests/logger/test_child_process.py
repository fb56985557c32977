"""A command's streams, signals and exit status, as a shell would see them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from reportgen.logger.child_process import ChildProcess


class Heard:
    def __init__(self) -> None:
        self.text = ""

    def __call__(self, text: str) -> None:
        self.text += text


def run_child(*command: str) -> tuple[int, str, str]:
    out, err = Heard(), Heard()
    with ChildProcess(command, os.environ, stdout=out, stderr=err) as child:
        return child.wait(period=0.05, tick=lambda: None), out.text, err.text


def test_both_streams_are_heard_and_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    status, out, err = run_child("sh", "-c", r"printf 'a\033[1mb\n'; echo wrong >&2; exit 7")
    assert (status, out, err) == (7, "a\x1b[1mb\n", "wrong\n")
    passed = capfd.readouterr()
    assert (passed.out, passed.err) == (out, err)


def test_text_arrives_while_the_command_runs() -> None:
    seen: list[float] = []
    out = Heard()
    command = ["sh", "-c", "echo first; sleep 0.6; echo second"]

    def tick() -> None:
        if out.text == "first\n":
            seen.append(time.monotonic())

    with ChildProcess(command, os.environ, stdout=out, stderr=Heard()) as child:
        assert child.wait(period=0.05, tick=tick) == 0
    assert len(seen) > 1
    assert out.text == "first\nsecond\n"


def test_bytes_that_are_no_text_pass_as_they_are(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    _, out, _ = run_child("sh", "-c", r"printf '\377\303'; sleep 0.1; printf '\251\n'")
    assert out == "\ufffdé\n"
    assert capfdbinary.readouterr().out == b"\xff\xc3\xa9\n"


def test_a_command_that_dies_of_a_signal_says_so() -> None:
    assert run_child("sh", "-c", "kill -9 $$")[0] == -9


def test_a_grandchild_that_keeps_the_pipe_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("reportgen.logger.child_process._DRAIN_SECONDS", 0.2)
    begun = time.monotonic()
    status, out, _ = run_child("sh", "-c", "sleep 4 & echo done")
    assert (status, out) == (0, "done\n")
    assert time.monotonic() - begun < 3


def test_a_program_that_does_not_start_raises(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("no program")
    program.chmod(0o755)
    with pytest.raises(OSError, match="Exec format"):
        run_child(str(program))


FORWARD = """
import os, sys
from reportgen.logger.child_process import ChildProcess
text = []
with ChildProcess(sys.argv[1:], os.environ, stdout=text.append, stderr=text.append) as child:
    status = child.wait(period=5, tick=lambda: None)
print("ended", status, child.forwarded)
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGINT"])
def test_signals_are_passed_on(name: str) -> None:
    handler = f"trap 'echo got {name}; exit 3' {name.removeprefix('SIG')}; echo ready; "
    process = subprocess.Popen(
        [sys.executable, "-c", FORWARD, "sh", "-c", handler + "while :; do sleep 0.05; done"],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(getattr(signal, name))
    rest = process.stdout.read()
    process.wait()
    assert rest == f"got {name}\nended 3 {name}\n"


def test_a_signal_that_comes_before_the_command_reaches_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = subprocess.Popen

    def start(*args: Any, **given: Any) -> Any:
        os.kill(os.getpid(), signal.SIGUSR1)
        return real(*args, **given)

    monkeypatch.setattr(subprocess, "Popen", start)
    with ChildProcess(["sleep", "20"], os.environ, stdout=Heard(), stderr=Heard()) as child:
        assert child.wait(period=1, tick=lambda: None) == -signal.SIGUSR1
    assert child.forwarded == "SIGUSR1"


def test_a_signal_after_the_command_ended_does_not_cut_short_what_follows() -> None:
    with ChildProcess(["true"], os.environ, stdout=Heard(), stderr=Heard()) as child:
        assert child.wait(period=1, tick=lambda: None) == 0
        os.kill(os.getpid(), signal.SIGTERM)
    assert child.forwarded is None
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
