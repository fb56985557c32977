"""What the customary tracker's documents say besides the standard's keys."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

from reportgen.logger.values import number_of


def environment_keys(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return python_version, torch_version, cuda_version, gpu_name and gpu_count.

    Args:
        document: environment.yaml in the standard's keys.
    """
    hardware = document.get("hardware") or {}
    gpus = hardware.get("gpus") or []
    torch = sys.modules.get("torch")
    version = getattr(torch, "__version__", None)
    cuda = getattr(getattr(torch, "version", None), "cuda", None)
    return {
        "python_version": sys.version,
        "torch_version": str(version) if version is not None else None,
        "cuda_version": str(cuda) if cuda and gpus else None,
        "gpu_name": gpus[0].get("name") if gpus else None,
        "gpu_count": len(gpus),
    }


def git_keys(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return is_dirty.

    Args:
        document: git_info.yaml in the standard's keys.
    """
    return {"is_dirty": document.get("dirty")}


def series_named(metric_name: str, value: Any, last: Mapping[str, float]) -> str:
    """Return the logged series that a checkpoint's metric is, or the metric's own name.

    ``val_accuracy`` is ``val/accuracy`` when that alone was logged with the same value.

    Args:
        metric_name: As ``save_checkpoint`` was told.
        value: The metric's value.
        last: The latest value of each series.
    """
    if metric_name in last:
        return metric_name
    wanted = _plain(metric_name)
    number = number_of(value)
    found = [name for name in last if _plain(name) == wanted and last[name] == number]
    return found[0] if len(found) == 1 else metric_name


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower())
