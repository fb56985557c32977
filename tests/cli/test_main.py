from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest

import reportgen
from reportgen.cli import main as main_module
from reportgen.cli.main import main
from reportgen.cli.table import COMMANDS, Command
from reportgen.errors import LimitError, NotFoundError

NAMES = [command.name for command in COMMANDS]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """A command named ``probe`` whose ``run`` a test sets."""
    module = types.SimpleNamespace(
        configure=lambda parser: parser.add_argument("rest", nargs="*"), run=lambda args: 0
    )
    row = Command("probe", "probe the frame", "reportgen probe it")
    monkeypatch.setattr(main_module, "COMMANDS", (row,))
    monkeypatch.setitem(sys.modules, row.module, module)
    return module


def raising(error: BaseException) -> object:
    def run(args: object) -> int:
        raise error

    return run


def in_process(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reportgen", *words],
        capture_output=True,
        text=True,
        **options,
    )


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"reportgen {reportgen.__version__}\n"


def test_the_installed_command_is_this_one() -> None:
    script = Path(sys.executable).with_name("reportgen")
    if not script.exists():
        pytest.skip("reportgen is not installed beside this Python")
    result = subprocess.run([script, "--version"], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, f"reportgen {reportgen.__version__}\n")


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for command in COMMANDS:
        assert any(
            line.split(maxsplit=1) == [command.name, command.help] for line in out.splitlines()
        )


def test_alone_it_shows_three_examples_at_most(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tuple(Command(f"c{i}", f"do {i}", f"reportgen c{i} x" * (i != 1)) for i in range(5))
    monkeypatch.setattr(main_module, "COMMANDS", rows)
    assert main([]) == 0
    out = capsys.readouterr().out
    assert [line.split()[1] for line in out.splitlines() if line.startswith("  ")] == [
        "c0",
        "c2",
        "c3",
    ]


def test_only_the_chosen_command_s_module_loads() -> None:
    code = (
        "import sys; from reportgen.cli.main import main; main(['schema', 'run.yaml']);"
        "print(*[name for name in sys.modules if name.startswith('reportgen.cli.commands.')],"
        "file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stderr.split() == ["reportgen.cli.commands.schema"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["shcema"], "unknown command 'shcema'. Did you mean schema?"),
        ([""], "unknown command ''. Known: "),
        (["--jsno"], "unknown option --jsno; expected a command before its options"),
        (["schema", "--debgu"], "schema: unrecognized arguments: --debgu. Did you mean --debug?"),
        (["schema", "--output"], "schema: argument -o/--output: expected one argument"),
        (["--print-completion"], "no shell named; expected bash"),
        (["--print-completion", "cmd"], "no such shell; expected bash"),
    ],
)
def test_misuse_is_one_line_and_status_2(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.startswith("reportgen: ")
    assert len(captured.err.splitlines()) == 1


def test_options_are_not_abbreviated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--out", "x"]) == 2


def test_the_status_of_a_command_is_passed_on(command: types.SimpleNamespace) -> None:
    command.run = lambda args: 1
    assert main(["probe"]) == 1


def test_help_of_a_command(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", "--help"]) == 0
    out = capsys.readouterr().out
    assert "usage: reportgen probe" in out
    assert "Probe the frame." in out


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFoundError("no such run", where="runs/x", fix="Look there."), 2),
        (LimitError("too many files", where="runs"), 3),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), 3),
    ],
)
def test_an_error_is_one_line_and_its_status(
    command: types.SimpleNamespace,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    status: int,
) -> None:
    command.run = raising(error)
    assert main(["probe"]) == status
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err
    assert "fault of reportgen" not in err


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (KeyError("x"), "KeyError: 'x'"),
        (RecursionError(), "RecursionError"),
        (PermissionError(13, "Permission denied", "/x"), "PermissionError: [Errno 13]"),
    ],
)
def test_any_other_exception_is_our_fault(
    command: types.SimpleNamespace,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    cause: str,
) -> None:
    command.run = raising(error)
    assert main(["probe"]) == 4
    err = capsys.readouterr().err
    assert err.startswith(f"reportgen: {cause}")
    assert "This is a fault of reportgen, please report it" in err
    assert len(err.splitlines()) == 1


def test_debug_adds_the_traceback(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    command.run = raising(NotFoundError("no such run"))
    assert main(["probe", "--debug"]) == 2
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_debug_of_a_wrapped_command_is_not_ours(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    command.run = raising(NotFoundError("no such run"))
    assert main(["probe", "--", "train.py", "--debug"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_message_cannot_drive_the_terminal(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    command.run = raising(NotFoundError("x", where="\x1b]0;gone\x07\n::error::boo\u202e"))
    main(["probe"])
    err = capsys.readouterr().err
    assert err == "reportgen: \\x1b]0;gone\\x07\\x0a::error::boo\\u202e: x\n"


def test_ctrl_c_is_quiet(
    command: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    command.run = raising(KeyboardInterrupt())
    assert main(["probe"]) == 130
    assert capsys.readouterr() == ("", "")


def process_of(run: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A real process in which the command ``schema`` does the statement ``run``."""
    code = (
        "import os, signal, sys, types\n"
        "from reportgen.cli import main as m\n"
        "def run(args):\n"
        f"    {run}\n"
        "    return 0\n"
        "sys.modules['reportgen.cli.commands.schema'] = types.SimpleNamespace(\n"
        "    configure=lambda parser: None, run=run)\n"
        "sys.exit(m.main(['schema']))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )


def test_ctrl_c_in_a_real_process() -> None:
    result = process_of("os.kill(os.getpid(), signal.SIGINT)")
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "")


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="this system has no SIGPIPE")
@pytest.mark.parametrize("word", ["--version", "schema"])
def test_a_reader_that_goes_away_is_quiet(word: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        result = subprocess.run(
            [sys.executable, "-m", "reportgen", word], stdout=gone, stderr=subprocess.PIPE
        )
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", [["--version"], ["schema"]])
def test_a_full_disk_behind_the_output_is_said(words: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "reportgen", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert result.returncode == 3
    assert result.stderr == (
        f"reportgen: {os.strerror(errno.ENOSPC)}. Free some space and run the command again.\n"
    )


@pytest.mark.skipif(os.name == "nt", reason="redirections of a POSIX shell")
@pytest.mark.parametrize(("words", "status"), [("--version >&-", 0), ("nope 2>&-", 2)])
def test_closed_streams_are_no_fault(words: str, status: int) -> None:
    line = f'exec "{sys.executable}" -m reportgen {words}'
    result = subprocess.run(["sh", "-c", line], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (status, "", "")


def test_names_that_the_terminal_cannot_show_are_escaped() -> None:
    result = process_of("print('\\xe5 \\u65e5')", PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stdout) == (0, "\\xe5 \\u65e5\n")
    result = in_process("\xe5", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert "unknown command '\\xe5'" in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--print-completion", shell]) == 0
    script = capsys.readouterr().out
    for name in NAMES:
        assert name in script
    assert "--debug" in script


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_completion_works_in_bash(tmp_path: Path) -> None:
    script = tmp_path / "reportgen.bash"
    script.write_text(in_process("--print-completion", "bash").stdout)
    line = (
        f'. "{script}"; COMP_WORDS=(reportgen sch); COMP_CWORD=1; '
        '$(complete -p reportgen | sed "s/.*-F \\([^ ]*\\).*/\\1/"); echo "${COMPREPLY[@]}"'
    )
    result = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert result.stdout.split() == ["schema"], result.stderr
