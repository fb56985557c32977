"""Calibration: how often a prediction is right that says how sure it is.

Reliability diagram and expected calibration error over ten bins of equal width (Guo et al.,
"On Calibration of Modern Neural Networks", ICML 2017).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

BINS = 10
_SLACK = 1e-3


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions whose score lies between ``low`` and ``high``."""

    low: float
    high: float
    count: int
    sure: float
    right: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The bins that hold predictions, and the expected calibration error over all of them."""

    bins: tuple[Bin, ...]
    error: float
    count: int


def calibration_of(pairs: Iterable[tuple[float, bool]]) -> Calibration | None:
    """Return the calibration of predictions.

    Args:
        pairs: The score of the predicted class, and whether it was right.

    Returns:
        None without pairs, or when a score is no probability (below 0 or above 1).
    """
    sums: dict[int, list[float]] = {}
    total = 0
    for score, right in pairs:
        if not math.isfinite(score) or not -_SLACK <= score <= 1 + _SLACK:
            return None
        place = min(max(int(score * BINS), 0), BINS - 1)
        held = sums.setdefault(place, [0.0, 0.0, 0.0])
        held[0] += 1
        held[1] += score
        held[2] += right
        total += 1
    if not total:
        return None
    bins = tuple(
        Bin(place / BINS, (place + 1) / BINS, int(n), score / n, hits / n)
        for place, (n, score, hits) in sorted(sums.items())
    )
    error = math.fsum(b.count * abs(b.sure - b.right) for b in bins) / total
    return Calibration(bins, error, total)


def scored(row: Mapping[str, str | None], prediction: str) -> float | None:
    """Return the score of the predicted class in a row of predictions; None without one."""
    text = row.get(f"score_{prediction}")
    try:
        return float(text) if text else None
    except ValueError:
        return None
