"""The run that keeps nothing: it takes whatever a run takes."""

from __future__ import annotations

import copy
import gc
import inspect
import logging
import pickle
from pathlib import Path
from typing import Any

import pytest

import reportgen
from reportgen.errors import UsageError
from reportgen.logger.active import ActiveRun
from reportgen.logger.silent import SilentRun
from reportgen.runs.schema import Environment, Modules


@pytest.fixture
def rank_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    return tmp_path


def test_it_has_everything_a_run_has() -> None:
    public = {name for name, _ in inspect.getmembers(ActiveRun) if not name.startswith("_")}
    own = {name for name in vars(SilentRun) if not name.startswith("_")}
    assert public - own == set(), "what is not its own needs an open run"


def test_nothing_is_written(rank_1: Path, caplog: pytest.LogCaptureFixture) -> None:
    with reportgen.start_run({"lr": 0.1}, name="p/r", seed=3) as run:
        run.log({"a": 1.0}, step=0)
        run.log({"a": "no number"})
        run.define_metric("a", goal="minimize")
        run.log_text("note", "text")
        assert run.save_checkpoint(object(), epoch=1) is None
        assert run.log_figure("f", object()) is None
        assert run.log_predictions("val", ids=[], labels=[], predictions=[]) is None
        assert run.log_artifact("nowhere") is None
        run.alert("title")
        run.finish()
    assert list(rank_1.iterdir()) == []
    assert caplog.records == []
    assert (run.config.lr, run.name, run.id, run.summary()) == (0.1, "r", "", {})
    assert (len(run.figures), len(run.checkpoints), run.checkpoints.latest) == (0, 0, None)
    assert isinstance(run, ActiveRun)
    assert "kept by another process" in repr(run)
    assert reportgen.seeds.current().seeds["python"] == 3


def test_what_a_program_puts_into_its_folder_goes(rank_1: Path) -> None:
    run = reportgen.start_run(name="r")
    folder = run.folder
    (folder / "mine.txt").write_text("x")
    assert run.folder == folder
    assert rank_1 not in folder.parents
    del run
    gc.collect()
    assert not folder.exists()


def test_an_exception_passes_through(rank_1: Path) -> None:
    with pytest.raises(ZeroDivisionError), reportgen.start_run(name="r"):
        raise ZeroDivisionError


def test_misuse_is_said_on_every_rank(rank_1: Path) -> None:
    with pytest.raises(UsageError, match="no kind of run"):
        reportgen.start_run(kind="trainign")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"start_run\(ranks=\): is 'each'"):
        reportgen.start_run(ranks="each")  # type: ignore[arg-type]


def test_a_replay_ends_every_rank(rank_1: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_STOP_AFTER_STEP", "2")
    run = reportgen.start_run(name="r")
    for step in range(3):
        run.log({"a": 1.0}, step)
    with pytest.raises(SystemExit) as ended:
        run.log({"a": 1.0})
    assert ended.value.code == 0


def test_a_scheduler_that_may_run_other_programs_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLURM_PROCID", "2")
    monkeypatch.setenv("SLURM_NTASKS", "4")
    with caplog.at_level(logging.WARNING, "reportgen"):
        reportgen.start_run(name="r")
    assert caplog.messages == ["this is rank 2 of 4 (by SLURM_PROCID): only rank 0 keeps a run"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    captures = "reportgen.logger.captures"
    monkeypatch.setattr(f"{captures}.capture_environment", lambda **given: Environment())
    monkeypatch.setattr(f"{captures}.capture_modules", lambda top: Modules())
    monkeypatch.setattr(f"{captures}.requirements", lambda top: [])
    monkeypatch.chdir(tmp_path)
    with reportgen.start_run({"lr": 0.1, "act": print}, name="r") as run:
        yield run


def test_a_run_that_is_sent_to_another_process_keeps_nothing_there(run: Any) -> None:
    sent = pickle.loads(pickle.dumps(run))
    assert type(sent) is SilentRun
    assert (sent.config.lr, sent.name, sent.id) == (0.1, "r", run.id)
    sent.log({"a": 1.0}, 0)
    assert (run.folder / "metrics.jsonl").read_bytes() == b""
    again = pickle.loads(pickle.dumps(sent))
    assert (type(again), again.id) == (SilentRun, run.id)


def test_a_configuration_that_cannot_be_sent_is_sent_as_recorded(tmp_path: Path, run: Any) -> None:
    run._session.options.config["act"] = lambda: None
    assert pickle.loads(pickle.dumps(run)).config.lr == 0.1


def test_a_copy_within_the_process_is_the_run_itself(run: Any) -> None:
    assert copy.deepcopy({"model": [run]})["model"][0] is run
    assert copy.copy(run) is run
