"""How much a parameter goes with the metric, over the runs of a sweep.

A number is Spearman's rank correlation of parameter and metric; for categories it is eta, the
root of the share of the variance of the metric's ranks that lies between them. Either says what
goes together, not what causes what.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from reportgen.site.scales import as_number, category

FEW = 20
"""Below so many runs a page says that the numbers mean little."""

_LEAST = 4


@dataclass(frozen=True, slots=True)
class Importance:
    """One parameter.

    Attributes:
        key: Its dotted name.
        size: From 0 to 1.
        sign: 1 or -1: whether the metric grows with it; 0 for categories.
        n: Runs that have both.
    """

    key: str
    size: float
    sign: int
    n: int


def importances(
    configs: Sequence[dict[str, Any]], keys: Sequence[str], values: Sequence[float | None]
) -> list[Importance]:
    """Return the parameters that differ, strongest first.

    Args:
        configs: Flat configuration of each run.
        keys: Parameters to judge.
        values: Metric of each run; None and what is not finite count as no value.
    """
    found = []
    for key in keys:
        pairs = [
            (config[key], value)
            for config, value in zip(configs, values, strict=True)
            if key in config and value is not None and math.isfinite(value)
        ]
        if len(pairs) >= _LEAST:
            size, sign = _association(*zip(*pairs, strict=True))
            found.append(Importance(key, round(size, 4), sign, len(pairs)))
    return sorted(found, key=lambda one: (-one.size, one.key))


def _association(parameters: Sequence[Any], values: Sequence[float]) -> tuple[float, int]:
    ranks = ranked(values)
    numbers = [as_number(parameter) for parameter in parameters]
    if all(number is not None and math.isfinite(number) for number in numbers):
        rho = correlation(ranked([n for n in numbers if n is not None]), ranks)
        return abs(rho), (rho > 0) - (rho < 0)
    groups: dict[str, list[float]] = defaultdict(list)
    for parameter, rank in zip(parameters, ranks, strict=True):
        groups[category(parameter)].append(rank)
    middle = fmean(ranks)
    whole = math.fsum((rank - middle) ** 2 for rank in ranks)
    between = math.fsum(len(g) * (fmean(g) - middle) ** 2 for g in groups.values())
    return (math.sqrt(between / whole) if whole else 0.0), 0


def ranked(values: Sequence[float]) -> list[float]:
    """Return ranks from 1; equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    first = 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and values[order[last + 1]] == values[order[first]]:
            last += 1
        for place in order[first : last + 1]:
            ranks[place] = (first + last) / 2 + 1
        first = last + 1
    return ranks


def correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Return Pearson's correlation; 0 where one of the two is constant."""
    a, b = fmean(one), fmean(other)
    both = math.fsum((x - a) * (y - b) for x, y in zip(one, other, strict=True))
    spread = math.sqrt(
        math.fsum((x - a) ** 2 for x in one) * math.fsum((y - b) ** 2 for y in other)
    )
    return both / spread if spread else 0.0
