"""Which checkpoints are kept: the newest few and the best. Values in, values out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reportgen.errors import UsageError
from reportgen.runs.schema import CheckpointPolicy, Goal
from reportgen.suggest import nearest

FIRST_METRIC: Final = "<first metric>"
"""A policy's ``best`` until a checkpoint brings a metric: that metric's name then replaces it."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How many checkpoints a run keeps.

    Attributes:
        keep_last: The newest ones that are kept; None keeps all.
        best: The metric whose best checkpoint is kept too, ``FIRST_METRIC``, or None.
        best_without_optimizer: Keep the best as a file of its own without optimizer state
            (``best_epoch_7.pt``), a third of the size under Adam, instead of the whole one.
    """

    keep_last: int | None = 5
    best: str | None = FIRST_METRIC
    best_without_optimizer: bool = False

    def for_metric(self, name: str) -> Retention:
        """Return the policy after a checkpoint came with the metric ``name``."""
        if self.best != FIRST_METRIC:
            return self
        return Retention(self.keep_last, name, self.best_without_optimizer)

    def document(self) -> CheckpointPolicy:
        """Return the policy as run.yaml states it."""
        best = None if self.best == FIRST_METRIC else self.best
        return CheckpointPolicy(keep_last=self.keep_last, best=best)


SINGLE_LAST: Final = Retention(keep_last=1, best=None)
"""One checkpoint, the last; stated in run.yaml as ``{keep_last: 1, best: null}``."""


def retention_of(
    argument: Retention | CheckpointPolicy | Mapping[str, Any] | None,
) -> Retention:
    """Return the policy that a ``checkpoints=`` argument asks for; None gives the default.

    Raises:
        UsageError: An unknown key, or a value of the wrong kind.
    """
    if argument is None:
        return Retention()
    if isinstance(argument, Retention):
        return argument
    if isinstance(argument, CheckpointPolicy):
        return Retention(keep_last=argument.keep_last, best=argument.best)
    if not isinstance(argument, Mapping):
        raise _fault(f"is of type {type(argument).__name__}", "checkpoints")
    known = ("keep_last", "best", "best_without_optimizer")
    for key in argument:
        if key not in known:
            raise _fault(
                f"the key {key!r:.80} is unknown", "checkpoints", fix=nearest(str(key), known)
            )
    retention = Retention(**argument)
    keep: Any = retention.keep_last
    if keep is not None and (type(keep) is not int or keep < 1):
        raise _fault(f"is {keep!r:.80}", "checkpoints.keep_last", "a whole number from 1, or None")
    best: Any = retention.best
    if best is not None and (not isinstance(best, str) or not best.strip()):
        raise _fault(f"is {best!r:.80}", "checkpoints.best", "the name of a metric")
    return retention


def resumed_with(recorded: CheckpointPolicy | None) -> Retention:
    """Return the policy of a run that states one already, else the default.

    A ``best`` of null means that no metric came yet, but for the single checkpoint.
    """
    if recorded is None:
        return Retention()
    if recorded.best is None and recorded.keep_last != 1:
        return Retention(keep_last=recorded.keep_last)
    return retention_of(recorded)


def _fault(
    what: str, where: str, expected: str | None = None, fix: str | None = None
) -> UsageError:
    return UsageError(
        what,
        where=where,
        expected=expected or "a mapping with keep_last, best, best_without_optimizer",
        fix=fix or 'For example checkpoints={"keep_last": 3, "best": "val/accuracy"}',
    )


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint on disk.

    Attributes:
        file: Its file name.
        order: Rises with every save.
        metric: Name of the metric it was saved with, or None.
        value: The metric's value, or None.
        is_best_copy: Whether it holds the best model alone, without optimizer state.
    """

    file: str
    order: int
    metric: str | None = None
    value: float | None = None
    is_best_copy: bool = False


def best_saved(saved: Sequence[Saved], metric: str, goal: Goal) -> Saved | None:
    """Return the first best checkpoint by ``metric``; one without a finite value never is.

    Among equal values the earliest wins, and of one save the copy without optimizer state.
    """
    rated = [
        (item.value if goal == "minimize" else -item.value, item.order, not item.is_best_copy, item)
        for item in saved
        if item.metric == metric and item.value is not None and math.isfinite(item.value)
    ]
    return min(rated, key=lambda rating: rating[:3])[3] if rated else None


def superseded(saved: Sequence[Saved], retention: Retention, goal: Goal | None) -> list[Saved]:
    """Return the checkpoints that the policy no longer keeps, oldest first."""
    full = sorted((item for item in saved if not item.is_best_copy), key=lambda item: item.order)
    kept = full if retention.keep_last is None else full[-retention.keep_last :]
    keep = {item.file for item in kept}
    if retention.best is not None and goal is not None:
        best = best_saved(saved, retention.best, goal)
        if best is not None:
            keep.add(best.file)
    gone = [item for item in saved if item.file not in keep]
    return sorted(gone, key=lambda item: item.order)
