from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from reportgen.cli import optional_packages
from reportgen.cli.optional_packages import OPTIONAL, missing_requirements, version_of


def test_the_extras_exist_and_install_the_package(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for package in OPTIONAL:
        if package.extra is not None:
            lines = project["optional-dependencies"][package.extra]
            assert any(line.startswith(package.distribution) for line in lines)


def test_versions() -> None:
    assert version_of("PyYAML") == metadata.version("pyyaml")
    assert version_of("no-such-package") is None


def test_what_is_needed_is_told_from_what_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["orjson>=3", "no.such_package (>=1)", 'no-such-extra>=1; extra == "torch"']
    monkeypatch.setattr(optional_packages.metadata, "requires", lambda name: lines)
    assert missing_requirements() == ["no.such_package"]


def test_used_from_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(optional_packages.metadata, "requires", absent)
    assert missing_requirements() == []
