"""`reportgen verify`: bundles, runs and folders of runs, by real processes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import NotFoundError
from reportgen.reproduce.bundle import BundleRequest, make_bundle
from reportgen.reproduce.unbundle import unpack
from reportgen.reproduce.verify import verify
from reportgen.runs.view import RunView


def command(*words: object) -> tuple[int, dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, "-m", "reportgen", "verify", "--json", *map(str, words)],
        capture_output=True,
        text=True,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


@pytest.fixture
def handed(recorded: RunView, tmp_path: Path) -> Path:
    """A bundle of a run, packed and unpacked: ``b.zip`` and ``out``."""
    made = make_bundle(recorded, tmp_path / "b.zip", BundleRequest(code=True))
    unpack(made.target, tmp_path / "out")
    return tmp_path


def test_all_forms_of_a_run_are_as_they_were(recorded: RunView, handed: Path) -> None:
    status, result, _ = command(recorded.folder, handed / "b.zip", handed / "out")
    assert status == 0
    assert result["schema"] == "reportgen.verify/1"
    assert result["passed"] is True
    assert [one["kind"] for one in result["verified"]] == ["run", "bundle", "bundle"]
    assert result["verified"][1]["files"] == result["verified"][2]["files"] > 20


def test_a_byte_and_a_file_of_an_unpacked_bundle_are_named(handed: Path) -> None:
    metrics = handed / "out" / "run" / "metrics.jsonl"
    metrics.write_bytes(metrics.read_bytes()[:-1] + b" ")
    (handed / "out" / "README.md").unlink()
    (handed / "out" / "extra").write_text("x")
    (handed / "out" / "run" / "extra").write_text("x")
    status, result, _ = command(handed / "out")
    assert status == 1
    found = {(one["path"], one["fault"]) for one in result["verified"][0]["differences"]}
    assert found == {
        ("run/metrics.jsonl", "changed"),
        ("README.md", "missing"),
        ("extra", "unlisted"),
        ("run/extra", "unlisted"),
    }


def test_what_a_run_takes_on_later_is_no_difference(handed: Path) -> None:
    run = handed / "out" / "run"
    (run / "labels.yaml").write_text("notes: seen\n")
    (run / "reproductions").mkdir()
    (run / "reproductions" / "one.yaml").write_text("x: 1\n")
    assert command(handed / "out")[0] == 0
    (run / "reproductions" / "one.txt").symlink_to("one.yaml")
    assert [one.passed for one in verify(handed / "out")] == [True]


def test_an_archive_that_was_changed_is_no_bundle_any_more(handed: Path) -> None:
    data = bytearray((handed / "b.zip").read_bytes())
    data[len(data) // 2] ^= 1
    (handed / "b.zip").write_bytes(data)
    status, _, said = command(handed / "b.zip")
    assert status in (1, 2)
    assert "b.zip" in said


def test_a_run_of_many_that_differs_is_named(recorded: RunView, tmp_path: Path) -> None:
    roots = tmp_path / "roots"
    for name in ("a", "b"):
        shutil.copytree(recorded.folder, roots / name)
    (roots / "b" / "config.yaml").write_text("lr: 9\n")
    status, result, _ = command(roots)
    assert status == 1
    assert [one["passed"] for one in result["verified"]] == [True, False]
    done = subprocess.run(
        [sys.executable, "-m", "reportgen", "verify", str(roots)], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "config.yaml: changed" in done.stderr
    assert done.stdout.splitlines()[2].startswith("differs\trun\t")


def test_runs_that_never_ended_are_told_apart(recorded: RunView, tmp_path: Path) -> None:
    roots = tmp_path / "roots"
    for name in ("a", "b"):
        shutil.copytree(recorded.folder, roots / name)
    (roots / "b" / "manifest.json").unlink()
    assert command(roots)[0] == 3
    status, _, said = command(roots / "b")
    assert status == 2
    assert "no manifest.json" in said
    with pytest.raises(NotFoundError, match="nothing to verify"):
        verify(tmp_path.parent.joinpath(tmp_path.name, "roots", "a", "captured"))
    assert command(tmp_path / "gone")[0] == 2


@pytest.mark.parametrize("text", ["{", '{"files": [{"path": "../x"}]}', "[]"])
def test_a_seal_that_is_none_is_refused(recorded: RunView, text: str) -> None:
    (recorded.folder / "manifest.json").write_text(text)
    status, _, said = command(recorded.folder)
    assert status == 2
    assert "manifest.json" in said
