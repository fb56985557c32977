"""The file names of a run folder: the only place that spells them."""

from __future__ import annotations

import re
from typing import Final

RUN: Final = "run.yaml"
CONFIG: Final = "config.yaml"
CONFIG_FILES: Final = "config"
METRICS: Final = "metrics.jsonl"
METRIC_DEFINITIONS: Final = "metrics.yaml"
SUMMARY: Final = "summary.yaml"
ENVIRONMENT: Final = "environment.yaml"
REQUIREMENTS: Final = "requirements.txt"
LOCK: Final = "lock"
GIT: Final = "git_info.yaml"
PATCH: Final = "git_diff.patch"
DATA: Final = "data.yaml"
CAPTURED: Final = "captured"
CONFIG_ACCESS: Final = "captured/config_access.json"
MODULES: Final = "captured/modules.json"
OPENS: Final = "captured/opens.json"
OPTIMIZER: Final = "captured/optimizer.json"
EXIT: Final = "captured/exit.json"
SPLITS: Final = "captured/splits.json"
IMPORT: Final = "captured/import.json"
TRAINING_LOG: Final = "training.log"
STDOUT: Final = "stdout.log"
STDERR: Final = "stderr.log"
ALERTS: Final = "alerts.jsonl"
SYSTEM: Final = "system.jsonl"
HISTOGRAMS: Final = "histograms.jsonl"
TABLES: Final = "tables"
CHECKPOINTS: Final = "checkpoints"
FIGURES: Final = "figures"
PREDICTIONS: Final = "predictions"
ARTIFACTS: Final = "artifacts"
TENSORBOARD: Final = "tensorboard"
ATTEMPTS: Final = "attempts"
ATTEMPT: Final = "attempt.yaml"
REPRODUCE: Final = "reproduce.sh"
MANIFEST: Final = "manifest.json"
REPRODUCTIONS: Final = "reproductions"
LABELS: Final = "labels.yaml"
SIGNATURES: Final = "signatures"
SWEEP: Final = "sweep.yaml"
MODELS: Final = "models.yaml"


_RANK_METRICS = re.compile(r"metrics\.rank([1-9][0-9]{0,5})\.jsonl")
_MANIFESTS = re.compile(r"manifest(\.[0-9]+)?\.json")


def rank_metrics(rank: int) -> str:
    """Return the metrics file of one rank of a distributed job; rank 0 has the plain name."""
    return METRICS if rank == 0 else f"metrics.rank{rank}.jsonl"


def rank_of(path: str) -> int | None:
    """Return the rank whose metrics file ``path`` is, None for any other file."""
    found = _RANK_METRICS.fullmatch(path)
    return int(found[1]) if found else None


def attempt_manifest(attempt: int) -> str:
    """Return where the seal of an attempt is kept once a later one goes on."""
    return f"manifest.{attempt}.json"


def outside_seal(path: str) -> bool:
    """Tell whether a file of a run folder is left out of the manifest by the standard.

    The manifest itself and its predecessors, what is added after the seal (ledger, labels,
    signatures) and files that a writer has not finished (``.x.tmp``) are outside.
    """
    first = path.split("/", 1)[0]
    if first in (REPRODUCTIONS, SIGNATURES) or path == LABELS:
        return True
    if _MANIFESTS.fullmatch(path):
        return True
    name = path.rsplit("/", 1)[-1]
    return name.startswith(".") and name.endswith(".tmp")
