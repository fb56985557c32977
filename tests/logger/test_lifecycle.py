"""How runs end, in processes that really end so."""

from __future__ import annotations

import os
import signal
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forked_programs import Ended, Programs, document, metrics_of, only_run

from reportgen.logger.lifecycle import Ending, ending_of
from reportgen.runs import lock
from reportgen.runs.view import RunView

START = "import os, signal, sys, time, reportgen\n"


class QuickPrograms(Programs):
    def run(self, folder: Path, code: str, **given: Any) -> Ended:
        return super().run(folder, code, captures=False, **given)


@pytest.fixture(scope="module")
def programs() -> Iterator[Programs]:
    programs = QuickPrograms()
    yield programs
    programs.close()


def code(text: str) -> str:
    return START + textwrap.dedent(text)


def end_of(folder: Path) -> tuple[str, int | None, str | None]:
    run = document(folder)
    return run["status"], run["exit_code"], run["stopped_early"]


@pytest.mark.parametrize(
    ("body", "status", "end"),
    [
        ("pass", 0, ("finished", 0, None)),
        ("sys.exit()", 0, ("finished", 0, None)),
        ("sys.exit(3)", 3, ("failed", 3, None)),
        ("sys.exit('no')", 1, ("failed", 1, None)),
        ("raise ValueError('broken')", 1, ("failed", 1, None)),
        ("run.finish('patience of 5')", 0, ("finished", 0, "patience of 5")),
        ("run.finish(); run.finish(); sys.exit(4)", 4, ("finished", 0, None)),
        ("os.kill(os.getpid(), signal.SIGTERM)", -15, ("interrupted", 143, "SIGTERM")),
        ("os.kill(os.getpid(), signal.SIGHUP)", -1, ("interrupted", 129, "SIGHUP")),
        ("os.kill(os.getpid(), signal.SIGINT); time.sleep(9)", -2, ("interrupted", 130, "SIGINT")),
    ],
)
@pytest.mark.parametrize("block", ["with", "bare"])
def test_ends(
    programs: Programs,
    tmp_path: Path,
    block: str,
    body: str,
    status: int,
    end: tuple[str, int | None, str | None],
) -> None:
    if block == "with":
        text = (
            f"with reportgen.start_run(name='r') as run:\n    run.log({{'a': 1.0}})\n    {body}\n"
        )
    else:
        text = f"run = reportgen.start_run(name='r')\nrun.log({{'a': 1.0}})\n{body}\n"
    ended = programs.run(tmp_path, START + text)
    folder = only_run(tmp_path)
    assert ended.status == status, ended.stderr
    assert end_of(folder) == end
    assert len(metrics_of(folder)) == 1
    assert document(folder)["ended"] is not None
    assert (folder / "manifest.json").exists()
    assert lock.state(folder) == "free"


def test_a_traceback_is_in_stderr_log_and_on_the_terminal(
    programs: Programs, tmp_path: Path
) -> None:
    ended = programs.run(
        tmp_path,
        code("""
        with reportgen.start_run(name="r"):
            raise ValueError("what went wrong")
        """),
    )
    kept = (only_run(tmp_path) / "stderr.log").read_text()
    assert "ValueError: what went wrong" in ended.stderr
    assert kept.count("ValueError: what went wrong") == 1
    assert "Traceback" in kept


def test_a_process_that_dies_at_once_leaves_what_was_logged(
    programs: Programs, tmp_path: Path
) -> None:
    ended = programs.run(
        tmp_path,
        code("""
        run = reportgen.start_run({"lr": 0.1}, name="r")
        print("printed")
        for step in range(50):
            run.log({"a": 1.0}, step)
        os._exit(7)
        """),
    )
    folder = only_run(tmp_path)
    assert ended.status == 7
    assert len(metrics_of(folder)) == 50
    assert (folder / "stdout.log").read_text() == "printed\n"
    assert document(folder, "config.yaml") == {"lr": 0.1}
    view = RunView(folder)
    assert view.state == "ended without closing"
    assert view.run.status == "running"


def test_a_handler_of_the_program_is_called_and_the_run_goes_on(
    programs: Programs, tmp_path: Path
) -> None:
    ended = programs.run(
        tmp_path,
        code("""
        asked = []
        signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
        with reportgen.start_run(name="r") as run:
            os.kill(os.getpid(), signal.SIGTERM)
            run.log({"a": 1.0}, 0)
        signal.getsignal(signal.SIGTERM)(5, None)
        print(asked)
        """),
    )
    folder = only_run(tmp_path)
    assert ended.status == 0
    assert ended.stdout == "[15, 5]\n"
    assert end_of(folder) == ("interrupted", 0, "SIGTERM")
    assert len(metrics_of(folder)) == 1


def test_an_ignored_signal_stays_ignored(programs: Programs, tmp_path: Path) -> None:
    ended = programs.run(
        tmp_path,
        code("""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with reportgen.start_run(name="r") as run:
            os.kill(os.getpid(), signal.SIGHUP)
            run.log({"a": 1.0}, 0)
        """),
    )
    assert ended.status == 0
    assert end_of(only_run(tmp_path)) == ("finished", 0, None)


