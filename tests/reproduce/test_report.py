"""What people read of an attempt."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from reproduce.projects import plan_of

from reportgen.reproduce.attempt import Attempt, judged
from reportgen.reproduce.report import report_lines, write_plot
from reportgen.reproduce.verdict import Calibration
from reportgen.runs.view import RunView


@pytest.fixture
def apart(recorded: RunView, tmp_path: Path) -> Attempt:
    """A rerun with another learning rate, from whose third step on the loss is another."""
    folder = tmp_path / "other"
    shutil.copytree(recorded.folder, folder)
    metrics, config = folder / "metrics.jsonl", folder / "config.yaml"
    lines = metrics.read_bytes().split(b"\n")
    lines[3:] = [line.replace(b'"train/loss":', b'"train/loss":1') for line in lines[3:]]
    metrics.write_bytes(b"\n".join(lines))
    config.write_text(config.read_text().replace("0.05", "0.0501"))
    return judged(plan_of(recorded, steps=20), RunView(folder))


def test_a_divergence_is_shown_with_its_causes(apart: Attempt) -> None:
    lines = report_lines(apart)
    text = "\n".join(lines)
    assert lines[0].startswith("metric (last step compared)  recorded")
    assert "train/loss leaves the band at step 3" in text
    assert "o recorded, x replayed, * both" in text
    assert "config: lr was 0.05, now 0.0501" in text
    assert lines[-1].startswith("same run?        diverges: over 20 steps, 2 metrics, 22 values")


def test_what_a_second_replay_showed_is_said(apart: Attempt) -> None:
    apart.calibration = Calibration(2, 1e-4)
    assert any(
        "two replays differ by 0.0001 at most, so the band" in s for s in report_lines(apart)
    )
    apart.calibration = Calibration(2, 0.0, ("val/loss",))
    assert any("have not the same steps of val/loss" in line for line in report_lines(apart))


def test_a_plot_only_where_something_diverges(apart: Attempt, tmp_path: Path) -> None:
    place = tmp_path / "plot.svg"
    assert write_plot(apart, place) == place
    assert "apart from step 3 on" in place.read_text()
    same = judged(apart.plan, apart.plan.view)
    assert write_plot(same, tmp_path / "none.svg") is None
    assert not (tmp_path / "none.svg").exists()


def test_what_could_not_be_run_is_one_line(apart: Attempt) -> None:
    failed = Attempt(apart.plan, apart.folder, reason="git is not installed", notes=["a"])
    assert report_lines(failed) == ["cannot-run: git is not installed", "note: a"]
