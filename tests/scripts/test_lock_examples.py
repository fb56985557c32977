"""The lock of the examples' environment: what is in it, and what must not be."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from reportgen.capture.packages import lock_files
from reportgen.runs.lock_files import normal, read_lock


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    place = repository / "scripts" / "lock_examples.py"
    spec = importlib.util.spec_from_file_location("lock_examples", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def package(name: str, version: str, digit: str = "a") -> dict[str, object]:
    archive = {
        "url": "https://example.org/x",
        "archive_info": {"hashes": {"sha256": digit * 64}},
    }
    return {"metadata": {"name": name, "version": version}, "download_info": archive}


def test_a_report_becomes_a_lock(script: ModuleType) -> None:
    own = {
        "metadata": {"name": "reportgen-runs", "version": "1"},
        "download_info": {"dir_info": {}},
    }
    text = script.lock_text([package("torch", "2.13.0+cpu", "b"), own, package("Jinja2", "3.1.6")])
    lock = read_lock("requirements.lock", text.encode())
    assert [(one.name, one.version, one.sha256, one.hashed) for one in lock.packages] == [
        ("jinja2", "3.1.6", ("a" * 64,), True),
        ("torch", "2.13.0", ("b" * 64,), True),
    ]
    assert "example.org" not in text


def test_the_committed_lock_is_one_that_runs_keep(repository: Path) -> None:
    place = repository / "requirements.lock"
    assert place in lock_files(repository)
    text = place.read_text(encoding="ascii")
    assert "://" not in text
    assert re.search(r"(?m)^-", text) is None, "options such as an index's address"


def test_it_holds_what_the_examples_need(repository: Path) -> None:
    lock = read_lock("requirements.lock", (repository / "requirements.lock").read_bytes())
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["examples"]]
    names = {normal(re.split(r"[=<>!~\[; ]", one)[0]) for one in needed}
    assert names <= {one.name for one in lock.packages}
    assert all(one.hashed for one in lock.packages)
    exact = {normal(a): b for a, b in (one.split("==") for one in needed if "==" in one)}
    assert {name: lock.versions()[name] for name in exact} == {n: {v} for n, v in exact.items()}
