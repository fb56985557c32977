"""The recorded packages as wheels, by a real pip without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from reproduce.projects import Project

from reportgen.errors import UnavailableError, UsageError
from reportgen.reproduce.bundle import BundleRequest, make_bundle
from reportgen.reproduce.unbundle import unpack
from reportgen.reproduce.wheels import collect_wheels
from reportgen.runs.view import RunView
from reportgen.runs.writer import seal
from reportgen.script.facts import ScriptFacts
from reportgen.script.requirements import read_requirements
from reportgen.script.text import reproduce_script

HERE = f"{sys.version_info.major}.{sys.version_info.minor}.0"
TRAIN = """\
import json
import pathlib

import made_up_scale

folder = pathlib.Path(__file__).parent / "runs" / "again"
folder.mkdir(parents=True)
line = {"step": 0, "time": 1.0, "metrics": {"loss": made_up_scale.SCALE}}
(folder / "metrics.jsonl").write_text(json.dumps(line) + "\\n")
(folder / "config.yaml").write_text("lr: 0.1\\n")
(folder / "run.yaml").write_text("schema: reportgen.run/1\\nstatus: finished\\n")
"""


def make_wheel(folder: Path, version: str) -> None:
    stem = f"made_up_scale-{version}"
    described = f"Metadata-Version: 2.1\nName: made-up-scale\nVersion: {version}\n"
    files = {
        "made_up_scale.py": "SCALE = 0.7\n",
        f"{stem}.dist-info/METADATA": described,
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{stem}.dist-info/RECORD"])
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        for name, text in {**files, f"{stem}.dist-info/RECORD": record}.items():
            archive.writestr(name, text)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip looks."""
    folder = tmp_path / "index"
    make_wheel(folder, "1.5+cpu")
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}.items():
        monkeypatch.setenv(name, value)
    return folder


def facts(requirements: str, python: str = HERE) -> ScriptFacts:
    return ScriptFacts(python=python, requirements=read_requirements(requirements))


@pytest.mark.parametrize("pin", ["made-up-scale==1.5+cpu", "made-up-scale==1.5"])
def test_a_build_with_a_label_is_found_by_either_name(
    index: Path, tmp_path: Path, pin: str
) -> None:
    described, parts = collect_wheels(facts(f"{pin}  # index\n"), tmp_path / "wheels", None)
    assert [part.path for part in parts] == ["wheels/made_up_scale-1.5+cpu-py3-none-any.whl"]
    assert described.count == 1
    assert HERE.startswith(described.python)


def test_without_the_label_the_plain_version_does(index: Path, tmp_path: Path) -> None:
    make_wheel(index, "2.0")
    _, parts = collect_wheels(facts("made-up-scale==2.0+cu130\n"), tmp_path / "wheels", None)
    assert [part.path for part in parts] == ["wheels/made_up_scale-2.0-py3-none-any.whl"]


def test_what_builds_the_project_comes_too(index: Path, tmp_path: Path) -> None:
    build = b'[build-system]\nrequires = ["made-up-scale>=1"]\nbuild-backend = "x"\n'
    _, parts = collect_wheels(facts("mine==1.0  # this repository\n"), tmp_path / "wheels", build)
    assert len(parts) == 1


def test_a_package_that_is_nowhere_is_named(index: Path, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="made-up-scale==9"):
        collect_wheels(facts("made-up-scale==9\n"), tmp_path / "wheels", None)


def test_another_python_and_what_could_execute_are_refused(index: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"the run had Python 3\.2"):
        collect_wheels(facts("", python="3.2.1"), tmp_path / "wheels", None)
    with pytest.raises(UsageError, match="no installer is given -e"):
        collect_wheels(facts("-e git+https://example.org/x\n"), tmp_path / "wheels", None)
    assert not (tmp_path / "wheels").exists()


@pytest.mark.slow
def test_a_bundle_with_wheels_needs_nothing_else(
    index: Path, project: Project, tmp_path: Path
) -> None:
    """A fresh environment, no index, no repository: the numbers come out."""
    project.write("train.py", TRAIN)
    project.commit()
    folder = project.top / "runs" / "first"
    recorded = project.capture()
    folder.mkdir(parents=True)
    shutil.copytree(project.top, tmp_path / "kept")
    documents = {
        "run.yaml": "schema: reportgen.run/1\nid: ID1\nname: first\nstatus: finished\n"
        "created: '2026-11-23T10:15:00.123Z'\n"
        "command: {argv: [train.py], cwd: ., interpreter: python3}\n",
        "git_info.yaml": f"commit: {recorded.git.commit}\ntree: {recorded.git.tree}\n",
        "environment.yaml": f"python: {{version: '{HERE}'}}\n",
        "config.yaml": "lr: 0.1\n",
        "requirements.txt": "made-up-scale==1.5+cpu  # index\n",
        "metrics.jsonl": '{"step": 0, "time": 1.0, "metrics": {"loss": 0.7}}\n',
    }
    for name, text in documents.items():
        (folder / name).write_text(text)
    (folder / "reproduce.sh").write_text(reproduce_script(RunView(folder)))
    seal(folder)
    made = make_bundle(
        RunView(folder), tmp_path / "b.tar.gz", BundleRequest(code=True, wheels=True)
    )
    shutil.rmtree(project.top)
    shutil.rmtree(index)
    out, _ = unpack(made.target, tmp_path / "out")
    quiet = {"PIP_FIND_LINKS": "", "PIP_NO_INDEX": ""}
    environment = {**os.environ, "PIP_INDEX_URL": "https://example.invalid/simple", **quiet}
    environment.pop("REPORTGEN_PYTHON", None)
    done = subprocess.run(
        ["sh", str(out / "run" / "reproduce.sh"), str(tmp_path / "again")],
        env={name: value for name, value in environment.items() if value},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "identical: 1 metrics, 1 values" in done.stdout
