"""What can be said of a command from outside, and what is said not to be known."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from forked_programs import document

from reportgen.logger import captures, external_captures
from reportgen.logger.context import RunContext
from reportgen.logger.external_captures import ExternalCaptures
from reportgen.logger.foreign_python import ForeignPython
from reportgen.runs.schema import Environment, Python


@pytest.fixture(autouse=True)
def _own(monkeypatch: pytest.MonkeyPatch) -> None:
    def environment(**given: Any) -> Environment:
        return Environment(python=Python(version="own"), packages={"a": "1"}, os={"system": "x"})

    monkeypatch.setattr(captures, "capture_environment", environment)
    monkeypatch.setattr(external_captures, "requirements", lambda top: ["own==1  # index"])


def captured(context: RunContext, tmp_path: Path, program: str) -> tuple[dict[str, Any], str]:
    found = ExternalCaptures(
        context, top=None, start=tmp_path, run_root=tmp_path / "runs", program=program
    )
    found.environment()
    requirements = (context.folder / "requirements.txt").read_text()
    return document(context.folder, "environment.yaml"), requirements


def test_the_own_interpreter_is_known_but_not_what_it_imported(
    context: RunContext, tmp_path: Path
) -> None:
    environment, requirements = captured(context, tmp_path, sys.executable)
    assert environment["python"]["version"] == "own"
    assert environment["packages"] is None
    assert {"packages", "seeds", "determinism"} <= environment["not_available"].keys()
    assert requirements == "own==1  # index\n"


def test_another_interpreter_is_asked(
    context: RunContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ForeignPython(Python(version="3.12.0"), ["theirs==2  # index"])
    monkeypatch.setattr(external_captures, "ask", lambda program: answer)
    environment, requirements = captured(context, tmp_path, "/elsewhere/python3")
    assert environment["python"]["version"] == "3.12.0"
    assert environment["os"] == {"system": "x"}
    assert requirements == "theirs==2  # index\n"


def test_an_interpreter_without_an_answer_has_a_reason(context: RunContext, tmp_path: Path) -> None:
    environment, requirements = captured(context, tmp_path, "/no/such/python")
    assert environment["python"] is None
    assert "python" in environment["not_available"]
    assert requirements == ""


def test_the_compute_is_that_of_the_children(context: RunContext, tmp_path: Path) -> None:
    found = ExternalCaptures(
        context, top=None, start=tmp_path, run_root=tmp_path / "runs", program="sh"
    )
    found.environment()
    found.complete([])
    environment = document(context.folder, "environment.yaml")
    assert environment["compute"]["device_seconds"] is None
    assert environment["not_available"]["python"] == "the command is no Python program"
    assert "compute.device_seconds" in environment["not_available"]
