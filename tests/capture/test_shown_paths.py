"""Recorded paths name neither a user nor where the repository lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.capture.shown_paths import is_below, recorded_path, without_home


def test_the_repository_comes_first_then_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    top = home / "code"
    (top / "data").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(top)
    assert recorded_path("data/a.csv", top) == "data/a.csv"
    assert recorded_path(top / "data/a.csv", top) == "data/a.csv"
    assert recorded_path(top, top) == "."
    assert recorded_path("../other/a.csv", top) == "~/other/a.csv"
    assert recorded_path("data/a.csv", None) == "~/code/data/a.csv"
    assert recorded_path("/mnt/a.csv", top) == "/mnt/a.csv"
    assert without_home(str(home)) == "~"


def test_a_repository_reached_by_a_link_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "real/data").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    assert recorded_path(tmp_path / "link/data/a", tmp_path / "real") == "data/a"
    assert recorded_path(tmp_path / "real/data/a", tmp_path / "link") == "data/a"
    (tmp_path / "real/out").symlink_to("/usr")
    assert recorded_path(tmp_path / "real/out/a", tmp_path / "real") == "out/a"


@pytest.mark.parametrize("home", ["", "/"])
def test_a_home_that_is_everything_is_none(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", home)
    assert without_home("/mnt/a") == "/mnt/a"


def test_a_neighbour_of_the_same_beginning_is_not_below() -> None:
    assert is_below("/a/b", "/a")
    assert is_below("/a", "/a")
    assert not is_below("/ab", "/a")
