"""Which rank a process is, by what each launcher says."""

from __future__ import annotations

import multiprocessing
import sys
from types import SimpleNamespace

import pytest

from reportgen.logger.ranks import is_worker, rank_of


@pytest.fixture(autouse=True)
def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch.distributed", raising=False)


@pytest.mark.parametrize(
    ("environ", "number", "world", "source"),
    [
        ({}, 0, 1, ""),
        ({"RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1"}, 3, 8, "RANK"),
        ({"RANK": "0", "WORLD_SIZE": "8", "SLURM_PROCID": "5"}, 0, 8, "RANK"),
        ({"LOCAL_RANK": "1", "WORLD_SIZE": "2"}, 1, 2, "LOCAL_RANK"),
        (
            {"LOCAL_RANK": "1", "NODE_RANK": "2", "LOCAL_WORLD_SIZE": "4", "WORLD_SIZE": "12"},
            9,
            12,
            "LOCAL_RANK",
        ),
        ({"SLURM_PROCID": "2", "SLURM_NTASKS": "4"}, 2, 4, "SLURM_PROCID"),
        (
            {"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "SLURM_PROCID": "0"},
            1,
            2,
            "OMPI_COMM_WORLD_RANK",
        ),
        ({"RANK": "x", "WORLD_SIZE": "-1"}, 0, 1, ""),
        ({"RANK": "²"}, 0, 1, ""),
        ({"RANK": "5"}, 5, 6, "RANK"),
    ],
)
def test_by_variables(environ: dict[str, str], number: int, world: int, source: str) -> None:
    rank = rank_of(environ)
    assert (rank.number, rank.world, rank.source) == (number, world, source)


def test_by_torch_once_it_is_initialised(monkeypatch: pytest.MonkeyPatch) -> None:
    initialised = [False]
    distributed = SimpleNamespace(
        is_available=lambda: True,
        is_initialized=lambda: initialised[0],
        get_rank=lambda: 2,
        get_world_size=lambda: 3,
    )
    monkeypatch.setitem(sys.modules, "torch.distributed", distributed)
    assert rank_of({"RANK": "1", "WORLD_SIZE": "2"}).number == 1
    initialised[0] = True
    rank = rank_of({"RANK": "1", "WORLD_SIZE": "2"})
    assert (rank.number, rank.world, rank.source) == (2, 3, "torch.distributed")
    monkeypatch.setitem(sys.modules, "torch.distributed", object())
    assert rank_of({}).number == 0


@pytest.mark.parametrize(
    ("environ", "launch"),
    [
        ({"TORCHELASTIC_RUN_ID": "none"}, None),
        ({"TORCHELASTIC_RUN_ID": "job-7"}, "job-7"),
        ({"TORCHELASTIC_RUN_ID": "none", "SLURM_JOB_ID": "12", "SLURM_STEP_ID": "0"}, "12.0"),
    ],
)
def test_the_launchers_id(environ: dict[str, str], launch: str | None) -> None:
    assert rank_of(environ).launch == launch


def test_a_restarted_job_meets_elsewhere() -> None:
    before = {"MASTER_ADDR": "a", "MASTER_PORT": "1", "TORCHELASTIC_RESTART_COUNT": "0"}
    after = {**before, "TORCHELASTIC_RESTART_COUNT": "1"}
    assert rank_of(before).meeting != rank_of(after).meeting


def test_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_worker()
    module = SimpleNamespace(get_worker_info=lambda: None)
    monkeypatch.setitem(sys.modules, "torch.utils.data._utils.worker", module)
    assert not is_worker()
    module.get_worker_info = lambda: object()  # type: ignore[assignment, return-value]
    assert is_worker()
    del module.get_worker_info
    assert not is_worker()
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    assert is_worker()
