"""What a run is called when nobody says so, and that a start that fails leaves no traces."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

import reportgen
from reportgen.logger import session
from reportgen.logger.session import _program


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("train.py", "train.py"),
        ("/somewhere/src/train.py", "train.py"),
        ("/somewhere/package/__main__.py", "package"),
        ("-c", None),
        ("", None),
        ("notebook", "notebook"),
    ],
)
def test_the_program_names_a_run_that_nothing_else_names(script: str, name: str | None) -> None:
    assert _program(script) == name


def test_a_start_that_fails_leaves_the_process_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **given: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.chdir(tmp_path)
    before = (
        sys.excepthook,
        sys.exit,
        signal.getsignal(signal.SIGTERM),
        logging.Logger.callHandlers,
    )
    monkeypatch.setattr(session, "CheckpointStore", fail)
    with pytest.raises(RuntimeError, match="broken"):
        reportgen.start_run(name="r")
    now = (sys.excepthook, sys.exit, signal.getsignal(signal.SIGTERM), logging.Logger.callHandlers)
    assert now == before
    assert "write" not in vars(sys.stdout)
