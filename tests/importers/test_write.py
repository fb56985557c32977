"""Imported runs as run folders: complete, sealed, honest, and written once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.importers.interface import (
    Distribution,
    ImportedRun,
    Picture,
    Points,
    SourceFile,
    Text,
)
from reportgen.importers.write import run_id, write_run
from reportgen.runs import layout
from reportgen.runs.histogram_log import Histogram, read_histograms
from reportgen.runs.schema import LeftOut
from reportgen.runs.seal import check_run
from reportgen.runs.view import RunView

PNG = b"\x89PNG\r\n\x1a\n"


def points(*values: float) -> Points:
    count = len(values)
    return Points(
        ["val/accuracy"],
        np.zeros(count, dtype=np.int32),
        np.arange(count, dtype=np.int64),
        1.76e9 + np.arange(count, dtype=np.float64),
        np.array(values, dtype=np.float64),
    )


def imported(**changes: Any) -> ImportedRun:
    facts: dict[str, Any] = {
        "kind": "tensorboard",
        "source": "exp/r",
        "identity": "exp/r\nfirst",
        "name": "r",
        "group": "exp",
        "points": points(0.5, 0.9, 0.7),
        "files": [SourceFile("exp/r/f", 10, "a" * 64, "2026-01-01T00:00:00.000Z")],
        "created": 1.76e9,
        "seconds": 2.0,
        **changes,
    }
    return ImportedRun(**facts)


def write(root: Path, **changes: Any) -> tuple[RunView, str]:
    written = write_run(imported(**changes), root, "TensorBoard")
    return RunView(written.folder).load(), written.state


def test_a_whole_run(tmp_path: Path) -> None:
    histogram = Histogram(low=0.0, high=1.0, counts=[1, 2], count=3)
    view, state = write(
        tmp_path,
        config={"lr": 0.1, "api_key": "sk-abcdefghijklmnopqrstuvwxyz012345"},
        typed=False,
        texts=[Text("note", 3, 1.76e9, "some\ntext")],
        pictures=[Picture("a/b", 1, PNG, ".png"), Picture("a/b", 1, PNG, ".png")],
        distributions=[Distribution("w", 2, 1.76e9, histogram)],
        left_out=[LeftOut(what="2 graphs", where="exp/r", rule="not imported")],
    )
    assert state == "new"
    assert view.folder == tmp_path / "exp" / "r"
    assert [p for p in view.problems if p.severity != "info"] == []
    assert (view.name, view.group, view.state) == ("r", "exp", "ended without closing")
    assert view.run.created == "2025-10-09T08:53:20.000Z"
    assert view.config is not None
    assert view.config["lr"] == 0.1
    assert "abcdefgh" not in (view.folder / "config.yaml").read_text()
    assert view.run.redacted == 1
    assert view.series["val/accuracy"].settled() == [(0, 0.5), (1, 0.9), (2, 0.7)]
    assert view.recorded_summary == view.summary
    assert [one.rule for one in view.run.left_out] == ["not imported", "type"]
    assert "note (step 3): some\ntext\n" in (view.text(layout.TRAINING_LOG) or "")
    assert view.below(layout.FIGURES) == ["figures/a-b-2_step_1.png", "figures/a-b_step_1.png"]
    pieces = [view.bytes(layout.HISTOGRAMS) or b""]
    assert read_histograms(pieces).series["w"] == [(2, histogram)]
    assert check_run(view.folder).differences == []


def test_what_the_tool_does_not_record_is_said(tmp_path: Path) -> None:
    view, _ = write(tmp_path)
    assert view.git is not None
    assert view.git.not_available["commit"] == "not recorded by TensorBoard"
    assert view.environment is not None
    assert set(view.environment.not_available) > {"python", "packages", "seeds", "hardware"}
    assert view.environment.compute is not None
    assert view.environment.compute.wall_seconds == 2.0
    assert view.data is not None
    assert set(view.data.not_available) == {"inputs", "splits"}
    assert view.config is None
    assert view.run.exit_code is None


def test_the_files_it_was_made_of_are_recorded(tmp_path: Path) -> None:
    view, _ = write(tmp_path)
    record = view.raw(layout.IMPORT)
    assert record["kind"] == "tensorboard"
    assert record["files"] == [
        {
            "path": "exp/r/f",
            "bytes": 10,
            "sha256": "a" * 64,
            "modified": "2026-01-01T00:00:00.000Z",
        }
    ]


def test_twice_is_once(tmp_path: Path) -> None:
    view, _ = write(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    again, state = write(tmp_path)
    assert state == "unchanged"
    assert again.id == view.id
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_what_grew_is_written_anew_and_labels_stay(tmp_path: Path) -> None:
    view, _ = write(tmp_path)
    (view.folder / layout.LABELS).write_text("notes: mine\n")
    (view.folder / layout.REPRODUCTIONS).mkdir()
    (view.folder / layout.REPRODUCTIONS / "x.yaml").write_text("a: 1\n")
    more = [SourceFile("exp/r/f", 12, "b" * 64, None)]
    again, state = write(tmp_path, points=points(0.5, 0.9, 0.7, 0.8), files=more)
    assert state == "updated"
    assert (again.id, again.notes) == (view.id, "mine")
    assert len(again.series["val/accuracy"]) == 4
    assert (again.folder / layout.REPRODUCTIONS / "x.yaml").is_file()
    assert [path.name for path in again.folder.parent.iterdir()] == ["r"]


def test_another_run_of_the_same_name_gets_a_number(tmp_path: Path) -> None:
    first, _ = write(tmp_path)
    second, state = write(tmp_path, identity="exp/r\nother")
    assert state == "new"
    assert second.folder.name == "r-2"
    assert first.id != second.id
    assert write(tmp_path, identity="exp/r\nother")[1] == "unchanged"


@pytest.mark.parametrize("name", ["../../out", "/abs", "a\0b", "CON", "..", "", "x" * 400])
def test_names_stay_in_the_root(tmp_path: Path, name: str) -> None:
    root = tmp_path / "runs"
    view, _ = write(root, name=name, group=name, project=name)
    assert view.folder.resolve().is_relative_to(root.resolve())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs"]


@pytest.mark.parametrize("created", [None, float("nan"), -5.0, 1e300])
def test_a_start_that_is_no_time(tmp_path: Path, created: float | None) -> None:
    view, _ = write(tmp_path, created=created)
    assert view.run.created == "2026-01-01T00:00:00.000Z"
    assert view.run.left_out[-1].rule == "not recorded"
    assert len(run_id(imported(created=created))) == 16


def test_steps_below_zero_have_no_place(tmp_path: Path) -> None:
    odd = points(0.5, 0.9, 0.7)
    odd.steps[1] = -1
    view, _ = write(tmp_path, points=odd)
    assert view.series["val/accuracy"].settled() == [(0, 0.5), (2, 0.7)]
    assert view.run.left_out[0].what == "1 points at steps below 0"
    assert [p for p in view.problems if p.severity == "error"] == []


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view, _ = write(tmp_path)
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("reportgen.importers.write.seal", full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path, files=[SourceFile("exp/r/f", 12, "b" * 64, None)])
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before
    shutil.rmtree(view.folder)
