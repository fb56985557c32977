"""What is refused as an output folder, and that a failure leaves the old site."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reportgen.errors import BuildError, UnsafePathError, UsageError
from reportgen.site.output import MARKER, Staging, check_output, staged


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "one"
    folder.mkdir(parents=True)
    (folder / "run.yaml").write_text("name: one\n")
    return folder


def site(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / MARKER).write_text("{}")
    (folder / "index.html").write_text("old")
    return folder


def test_fresh_empty_and_former_folders_are_fine(tmp_path: Path, run: Path) -> None:
    (tmp_path / "empty").mkdir()
    site(tmp_path / "former")
    for name in ("fresh", "empty", "former", "runs/site"):
        check_output(tmp_path / name, [run])


def test_a_run_is_never_in_danger(tmp_path: Path, run: Path) -> None:
    for place in (run, run / "site", run.parent, tmp_path):
        with pytest.raises(UsageError, match="run one"):
            check_output(place, [run])
    assert (run / "run.yaml").is_file()


def test_a_run_reached_by_another_path_is_seen(tmp_path: Path, run: Path) -> None:
    (tmp_path / "way").symlink_to(run.parent)
    with pytest.raises(UsageError, match="run one"):
        check_output(tmp_path / "way" / "one", [run])


@pytest.mark.parametrize("place", [Path("/"), Path.home()])
def test_top_and_home_are_refused(place: Path) -> None:
    with pytest.raises(UsageError, match="replaced as a whole"):
        check_output(place, [])


def test_other_people_s_files_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="no build of ours"):
        check_output(tmp_path, [])
    with pytest.raises(UsageError, match="no folder"):
        check_output(tmp_path / "notes.txt", [])


def test_links_are_refused(tmp_path: Path) -> None:
    victim = site(tmp_path / "victim")
    (tmp_path / "link").symlink_to(victim)
    with pytest.raises(UnsafePathError, match="is a link"):
        check_output(tmp_path / "link", [])
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UnsafePathError, match="is a link"):
        check_output(tmp_path / "dangling", [])
    former = site(tmp_path / "former")
    (former / "runs").mkdir()
    (former / "runs" / "x").symlink_to(tmp_path / "victim" / "index.html")
    with pytest.raises(UnsafePathError, match="inside the output folder"):
        check_output(former, [])
    assert (victim / "index.html").read_text() == "old"


def test_a_finished_site_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    former = site(tmp_path / "out")
    (former / "gone.html").write_text("x")
    with staged(former) as staging:
        staging.put("index.html", b"new")
        staging.put("a/b.html", b"b")
        assert (former / "index.html").read_text() == "old"
    assert sorted(p.name for p in former.rglob("*")) == ["a", "b.html", "index.html"]
    assert (former / "index.html").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("error", [BuildError("x"), KeyboardInterrupt(), OSError(28, "full")])
def test_a_failure_leaves_the_old_site_and_nothing_else(
    tmp_path: Path, error: BaseException
) -> None:
    former = site(tmp_path / "out")

    def fail() -> None:
        with staged(former) as staging:
            staging.put("index.html", b"new")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert (former / "index.html").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_swap_that_fails_puts_the_old_site_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = site(tmp_path / "out")
    rename = os.rename

    def refuse(source: Path, target: Path) -> None:
        if str(source).endswith(".building"):
            raise OSError(16, "Device or resource busy")
        rename(source, target)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(BuildError, match="busy"), staged(former) as staging:
        staging.put("index.html", b"new")
    assert (former / "index.html").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_equal_files_are_linked_and_others_written(tmp_path: Path) -> None:
    former = site(tmp_path / "out")
    before = (former / "index.html").stat().st_mtime_ns
    with staged(former) as staging:
        staging.put("index.html", b"old")
        staging.put("other.html", b"old")
        staging.put(MARKER, b"{ }")
        assert (staging.reused, staging.bytes) == (1, 9)
    assert (former / "index.html").stat().st_mtime_ns == before
    assert (former / MARKER).read_text() == "{ }"


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "a//b", ""])
def test_a_path_never_leaves_the_folder(tmp_path: Path, path: str) -> None:
    staging = Staging(tmp_path, None)
    with pytest.raises(UnsafePathError):
        staging.put(path, b"x")


def test_two_names_that_some_file_systems_take_for_one_are_refused(tmp_path: Path) -> None:
    staging = Staging(tmp_path, None)
    staging.put("Run.html", b"x")
    with pytest.raises(BuildError, match="twice"):
        staging.put("run.html", b"x")


def test_only_regular_files_are_copied(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "real").write_bytes(b"abc")
    (run / "link").symlink_to("/etc/passwd")
    staging = Staging(tmp_path / "site", None)
    assert staging.copy(run, "real", "files/real")
    assert not staging.copy(run, "link", "files/link")
    assert not staging.copy(run, "absent", "files/absent")
    assert (tmp_path / "site/files/real").read_bytes() == b"abc"
    assert "root" not in "".join(p.read_text() for p in (tmp_path / "site").rglob("*/*"))
