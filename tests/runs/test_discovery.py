from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import NotFoundError
from reportgen.fs.limits import Limits
from reportgen.runs.discovery import find_runs, run_format


def relatives(*roots: Path, **limits: int) -> list[str]:
    return [ref.relative for ref in find_runs(roots, limits=Limits(**limits)).runs]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path in ("b/run.yaml", "a/group/r2/run.yaml", "a/group/r1/run.yaml", "a/group/sweep.yaml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    return tmp_path


def test_runs_at_any_depth_in_path_order(root: Path) -> None:
    assert relatives(root) == ["a/group/r1", "a/group/r2", "b"]
    assert relatives(root / "b") == ["."]


def test_each_run_once_whatever_roots_are_named(root: Path) -> None:
    found = find_runs([root / "a", root, root / "a" / "group" / "r1"])
    assert [ref.path.name for ref in found.runs] == ["r1", "r2", "b"]
    assert found.problems == []


def test_nothing_is_looked_for_inside_a_run(root: Path) -> None:
    inner = root / "b" / "artifacts" / "copied"
    inner.mkdir(parents=True)
    (inner / "run.yaml").touch()
    assert "b/artifacts/copied" not in relatives(root)


@pytest.mark.parametrize("name", [".hidden", "node_modules", "__pycache__"])
def test_some_folders_are_never_entered(root: Path, name: str) -> None:
    (root / name / "r").mkdir(parents=True)
    (root / name / "r" / "run.yaml").touch()
    assert len(relatives(root)) == 3
    assert len(relatives(root / name)) == 1


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["config.yaml", "training.log"], "tracker"),
        (["config.yaml", "environment.yaml"], "tracker"),
        (["config.yaml", "git_info.yaml"], "tracker"),
        (["config.yaml", "checkpoints"], "tracker"),
        (["config.yaml", "run.yaml", "training.log"], "standard"),
        (["run.yaml"], "standard"),
        (["config.yaml"], None),
        (["training.log", "environment.yaml"], None),
        ([], None),
    ],
)
def test_what_makes_a_run(tmp_path: Path, names: list[str], expected: str | None) -> None:
    for name in names:
        (tmp_path / name).touch()
    assert run_format(tmp_path) == expected
    assert [ref.format for ref in find_runs([tmp_path]).runs] == ([expected] if expected else [])


def test_links_to_folders_are_said_and_not_followed(root: Path) -> None:
    os.symlink(root / "b", root / "latest")
    os.symlink("..", root / "a" / "up")
    os.symlink("gone", root / "a" / "dangling")
    os.symlink("loop", root / "a" / "loop")
    os.symlink("group/sweep.yaml", root / "a" / "file")
    found = find_runs([root])
    assert [ref.relative for ref in found.runs] == ["a/group/r1", "a/group/r2", "b"]
    assert [(p.id, p.severity, p.file) for p in found.problems] == [
        ("path.symlink", "info", "latest"),
        ("path.symlink", "info", "a/up"),
    ]


def test_a_root_may_be_a_link(root: Path, tmp_path_factory: Any) -> None:
    link = tmp_path_factory.mktemp("x") / "link"
    os.symlink(root, link)
    assert len(relatives(link)) == 3


def test_a_run_yaml_of_any_kind_makes_a_run(tmp_path: Path) -> None:
    """Reading it is refused later, with its reason; it is not passed over."""
    (tmp_path / "a").mkdir()
    os.symlink("/etc/passwd", tmp_path / "a" / "run.yaml")
    (tmp_path / "b").mkdir()
    os.mkfifo(tmp_path / "b" / "run.yaml")
    assert relatives(tmp_path) == ["a", "b"]


@pytest.mark.parametrize(("name", "says"), [("gone", "no such folder"), ("file", "is no folder")])
def test_a_root_that_is_none(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotFoundError, match=says) as caught:
        find_runs([tmp_path / name])
    assert str(tmp_path / name) in str(caught.value)


def test_an_empty_root_has_no_runs(tmp_path: Path) -> None:
    assert find_runs([tmp_path]).runs == []


def test_depth_is_bounded_and_the_rest_is_read(root: Path) -> None:
    found = find_runs([root], limits=Limits(folder_depth=1))
    assert [ref.relative for ref in found.runs] == ["b"]
    assert [(p.id, p.severity, p.file) for p in found.problems] == [("limits.depth", "error", "a")]
    assert relatives(root, folder_depth=3) == ["a/group/r1", "a/group/r2", "b"]


def test_folders_deeper_than_any_path_may_be(root: Path) -> None:
    code = (
        "import os, sys\n"
        "os.chdir(sys.argv[1])\n"
        "for _ in range(300): os.mkdir('x' * 20); os.chdir('x' * 20)\n"
    )
    subprocess.run([sys.executable, "-c", code, root], check=True)
    try:
        found = find_runs([root])
        assert len(found.runs) == 3
        assert [problem.id for problem in found.problems] == ["limits.depth"]
    finally:
        subprocess.run(["rm", "-rf", root / ("x" * 20)], check=True)


def test_a_folder_that_may_not_be_listed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def refuse(folder: object) -> object:
        if Path(str(folder)).name == "group":
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    found = find_runs([root])
    assert [ref.relative for ref in found.runs] == ["b"]
    assert [(p.id, p.severity, p.file) for p in found.problems] == [
        ("path.unreadable", "error", "a/group")
    ]


def test_names_of_any_bytes(tmp_path: Path) -> None:
    for name in (b"x\xff", b"a\nb", b"-rf"):
        folder = os.fsencode(tmp_path) + b"/" + name
        os.mkdir(folder)
        os.close(os.open(folder + b"/run.yaml", os.O_CREAT))
    assert [os.fsencode(name) for name in relatives(tmp_path)] == [b"-rf", b"a\nb", b"x\xff"]
