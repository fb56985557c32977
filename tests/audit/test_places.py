"""Runs by the path that other tools know them by."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.audit.change import Base
from reportgen.audit.places import place_of
from reportgen.testing import make_repository


def test_a_run_is_named_from_the_top_of_its_repository(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    (lab / "runs" / "a").mkdir(parents=True)
    (tmp_path / "link").symlink_to(lab / "runs")
    assert place_of(lab / "runs" / "a") == "runs/a"
    assert place_of(tmp_path / "link" / "a") == "runs/a"
    assert place_of(lab) == "."


def test_outside_of_one_it_is_named_from_here_or_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "runs" / "a").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert place_of(Path("runs/a")) == "runs/a"
    monkeypatch.chdir(tmp_path / "here" / "runs" / "a")
    assert place_of(tmp_path / "here" / "runs") == "runs"


@pytest.mark.parametrize(
    ("base", "label"),
    [
        (Base(revision="main", commit="0123456789" * 4), "main (012345678)"),
        (Base(revision="0123456789", commit="0123456789" * 4), "0123456789"),
        (Base(report="base.json"), "base.json"),
    ],
)
def test_a_base_in_a_few_words(base: Base, label: str) -> None:
    assert base.label == label
