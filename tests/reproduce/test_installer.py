"""Which program installs for an interpreter."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reportgen.reproduce.installer import installer_into, own_pip_serves, version_of


def script(place: Path, text: str) -> str:
    place.write_text(f"#!/bin/sh\n{text}\n")
    place.chmod(0o755)
    return str(place)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that programs are looked for in."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_the_version_of_an_interpreter(folder: Path) -> None:
    assert version_of(sys.executable) == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert version_of(script(folder / "python", "echo 3.99")) == "3.99"
    assert version_of(script(folder / "broken", "exit 1")) is None
    assert version_of(str(folder / "nothing")) is None


def test_the_pip_at_hand_serves_its_own_version_alone(folder: Path) -> None:
    assert own_pip_serves(sys.executable)
    assert installer_into(sys.executable)[:6] == [
        *(sys.executable, "-I", "-m", "pip"),
        *("--python", sys.executable),
    ]
    other = script(folder / "python", "echo 3.99")
    assert not own_pip_serves(other)
    assert installer_into(other)[:4] == [other, "-I", "-m", "pip"]


def test_uv_comes_first(folder: Path) -> None:
    script(folder / "uv", "true")
    assert installer_into("/env/python") == [
        *("uv", "pip", "install", "--quiet"),
        *("--python", "/env/python"),
    ]
