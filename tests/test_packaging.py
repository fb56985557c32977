"""The exact files of wheel and sdist, by rule from what git tracks, and the wheel in use."""

from __future__ import annotations

import email
import email.message
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement

import reportgen

STEM = f"reportgen_runs-{reportgen.__version__}"
SDIST_FOLDERS = ("reportgen", "themes", "docs")
SDIST_FILES = {
    ".gitignore",  # hatchling reads it, so it travels
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "pyproject.toml",
}


class Built(NamedTuple):
    tracked: set[str]
    wheel: Path
    sdist: Path


@pytest.fixture(scope="module")
def built(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Both distributions, built from the tracked files alone, the wheel out of the sdist."""
    if not (repository / ".git").exists():
        pytest.skip("not a checkout: what git tracks is unknown")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=repository, capture_output=True, check=True
    ).stdout
    tracked = {os.fsdecode(name) for name in listed.split(b"\0") if name}
    source = tmp_path_factory.mktemp("source")
    for name in tracked:
        if name.split("/")[0] in SDIST_FOLDERS or name in SDIST_FILES:
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(repository / name, target)
    out = tmp_path_factory.mktemp("dist")
    result = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, source],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert {path.name for path in out.iterdir()} == {
        f"{STEM}-py3-none-any.whl",
        f"{STEM}.tar.gz",
    }
    return Built(tracked, out / f"{STEM}-py3-none-any.whl", out / f"{STEM}.tar.gz")


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder holding the installed wheel, without its dependencies."""
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--no-deps", "--no-index", "--target", target, built.wheel], check=True)
    return target


def in_installed(installed: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )


def metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        return email.message_from_bytes(archive.read(f"{STEM}.dist-info/METADATA"))


def test_the_wheel_holds_the_package_and_the_themes(built: Built) -> None:
    expected = {
        f"reportgen/{name}" if name.startswith("themes/") else name
        for name in built.tracked
        if name.startswith(("reportgen/", "themes/"))
    }
    expected |= {
        f"{STEM}.dist-info/{name}"
        for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    }
    with zipfile.ZipFile(built.wheel) as archive:
        assert set(archive.namelist()) == expected


def test_what_must_never_be_left_out_of_the_wheel(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        names = set(archive.namelist())
    assert {"reportgen/py.typed", "reportgen/themes/default/theme.yaml"} <= names


def test_the_sdist_holds_what_a_build_and_a_reader_need(built: Built) -> None:
    expected = {name for name in built.tracked if name.split("/")[0] in SDIST_FOLDERS}
    expected -= {name for name in built.tracked if name.startswith("docs/images/")}
    expected |= SDIST_FILES | {"PKG-INFO"}
    with tarfile.open(built.sdist) as archive:
        assert {member.name for member in archive} == {f"{STEM}/{name}" for name in expected}


def test_the_metadata(built: Built) -> None:
    told = metadata(built.wheel)
    assert told["Name"] == "reportgen-runs"
    assert told["Version"] == reportgen.__version__
    assert told["License-Expression"] == "MIT"
    assert told["Requires-Python"] == ">=3.11"
    assert {"torch", "tensorboard", "s3", "dask", "all", "dev"} <= set(
        told.get_all("Provides-Extra", [])
    )


def test_the_core_needs_no_framework(built: Built) -> None:
    needed = [Requirement(text) for text in metadata(built.wheel).get_all("Requires-Dist", [])]
    core = {need.name.lower() for need in needed if "extra" not in str(need.marker)}
    assert core == {
        "altair",
        "gitpython",
        "jinja2",
        "markdown-it-py",
        "msgspec",
        "orjson",
        "pandas",
        "psutil",
        "pyyaml",
        "rich",
        "shtab",
        "tsdownsample",
    }


def test_the_installed_command_answers_from_another_folder(installed: Path, tmp_path: Path) -> None:
    command = str(installed / "bin" / "reportgen")
    result = in_installed(installed, tmp_path, command, "--version")
    assert (result.returncode, result.stdout) == (0, f"reportgen {reportgen.__version__}\n")
    result = in_installed(installed, tmp_path, command, "schema", "run.yaml")
    assert result.returncode == 0, result.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_installed_module_loads(installed: Path, tmp_path: Path) -> None:
    # An integration is there for who has its framework, which the core install does not bring.
    code = (
        "import importlib, pkgutil, reportgen\n"
        "print(reportgen.__file__)\n"
        "for module in pkgutil.walk_packages(reportgen.__path__, 'reportgen.'):\n"
        "    if module.name.endswith('__main__'):\n"
        "        continue\n"
        "    try:\n"
        "        importlib.import_module(module.name)\n"
        "    except ModuleNotFoundError as error:\n"
        "        own = (error.name or 'reportgen').startswith('reportgen')\n"
        "        if own or not module.name.startswith('reportgen.integrations.'):\n"
        "            raise\n"
    )
    result = in_installed(installed, tmp_path, sys.executable, "-c", code)
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()) == installed / "reportgen" / "__init__.py"


def test_the_installed_package_finds_its_themes(installed: Path, tmp_path: Path) -> None:
    code = "from reportgen.site.theme import builtin_themes_dir as f; print(f())"
    result = in_installed(installed, tmp_path, sys.executable, "-c", code)
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()) == installed / "reportgen" / "themes"
