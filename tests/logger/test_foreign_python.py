"""What another interpreter says of itself."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from reportgen.logger.foreign_python import ask, is_own, is_python


@pytest.mark.parametrize(
    "name", ["python", "python3", "/usr/bin/python3.11", "pypy3", "python.exe"]
)
def test_names_of_python(name: str) -> None:
    assert is_python(name)


@pytest.mark.parametrize("name", ["bash", "torchrun", "pythonic", "./train.py", "python3-config"])
def test_names_of_other_programs(name: str) -> None:
    assert not is_python(name)


def test_an_interpreter_answers_for_its_own_packages() -> None:
    found = ask(sys.executable)
    assert found.python.version == platform.python_version()
    assert found.python.implementation == "CPython"
    assert any(line.startswith("orjson==") for line in found.requirements)
    assert all(" # " in line or " @ " in line for line in found.requirements)


def test_own_is_the_environment_not_the_binary(tmp_path: Path) -> None:
    assert is_own(sys.executable)
    other = tmp_path / "bin" / "python"
    other.parent.mkdir()
    other.symlink_to(sys.executable)
    assert not is_own(str(other))
    assert not is_own("no-such-python")


@pytest.mark.parametrize("body", ["exit 1", "echo no json", 'echo "{}"', "echo '[1]'"])
def test_a_program_that_gives_no_answer(tmp_path: Path, body: str) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    with pytest.raises(ValueError, match="no answer"):
        ask(str(program))
