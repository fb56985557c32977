"""The steps that reproduce.sh takes in Python, against the package's own rules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reportgen.capture.shadow import open_shadow
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


RUN = "schema: reportgen.run/1\n"
FOLDERS = st.lists(st.sampled_from(["runs", "a", "b"]), max_size=3).map("/".join)
NAMES = st.sampled_from(["run.yaml", "run.yaml", "sweep.yaml", "models.yaml", "code.py"])
FILES = st.dictionaries(
    st.tuples(FOLDERS, NAMES).map(lambda parts: "/".join(parts).lstrip("/")),
    st.sampled_from([RUN, RUN, "x: 1\n"]),
    min_size=3,
    max_size=12,
)


@settings(max_examples=20, deadline=None)
@given(FILES)
@example(
    {
        f"{folder}{name}": text
        for folder in ("", "runs/", "runs/a/", "runs/a/b/")
        for name, text in (("sweep.yaml", "x: 1\n"), ("models.yaml", "x: 1\n"), ("code.py", ""))
    }
    | {"runs/a/b/run.yaml": RUN, "other/run.yaml": "x: 1\n", "run.yaml": RUN}
)
def test_what_is_no_code_is_what_capture_leaves_out(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]
) -> None:
    tree = tmp_path_factory.mktemp("tree")
    for path, text in files.items():
        place = tree / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    git(tree, "init", "-q")
    git(tree, "add", ".")
    whole = git(tree, "write-tree")
    out = reduced(tree, list(files), left_out=[])
    if out:
        git(tree, "update-index", "--force-remove", "--", *out)
    with open_shadow(tree) as shadow:
        assert git(tree, "write-tree") == shadow.without_runs(whole)


def git(folder: Path, *words: str) -> str:
    command = ["git", *words]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return result.stdout.strip()


def reduced(tree: Path, paths: list[str], left_out: list[str]) -> list[str]:
    place = tree.parent / f"{tree.name}-steps"
    place.mkdir()
    place.joinpath("steps.py").write_bytes(Path(steps.__file__).read_bytes())
    place.joinpath("recorded.json").write_text(json.dumps({"left_out": left_out}))
    result = subprocess.run(
        [sys.executable, "-I", place / "steps.py", "reduce", tree],
        input=b"".join(os.fsencode(path) + b"\0" for path in paths),
        capture_output=True,
        check=True,
    )
    return [path for path in result.stdout.decode().split("\0") if path]


def test_what_was_left_out_of_the_record_is_left_out_of_the_tree(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    paths = ["data/big.bin", "a.py", "nested/b.py", "nested.py"]
    assert reduced(tree, paths, ["data/big.bin", "nested"]) == ["data/big.bin", "nested/b.py"]


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
