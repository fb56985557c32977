"""The steps that reproduce.sh takes in Python, against the package's own rules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.fs.hashing import sha256_folder
from reportgen.script import steps


def test_a_folder_has_the_fingerprint_of_the_standard(tmp_path: Path) -> None:
    for name in ("b.csv", "a/z.csv", "a.csv", "ä.csv", os.fsdecode(b"\xff.csv")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name.encode("utf-8", "replace").decode())
    assert steps.fingerprint(tmp_path) == sha256_folder(tmp_path)[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as reproduce.sh makes it, with what the run recorded."""
    place = tmp_path / "new"
    place.mkdir()
    place.joinpath("steps.py").write_bytes(Path(steps.__file__).read_bytes())
    return place


def test_runs_and_what_was_left_out_are_no_code(folder: Path) -> None:
    folder.joinpath("recorded.json").write_text(json.dumps({"left_out": ["data/big.bin"]}))
    runs = [
        "runs/models.yaml",
        "runs/p/g/sweep.yaml",
        "runs/p/g/one/run.yaml",
        "runs/p/g/one/checkpoints/a.pt",
        "data/big.bin",
    ]
    code = ["run.yaml", "src/sweep.yaml", "runs/notes.md", "runs/p/g/one.py", "data/small.bin"]
    listed = b"".join(os.fsencode(path) + b"\0" for path in [*code, *runs])
    result = subprocess.run(
        [sys.executable, "-I", folder / "steps.py", "reduce"],
        input=listed,
        capture_output=True,
        check=True,
    )
    assert sorted(result.stdout.decode().rstrip("\0").split("\0")) == sorted(runs)


def test_the_plan_shows_no_control_characters(folder: Path) -> None:
    facts = {
        "argv": ["train.py", "a\x1b[2Jb\n::error::x\u202e"],
        "cwd": ".",
        "seeds": {"torch": 7, "state_sha256": {"torch": "0" * 64}},
        "notes": ["a\rb"],
    }
    folder.joinpath("recorded.json").write_text(json.dumps(facts))
    result = subprocess.run(
        [sys.executable, "-I", folder / "steps.py", "plan"], capture_output=True, check=True
    )
    lines = result.stderr.decode().splitlines()
    assert [line.split()[0] for line in lines] == ["command", "in", "seeds", "note"]
    assert all(line.isprintable() for line in lines)
