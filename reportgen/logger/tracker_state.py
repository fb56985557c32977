"""How far a tracker was when it wrote a checkpoint.

The checkpoint is loaded as tensors and plain values only (``weights_only``): nothing in it runs.
torch is imported when it is not yet; without it nobody could have written or could use the file.
"""

from __future__ import annotations

import math
import os
from importlib import import_module
from typing import Any, NamedTuple

from reportgen.errors import UnavailableError, UnreadableError
from reportgen.logger.context import describe
from reportgen.logger.values import number_of


class TrackerState(NamedTuple):
    """The step that comes next, and the best metric so far (minus infinity for none)."""

    global_step: int
    best_metric: float


def state_in(path: str | os.PathLike[str]) -> TrackerState:
    """Return the state of the tracker in a checkpoint; what it does not say is as at the start.

    Raises:
        UnavailableError: torch is not installed.
        UnreadableError: The file is no checkpoint of torch, or holds more than tensors and plain
            values.
    """
    content = _loaded(path)
    if not isinstance(content, dict):
        raise UnreadableError(
            f"holds a {type(content).__name__}",
            where=os.fspath(path),
            expected="a mapping with model_state_dict, global_step and the like",
        )
    step, best = number_of(content.get("global_step")), number_of(content.get("best_metric"))
    at = int(step) if step is not None and math.isfinite(step) and step >= 0 else 0
    return TrackerState(at, -math.inf if best is None or math.isnan(best) else float(best))


def _loaded(path: str | os.PathLike[str]) -> Any:
    try:
        torch = import_module("torch")
    except ImportError as error:
        raise UnavailableError(
            "torch is not installed", where=os.fspath(path), fix="pip install torch"
        ) from error
    try:
        # Mapped, not read: of a checkpoint of many gigabytes two numbers are wanted.
        return torch.load(os.fspath(path), map_location="cpu", weights_only=True, mmap=True)
    except Exception:
        try:
            return torch.load(os.fspath(path), map_location="cpu", weights_only=True)
        except Exception as error:
            raise UnreadableError(
                f"cannot be loaded: {describe(error).splitlines()[0][:200]}",
                where=os.fspath(path),
                expected="a checkpoint of tensors and plain values, as save_checkpoint writes it",
            ) from error
