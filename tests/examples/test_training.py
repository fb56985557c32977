"""The training script, its data, and what makes the runs of it."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from reportgen.runs.discovery import find_runs
from reportgen.runs.view import RunView


def python(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    top = folder.parent
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(top), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_the_data_are_those_of_scikit_learn(examples: Path) -> None:
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    with (examples / "data" / "digits.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["id"]) for row in rows] == list(range(len(digits.target)))
    assert [int(row["label"]) for row in rows] == digits.target.tolist()
    pixels = [[int(row[f"p{pixel}"]) for pixel in range(64)] for row in rows]
    assert pixels == digits.data.tolist()


def test_the_turned_digits_are_those_that_dvc_names(examples: Path, tmp_path: Path) -> None:
    folder = tmp_path / "examples"
    left_out = shutil.ignore_patterns("runs", "__pycache__", "digits_turned.csv")
    shutil.copytree(examples, folder, ignore=left_out)
    made = python(folder, "make_digits.py", "--turned")
    assert made.returncode == 0, made.stderr
    content = (folder / "data" / "digits_turned.csv").read_bytes()
    (named,) = yaml.safe_load((folder / "data" / "digits_turned.csv.dvc").read_text())["outs"]
    assert hashlib.md5(content, usedforsecurity=False).hexdigest() == named["md5"]
    rows = [[int(cell) for cell in line.split(b",")] for line in content.splitlines()[1:]]
    straight = (folder / "data" / "digits.csv").read_text().splitlines()[1:]
    upright = [[int(cell) for cell in line.split(",")] for line in straight]
    assert [row[:2] for row in rows] == [row[:2] for row in upright]
    top_right, top_left = 2 + 7, 2
    assert [row[top_left] for row in rows] == [row[top_right] for row in upright]
    assert [sorted(row) for row in rows] == [sorted(row) for row in upright]
    assert rows != upright


@pytest.mark.slow
def test_a_training_is_logged_and_goes_on_from_its_checkpoint(
    repository: Path, tmp_path: Path
) -> None:
    shutil.copytree(repository / "reportgen", tmp_path / "reportgen")
    folder = tmp_path / "example_runs"
    left_out = shutil.ignore_patterns("runs", "__pycache__")
    shutil.copytree(repository / "example_runs", folder, ignore=left_out)
    first = python(folder, "train.py", "--config", "configs/mlp.yaml", "--epochs", "2")
    assert first.returncode == 0, first.stderr
    (reference,) = find_runs([folder / "runs"]).runs
    view = RunView(reference.path)
    assert view.state == "finished"
    assert view.headline_metric == "val/accuracy"
    accuracies = view.series["val/accuracy"]
    assert len(accuracies) == 2
    assert accuracies.values[-1] > 0.5

    (checkpoint,) = reference.path.glob("checkpoints/checkpoint_epoch_1.pt")
    words = ("--config", "configs/mlp.yaml", "--epochs", "3")
    again = python(folder, "train.py", *words, "--resume", str(checkpoint))
    assert again.returncode == 0, again.stderr
    assert "training.epochs 2 -> 3" in again.stderr
    (only,) = find_runs([folder / "runs"]).runs
    later = RunView(only.path)
    assert (later.run.attempt, later.run.status) == (2, "finished")
    assert later.run.resumed_from == "checkpoints/checkpoint_epoch_1.pt"
    steps = later.series["train/loss"].steps
    assert list(steps) == list(range(3 * len(view.series["train/loss"]) // 2))
    assert list(later.series["val/accuracy"].attempts) == [1, 1, 2]
    assert later.series["val/accuracy"].values[-1] > 0.5


def test_examples_are_not_made_of_what_is_not_committed(clone: Path) -> None:
    module = clone / "example_runs" / "forgotten.py"
    module.write_text("")
    result = python(clone / "example_runs", "make_examples.py")
    assert result.returncode == 1
    assert "Commit these changes first" in result.stderr
    assert "example_runs/forgotten.py" in result.stderr
    module.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("group", ["golden", "uncommitted"])
def test_a_run_gives_the_same_digits_again(
    runs: Path, clone: Path, tmp_path: Path, group: str
) -> None:
    """reproduce.sh from a fresh clone, with the packages of the tests."""
    recorded = sorted(runs.joinpath(group).iterdir())[0]
    script = clone / "example_runs" / "runs" / "digits" / group / recorded.name / "reproduce.sh"
    result = subprocess.run(
        ["bash", str(script), str(tmp_path / "replayed")],
        env={**os.environ, "REPORTGEN_PYTHON": sys.executable},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    view = RunView(recorded)
    values = sum(map(len, view.series.values()))
    assert f"identical: {len(view.series)} metrics, {values} values" in result.stdout
    assert view.git is not None
    assert f"tree      {view.git.tree}, as recorded" in result.stderr
    assert not subprocess.check_output(["git", "status", "--porcelain"], cwd=clone)
