from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import NotFoundError
from reportgen.runs.view import RunView
from reportgen.testing import ABSENT, make_repository, make_run, run_check


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_golden_run_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    first, second = (make_run(tmp_path / name) for name in ("a", "b"))
    assert contents(first) == contents(second)
    assert RunView(first).load().problems == []


def test_overrides_replace_level_by_level_and_absent_removes(tmp_path: Path) -> None:
    environment = {"python": {"abi": ABSENT}, "hardware": {"cores": 64}, "seeds": None}
    view = RunView(make_run(tmp_path, environment=environment))
    raw = view.raw("environment.yaml")
    assert raw["python"] == {"version": "3.11.7", "implementation": "CPython"}
    assert (raw["hardware"]["cores"], raw["hardware"]["gpus"]) == (64, [])
    assert raw["seeds"] is None


def test_none_leaves_a_file_out(tmp_path: Path) -> None:
    run = make_run(
        tmp_path,
        data=None,
        metrics=None,
        summary=None,
        checkpoints=False,
        captured={"exit": None},
        files={"stdout.log": None},
        sealed=False,
    )
    left_out = ("data.yaml", "metrics.jsonl", "summary.yaml", "captured/exit.json", "stdout.log")
    assert not [
        name for name in (*left_out, "manifest.json", "checkpoints") if (run / name).exists()
    ]


def test_a_run_of_a_repository_records_its_state(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    clean = RunView(make_run(tmp_path / "runs", "clean", repository=lab))
    assert clean.git is not None
    assert (clean.git.dirty, clean.git.remote) == (False, "https://example.org/lab/digits.git")
    (lab / "helper.py").write_text("x = 1\n")
    changed = RunView(make_run(tmp_path / "runs", "changed", repository=lab))
    assert changed.git is not None
    assert (changed.git.dirty, changed.git.untracked) == (True, ["helper.py"])
    assert changed.git.tree != clean.git.tree
    assert b"helper.py" in (changed.bytes("git_diff.patch") or b"")


def test_a_check_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no check"):
        run_check("code.none", make_run(tmp_path))
