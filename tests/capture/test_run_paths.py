"""Which changed files belong to runs, by path and by what is on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.capture.run_paths import RunPaths

RUN_YAML = "schema: reportgen.run/1\nid: x\nname: x\nstatus: finished\n"


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "runs/p/g/a").mkdir(parents=True)
    (tmp_path / "runs/p/g/a/run.yaml").write_text(RUN_YAML)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/run.yaml").write_text("lr: 1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "excluded"),
    [
        ("runs/p/g/a/metrics.jsonl", True),
        ("runs/p/g/a/deep/er/file", True),
        ("runs/p/g/sweep.yaml", True),
        ("runs/p/sweep.yaml", False),
        ("runs/models.yaml", True),
        ("runs/p/models.yaml", True),
        ("models.yaml", False),
        ("sweep.yaml", False),
        ("runs/p/g/train.py", False),
        ("conf/run.yaml", False),
        ("conf/sweep.yaml", False),
        ("run.yaml", False),
    ],
)
def test_without_knowing_the_root(top: Path, path: str, excluded: bool) -> None:
    assert RunPaths(top, [], None).excludes(path) is excluded


def test_the_root_says_more(top: Path) -> None:
    paths = RunPaths(top, [], top / "runs")
    assert paths.excludes("runs/p/sweep.yaml")
    assert paths.excludes("runs/other/models.yaml")
    assert not paths.excludes("runs2/sweep.yaml")
    assert not paths.excludes("runs/p/g/train.py")
    for root in (top, top.parent, Path("/nowhere")):
        assert not RunPaths(top, [], root).excludes("sweep.yaml")
        assert not RunPaths(top, [], root).excludes("other/sweep.yaml")


def test_a_run_that_is_gone_from_disk_is_known_from_the_commit(top: Path) -> None:
    paths = RunPaths(top, ["old/b"], None)
    assert paths.excludes("old/b/metrics.jsonl")
    assert paths.excludes("old/sweep.yaml")
    assert paths.excludes("old/models.yaml")
    assert not paths.excludes("old/train.py")


def test_a_linked_run_file_makes_no_run(top: Path) -> None:
    (top / "linked").mkdir()
    (top / "linked/run.yaml").symlink_to("../runs/p/g/a/run.yaml")
    assert not RunPaths(top, [], None).excludes("linked/x.py")