def test_a_signal_while_the_run_is_closed_waits_for_the_seal(
    programs: Programs, tmp_path: Path
) -> None:
    ended = programs.run(
        tmp_path,
        code("""
        class Slow:
            name = "slow"
            def metrics(self, values, step): pass
            def figure(self, name, path, step): pass
            def close(self, status):
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(0.1)
        run = reportgen.start_run(name="r")
        run.add_sink(Slow())
        run.finish()
        print("not reached")
        """),
    )
    folder = only_run(tmp_path)
    assert ended.status == -15
    assert ended.stdout == ""
    assert end_of(folder) == ("finished", 0, None)
    assert (folder / "manifest.json").exists()


def test_hooks_of_the_program_are_called_and_given_back(programs: Programs, tmp_path: Path) -> None:
    ended = programs.run(
        tmp_path,
        code("""
        def hook(kind, error, trace):
            print("hook", error)
        sys.excepthook = hook
        before = sys.exit, signal.getsignal(signal.SIGTERM)
        run = reportgen.start_run(name="r")
        run.finish()
        assert (sys.excepthook, sys.exit, signal.getsignal(signal.SIGTERM)) == (hook, *before)
        reportgen.start_run(name="s")
        raise ValueError("x")
        """),
    )
    assert ended.stdout == "hook x\n"
    assert end_of(tmp_path / "runs" / "s")[0] == "failed"


def test_an_exit_that_was_caught_is_no_failure(programs: Programs, tmp_path: Path) -> None:
    programs.run(
        tmp_path,
        code("""
        run = reportgen.start_run(name="r")
        try:
            sys.exit(2)
        except SystemExit:
            run.log({"a": 1.0})
        """),
    )
    assert end_of(only_run(tmp_path)) == ("finished", 0, None)


def test_two_open_runs_both_end(programs: Programs, tmp_path: Path) -> None:
    programs.run(
        tmp_path,
        code("""
        a, b = reportgen.start_run(name="a"), reportgen.start_run(name="b")
        a.log({"x": 1.0})
        a.finish()
        b.log({"x": 2.0})
        raise ValueError
        """),
    )
    assert end_of(tmp_path / "runs" / "a") == ("finished", 0, None)
    assert end_of(tmp_path / "runs" / "b") == ("failed", 1, None)
    assert len(metrics_of(tmp_path / "runs" / "b")) == 1


@pytest.mark.parametrize("leave", ["os._exit(0)", "sys.exit(0)", "raise ValueError", "pass"])
def test_a_forked_child_writes_nothing(programs: Programs, tmp_path: Path, leave: str) -> None:
    ended = programs.run(
        tmp_path,
        code(f"""
        import logging
        run = reportgen.start_run({{"lr": 1}}, name="r")
        run.log({{"a": 0.0}}, 0)
        log = run.log
        child = os.fork()
        if child == 0:
            run.log({{"a": 5.0}}, 5)
            log({{"a": 6.0}}, 6)
            run.log({{"new name": "no number"}}, 6)
            run.log_text("note", "from the child")
            run.define_metric("a", goal="minimize")
            logging.getLogger("x").warning("logged by the child")
            print("printed by the child")
            run.finish()
            {leave}
        else:
            os.waitpid(child, 0)
            before = sorted(os.listdir(run.folder))
            run.log({{"a": 1.0}}, 1)
            assert "manifest.json" not in before, before
            run.finish()
        """),
    )
    folder = tmp_path / "runs" / "r"
    assert ended.status == 0, ended.stderr
    assert [record["step"] for record in metrics_of(folder)] == [0, 1]
    assert "printed by the child" in ended.stdout
    for name in ("stdout.log", "stderr.log", "training.log"):
        assert "child" not in (folder / name).read_text()
    assert end_of(folder) == ("finished", 0, None)
    assert lock.state(folder) == "free"


def test_a_child_of_a_dead_parent_does_not_keep_the_run_alive(
    programs: Programs, tmp_path: Path
) -> None:
    ended = programs.run(
        tmp_path,
        code("""
        run = reportgen.start_run(name="r")
        child = os.fork()
        if child == 0:
            os.setsid()
            time.sleep(20)
            os._exit(0)
        print(child, flush=True)
        os._exit(1)
        """),
    )
    folder = only_run(tmp_path)
    try:
        assert RunView(folder).state == "ended without closing"
    finally:
        os.kill(int(ended.stdout), signal.SIGKILL)


def test_a_terminated_worker_dies_by_the_signal(programs: Programs, tmp_path: Path) -> None:
    ended = programs.run(
        tmp_path,
        code("""
        run = reportgen.start_run(name="r")
        ended = []
        for _ in range(40):
            child = os.fork()
            if child == 0:
                time.sleep(20)
                os._exit(0)
            os.kill(child, signal.SIGTERM)
            ended.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        print(ended)
        run.finish()
        """),
    )
    assert ended.stdout == f"{[-15] * 40}\n"
    assert end_of(only_run(tmp_path)) == ("finished", 0, None)


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (None, Ending("finished")),
        (SystemExit(), Ending("finished")),
        (SystemExit(0), Ending("finished")),
        (SystemExit(256), Ending("finished")),
        (SystemExit(-1), Ending("failed", 255)),
        (SystemExit("text"), Ending("failed", 1)),
    ],
)
def test_endings(error: BaseException | None, ending: Ending) -> None:
    assert ending_of(error) == ending
