"""Which process of a distributed job this is, and whether it is a worker that never writes.

Asked are, in this order: ``torch.distributed`` once it is initialised, then the variables of the
launchers: ``RANK`` and ``WORLD_SIZE`` (torchrun, and whoever imitates it), ``LOCAL_RANK`` with
``NODE_RANK`` (Lightning), ``OMPI_COMM_WORLD_RANK`` (Open MPI), ``SLURM_PROCID`` (srun).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PAIRS = (
    ("RANK", "WORLD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
)
_NO_ID = ("", "none")  # torchrun without --rdzv-id


@dataclass(frozen=True, slots=True)
class Rank:
    """One process of a job.

    Attributes:
        number: From 0.
        world: How many there are.
        source: What told so; empty for a process on its own.
        launch: The launcher's id of the job, or None.
        meeting: Where the job's processes meet, as far as it is known; equal in all of them.
    """

    number: int = 0
    world: int = 1
    source: str = ""
    launch: str | None = None
    meeting: str = ""


def rank_of(environ: Mapping[str, str] | None = None) -> Rank:
    """Return which process of its job this is."""
    environ = os.environ if environ is None else environ
    number, world, source = _of_torch() or _of_variables(environ) or (0, 1, "")
    return Rank(number, max(world, number + 1), source, _launch(environ), _meeting(environ))


def _of_torch() -> tuple[int, int, str] | None:
    distributed: Any = sys.modules.get("torch.distributed")
    try:
        if distributed is None or not distributed.is_available():
            return None
        if not distributed.is_initialized():
            return None
        return distributed.get_rank(), distributed.get_world_size(), "torch.distributed"
    except Exception:  # half imported, or another library's module of that name
        return None


def _of_variables(environ: Mapping[str, str]) -> tuple[int, int, str] | None:
    world = _number(environ, "WORLD_SIZE")
    local, node = _number(environ, "LOCAL_RANK"), _number(environ, "NODE_RANK") or 0
    if "RANK" not in environ and local is not None:
        number = node * (_number(environ, "LOCAL_WORLD_SIZE") or 1) + local
        return number, world or 1, "LOCAL_RANK"
    for rank, size in _PAIRS:
        found = _number(environ, rank)
        if found is not None:
            return found, _number(environ, size) or 1, rank
    return None


def _number(environ: Mapping[str, str], name: str) -> int | None:
    text = environ.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() else None


def _launch(environ: Mapping[str, str]) -> str | None:
    torchrun = environ.get("TORCHELASTIC_RUN_ID", "")
    if torchrun not in _NO_ID:
        return torchrun
    job = environ.get("SLURM_JOB_ID")
    return f"{job}.{environ.get('SLURM_STEP_ID', '')}" if job else None


def _meeting(environ: Mapping[str, str]) -> str:
    names = ("MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RESTART_COUNT")
    return "|".join(environ.get(name, "") for name in names)


def is_worker() -> bool:
    """Tell whether this process loads data for another, or is being started by ``spawn``.

    A spawned process imports the program's main module before it knows what to do: a program
    that starts a run on import would start one in every worker.
    """
    process: Any = sys.modules.get("multiprocessing.process")
    if process is not None and getattr(process.current_process(), "_inheriting", False):
        return True
    loading: Any = sys.modules.get("torch.utils.data._utils.worker")
    try:
        return loading is not None and loading.get_worker_info() is not None
    except Exception:
        return False
