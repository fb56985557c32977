"""git is started with our environment, in bounds, and found on no relative path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reportgen.capture.git_process import Deadline, base_environment, failure, git_path, run_git
from reportgen.errors import LimitError, UnavailableError


def test_git_is_found_by_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = git_path()
    assert os.path.isabs(found)
    stub = tmp_path / "git"
    stub.write_text("#!/bin/sh\n")
    stub.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".:{os.path.relpath(tmp_path)}::{os.environ['PATH']}")
    assert git_path() == found
    monkeypatch.setenv("PATH", ".")
    with pytest.raises(UnavailableError, match="git is not installed"):
        git_path()


def test_nothing_of_the_callers_environment_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_DIR", "GIT_TRACE", "LD_PRELOAD", "HOME", "GIT_CONFIG_COUNT", "SSH_ASKPASS"):
        monkeypatch.setenv(name, "x")
    given = base_environment()
    assert "x" not in given.values()
    assert given["GIT_CONFIG_GLOBAL"] == os.devnull
    assert given["GIT_TERMINAL_PROMPT"] == "0"
    assert given["GIT_NO_LAZY_FETCH"] == "1"
    assert "HOME" not in given


def run(tmp_path: Path, *arguments: str, stdin: bytes = b"", limit: int = 10_000):
    return run_git(
        list(arguments),
        folder=tmp_path,
        environment=base_environment(),
        deadline=Deadline(30),
        stdin=stdin,
        limit=limit,
    )


def test_input_output_and_faults_come_through(tmp_path: Path) -> None:
    status, output, _ = run(tmp_path, "hash-object", "--stdin", stdin=b"x" * 100_000)
    assert status == 0
    assert len(output.strip()) == 40
    status, output, errors = run(tmp_path, "no-such-command")
    assert status == 1
    assert "no-such-command" in errors
    assert (
        str(failure(["log", "-1"], 128, "a\nfatal: bad thing"))
        == "git log refused: fatal: bad thing"
    )
    assert "exit status 3" in str(failure(["log"], 3, ""))


def test_output_over_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="more than 10 bytes"):
        run(tmp_path, "--version", limit=10)


def test_time_that_is_over_starts_nothing_more(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"took too long \(more than 0 s\)"):
        Deadline(0).left()
    assert 0 < Deadline(5).left() <= 5
