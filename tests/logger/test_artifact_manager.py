"""Checkpoints and figures of an experiment in a folder of its own, bounded in number."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib.figure import Figure

from reportgen.errors import UsageError
from reportgen.logger.artifact_manager import ArtifactManager


def checkpoint(epoch: int) -> dict[str, Any]:
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters())
    return {
        "epoch": epoch,
        "global_step": 10 * epoch,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
    }


def names(manager: ArtifactManager) -> list[str]:
    return sorted(path.name for path in manager.checkpoints_dir.glob("*.pt"))


def test_the_usage_that_scripts_have(tmp_path: Path) -> None:
    artifacts = ArtifactManager(str(tmp_path / "experiments" / "a"))
    for folder in ("checkpoints", "figures", "logs"):
        assert (tmp_path / "experiments" / "a" / folder).is_dir()
        assert getattr(artifacts, f"{folder}_dir") == artifacts.exp_dir / folder
    saved = checkpoint(3)
    path = artifacts.save_checkpoint(saved, "checkpoint_epoch_3")
    assert path == artifacts.checkpoints_dir / "checkpoint_epoch_3.pt"
    loaded = torch.load(path, weights_only=True)
    assert loaded.keys() == saved.keys()
    assert torch.equal(loaded["model_state_dict"]["weight"], saved["model_state_dict"]["weight"])
    figure = Figure()
    figure.subplots().plot([1, 2])
    assert artifacts.save_figure(figure, "training_curve") == (
        artifacts.figures_dir / "training_curve.png"
    )
    assert artifacts.save_figure(figure, "training_curve", step=7) == (
        artifacts.figures_dir / "training_curve_step_7.png"
    )
    (artifacts.logs_dir / "run.log").write_bytes(b"x" * 1024 * 1024)
    summary = artifacts.get_artifact_summary()
    assert (summary["num_checkpoints"], summary["num_figures"]) == (1, 2)
    size = sum(p.stat().st_size for p in artifacts.exp_dir.rglob("*") if p.is_file())
    assert summary["total_size_mb"] == pytest.approx(size / 1024**2)
    assert summary["total_size_mb"] > 1


def test_the_newest_five_are_kept_and_the_best_always(tmp_path: Path) -> None:
    artifacts = ArtifactManager(tmp_path)
    for epoch in range(9):
        name = f"checkpoint_epoch_{epoch}" + ("_best" if epoch == 1 else "")
        path = artifacts.save_checkpoint(checkpoint(epoch), name)
        assert path is not None
        os.utime(path, ns=(epoch * 10**9, epoch * 10**9))
    artifacts.save_checkpoint(checkpoint(99), "best_model")
    artifacts.save_checkpoint(checkpoint(99), "manual")
    assert names(artifacts) == [
        "best_model.pt",
        "checkpoint_epoch_1_best.pt",
        *(f"checkpoint_epoch_{epoch}.pt" for epoch in (4, 5, 6, 7, 8)),
        "manual.pt",
    ]
    described = sorted(path.stem for path in artifacts.checkpoints_dir.glob("*.json"))
    assert described == sorted(name.removesuffix(".pt") for name in names(artifacts))


def test_another_number_is_kept(tmp_path: Path) -> None:
    artifacts = ArtifactManager(tmp_path, keep_n=2)
    for epoch in range(4):
        artifacts.save_checkpoint(checkpoint(epoch), f"checkpoint_epoch_{epoch}")
    assert len(names(artifacts)) == 2
    for wrong in (0, -1, 1.5, "5", True):
        with pytest.raises(UsageError):
            ArtifactManager(tmp_path, keep_n=wrong)  # type: ignore[arg-type]


def test_a_checkpoint_is_described_without_being_loaded(tmp_path: Path) -> None:
    path = ArtifactManager(tmp_path).save_checkpoint(checkpoint(3), "checkpoint_epoch_3")
    assert path is not None
    described = json.loads(path.with_suffix(".json").read_text())
    assert (described["epoch"], described["step"], described["tensors"]) == (3, 30, 2)
    assert described["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert described["bytes"] == path.stat().st_size


def test_anything_with_a_state_and_bytes(tmp_path: Path) -> None:
    artifacts = ArtifactManager(tmp_path)
    path = artifacts.save_checkpoint(torch.nn.Linear(1, 1), "model")
    assert path is not None
    assert torch.load(path, weights_only=True).keys() == {"model_state_dict"}
    assert artifacts.save_checkpoint(b"abc", "raw") == artifacts.checkpoints_dir / "raw.bin"


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: Any) -> None:
    artifacts = ArtifactManager(tmp_path)
    with pytest.raises(UsageError):
        artifacts.save_checkpoint({}, name)
    with pytest.raises(UsageError):
        artifacts.save_figure(Figure(), name)


def test_names_stay_in_their_folder(tmp_path: Path) -> None:
    artifacts = ArtifactManager(tmp_path / "a")
    path = artifacts.save_checkpoint({"epoch": 1}, "../../outside")
    assert path is not None
    assert path.parent == artifacts.checkpoints_dir


@pytest.mark.parametrize(
    "wrong", [3, object(), {"lock": threading.Lock()}], ids=lambda v: type(v).__name__
)
def test_what_is_no_checkpoint_is_refused_and_leaves_nothing(tmp_path: Path, wrong: Any) -> None:
    artifacts = ArtifactManager(tmp_path)
    with pytest.raises(UsageError):
        artifacts.save_checkpoint(wrong, "a")
    assert list(artifacts.checkpoints_dir.iterdir()) == []


def test_what_is_no_figure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        ArtifactManager(tmp_path).save_figure(3, "a")


def test_a_disk_that_refuses_harms_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    artifacts = ArtifactManager(tmp_path)
    kept = artifacts.save_checkpoint(checkpoint(1), "checkpoint_epoch_1")
    assert kept is not None
    before = kept.read_bytes()

    def full(descriptor: int, data: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        assert artifacts.save_checkpoint(checkpoint(2), "checkpoint_epoch_1") is None
        assert artifacts.save_checkpoint({}, "checkpoint_epoch_2") is None
        figure = Figure()
        figure.subplots()
        assert artifacts.save_figure(figure, "a") is None
    assert kept.read_bytes() == before
    assert [
        path.name for path in artifacts.checkpoints_dir.iterdir() if path.suffix == ".tmp"
    ] == []
    said = [text for text in caplog.messages if "No space left" in text]
    assert len(said) == 2
