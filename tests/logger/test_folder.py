"""Never two runs in one folder, and a disk that refuses does not end a training."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import UsageError
from reportgen.logger.folder import (
    RUN_DIR,
    RunFolder,
    claim,
    is_claimed,
    make_folder,
    release_claim,
)
from reportgen.runs.schema import RUN_SCHEMA, Run
from reportgen.runs.writer import write_document


def made(root: Path, name: str = "run", **environ: str) -> RunFolder:
    return make_folder(root, project="p", group=None, name=name, environ=environ)


def open_run(folder: Path, status: Any = "running") -> None:
    folder.mkdir(parents=True)
    run = Run(schema=RUN_SCHEMA, id="01J0TEST", name="outer", status=status, created="2026-01-01")
    write_document(folder, "run.yaml", run)


def test_a_name_that_exists_gets_a_suffix(tmp_path: Path) -> None:
    folders = [made(tmp_path).path for _ in range(3)]
    assert [folder.name for folder in folders] == ["run", "run-2", "run-3"]
    assert folders[0].parent == tmp_path / "p"


def test_many_at_once_never_share_a_folder(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: made(tmp_path).path, range(40)))
    assert len(set(paths)) == 40


def test_a_root_that_is_a_file_is_misuse(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        made(tmp_path / "runs")


@pytest.mark.parametrize("error", [28, 5, 30, 13, 122, 24])
def test_a_disk_that_refuses_sends_the_run_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    root = tmp_path / "runs"
    real = os.mkdir

    def mkdir(path: Any, *args: Any, **kwargs: Any) -> None:
        if str(path).startswith(str(root)):
            raise OSError(error, os.strerror(error))
        real(path, *args, **kwargs)

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(os, "mkdir", mkdir)
    folder = made(root)
    assert folder.path.is_dir()
    assert not folder.path.is_relative_to(root)
    assert os.strerror(error) in str(folder.fallback)


def test_a_named_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    wanted = tmp_path / "replay" / "run"
    folder = made(tmp_path, **{RUN_DIR: str(wanted)})
    assert folder.path == wanted
    assert folder.joined is None


def test_a_run_that_waits_for_its_program_is_joined_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = tmp_path / "outer"
    open_run(wanted)
    first = made(tmp_path / "runs", **{RUN_DIR: str(wanted)})
    assert first.path == wanted
    assert first.joined is not None
    assert first.joined.id == "01J0TEST"
    assert is_claimed(wanted)
    second = made(tmp_path / "runs", **{RUN_DIR: str(wanted)})
    assert second.path == tmp_path / "runs" / "p" / "run"
    assert second.joined is None
    assert "holds another run" in caplog.text


@pytest.mark.parametrize("status", ["finished", "failed", "interrupted"])
def test_a_run_that_has_ended_is_left_alone(tmp_path: Path, status: str) -> None:
    wanted = tmp_path / "outer"
    open_run(wanted, status)
    before = (wanted / "run.yaml").read_bytes()
    assert made(tmp_path / "runs", **{RUN_DIR: str(wanted)}).path != wanted
    assert (wanted / "run.yaml").read_bytes() == before
    assert not is_claimed(wanted)


def test_a_folder_whose_run_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    wanted = tmp_path / "outer"
    wanted.mkdir()
    (wanted / "run.yaml").write_text("schema: [torn")
    assert made(tmp_path / "runs", **{RUN_DIR: str(wanted)}).path != wanted


def test_a_claim_is_taken_once_and_given_back(tmp_path: Path) -> None:
    assert claim(tmp_path)
    assert not claim(tmp_path)
    release_claim(tmp_path)
    release_claim(tmp_path)
    assert claim(tmp_path)
