"""Which run is meant, and what is said when none is."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import NotFoundError, UsageError
from reportgen.logger.resume_target import resume_target


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number, place in enumerate(("p/g/first", "p/g/second", "p/h/second")):
        folder = tmp_path / "runs" / place
        (folder / "checkpoints").mkdir(parents=True)
        (folder / "run.yaml").write_text(
            f"schema: reportgen.run/1\nid: 01J{number}\nname: {folder.name}\nstatus: finished\n"
            "created: '2026-01-01T00:00:00.000Z'\n"
        )
        (folder / "checkpoints" / "checkpoint_epoch_3.pt").write_bytes(b"x")
    return tmp_path / "runs"


@pytest.mark.parametrize(
    "text", ["01J0", "first", "p/g/first", "runs/p/g/first", "{root}/p/g/first"]
)
def test_a_run_by_id_name_and_path(root: Path, text: str) -> None:
    target = resume_target(text.format(root=root), cwd=root.parent, root=root)
    assert target is not None
    assert (target.folder, target.id, target.checkpoint) == (root / "p/g/first", "01J0", None)


@pytest.mark.parametrize("above", ["", "runs/", "{root}/"])
def test_a_checkpoint(root: Path, above: str) -> None:
    text = above.format(root=root) + "p/h/second/checkpoints/checkpoint_epoch_3.pt"
    target = resume_target(Path(text), cwd=root.parent, root=root)
    assert target is not None
    assert (target.id, target.checkpoint) == ("01J2", "checkpoints/checkpoint_epoch_3.pt")


def test_nothing(root: Path) -> None:
    assert resume_target(None, cwd=root, root=root) is None


def test_a_run_that_does_not_exist(root: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no run 'frist'.*Did you mean first"):
        resume_target("frist", cwd=root, root=root)
    with pytest.raises(NotFoundError, match="no run 'x'"):
        resume_target("x", cwd=root / "nowhere", root=root / "nowhere")


def test_a_name_of_two_runs(root: Path) -> None:
    with pytest.raises(UsageError, match="2 runs are called 'second'"):
        resume_target("second", cwd=root, root=root)


def test_a_checkpoint_that_does_not_exist(root: Path) -> None:
    text = root / "p/g/first/checkpoints/checkpoint_epoch_4.pt"
    with pytest.raises(NotFoundError, match=r"Did you mean checkpoint_epoch_3\.pt"):
        resume_target(text, cwd=root, root=root)
    (root / "p/g/first/checkpoints/checkpoint_epoch_3.pt").unlink()
    with pytest.raises(NotFoundError, match="Name the run"):
        resume_target(text, cwd=root, root=root)


def test_a_file_that_is_no_checkpoint_of_a_run(root: Path) -> None:
    (root / "weights.pt").write_bytes(b"x")
    for text in ("weights.pt", "p/g/first/run.yaml"):
        with pytest.raises(UsageError, match=r"is no file in checkpoints/ of a run folder"):
            resume_target(text, cwd=root, root=root)


def test_a_plain_tracker_folder(root: Path) -> None:
    folder = root / "plain"
    folder.mkdir()
    (folder / "config.yaml").write_text("lr: 1\n")
    (folder / "training.log").write_text("")
    with pytest.raises(UsageError, match="ResumableExperimentTracker"):
        resume_target(folder, cwd=root, root=root)


@pytest.mark.parametrize("wrong", ["", 3, True, object()])
def test_what_is_no_run_at_all(root: Path, wrong: object) -> None:
    with pytest.raises(UsageError, match="expected a run folder, an id"):
        resume_target(wrong, cwd=root, root=root)
