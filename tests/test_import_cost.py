"""What loading the package loads. Costs in seconds are the benchmarks' affair."""

from __future__ import annotations

import subprocess
import sys

import pytest

import reportgen

HEAVY = {
    "altair",
    "git",
    "jinja2",
    "matplotlib",
    "numpy",
    "pandas",
    "rich",
    "tensorboard",
    "torch",
    "tsdownsample",
}


def loaded_by(code: str) -> set[str]:
    """Top-level names of the modules that a fresh interpreter loads for ``code``."""
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in result.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_the_probe_sees_imports() -> None:
    assert loaded_by("import numpy") & HEAVY == {"numpy"}


def test_importing_reportgen_loads_nothing_heavy() -> None:
    loaded = loaded_by("import reportgen")
    assert "reportgen" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.parametrize(
    "name", [name for name in reportgen.__all__ if not name.startswith(("_", "load_run"))]
)
def test_a_public_name_loads_nothing_heavy(name: str) -> None:
    assert loaded_by(f"import reportgen; reportgen.{name}") & HEAVY == set()


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_bare_command_loads_no_library(option: str) -> None:
    code = f"from reportgen.cli.main import main; raise SystemExit(main(['{option}']))"
    third_party = {"msgspec", "orjson", "yaml", "argparse", "shtab", "psutil", "fsspec"}
    assert loaded_by(code) & (HEAVY | third_party) == set()
