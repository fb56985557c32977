"""A program that was installed is named by its distribution; a plain script is not."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ASK = (
    "import json\n"
    "from reportgen.capture.packaged import packaged_program\n"
    "from reportgen.runs.schema import to_plain\n"
    "found = packaged_program()\n"
    "print(json.dumps(found and to_plain(found)))\n"
)


def run(*command: str, cwd: Path) -> object:
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_plain_script_belongs_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(ASK)
    assert run("train.py", cwd=tmp_path) is None
    assert run("-m", "train", cwd=tmp_path) is None
    assert run("-c", ASK, cwd=tmp_path) is None


def test_a_module_of_an_installed_package_belongs_to_it(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    (site / "trainer").mkdir(parents=True)
    (site / "trainer/__init__.py").write_text("")
    (site / "trainer/go.py").write_text(ASK)
    info = site / "the_trainer-2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: the-trainer\nVersion: 2.1\n")
    record = "trainer/__init__.py,,\ntrainer/go.py,,\n"
    (info / "RECORD").write_text(record)
    runner = (
        f"import runpy, sys; sys.path.insert(0, {str(site)!r});"
        "runpy.run_module('trainer.go', run_name='__main__', alter_sys=True)"
    )
    assert run("-c", runner, cwd=tmp_path) == {
        "distribution": "the-trainer",
        "version": "2.1",
        "record_sha256": hashlib.sha256(record.encode()).hexdigest(),
    }


@pytest.mark.parametrize("launcher", ["pytest", "reportgen"])
def test_launchers_are_not_what_was_run(launcher: str) -> None:
    from reportgen.capture import packaged

    name = {"pytest": "pytest", "reportgen": "reportgen-runs"}[launcher]
    assert metadata.version(name)
    assert name in packaged._LAUNCHERS
    assert packaged.packaged_program() is None
