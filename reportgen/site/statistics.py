"""What charts derive from numbers: smoothing, and the spread of several runs.

The browser derives the same from the same table (assets/scripts/smoothing.js and spread.js);
one file of cases holds both to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Student's t, 0.975 quantile for 1 to 30 degrees of freedom (Abramowitz and Stegun, table 26.10).
T975 = (
    *(12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004),
    *(2.262157, 2.228139, 2.200985, 2.178813, 2.160369, 2.144787, 2.131450, 2.119905),
    *(2.109816, 2.100922, 2.093024, 2.085963, 2.079614, 2.073873, 2.068658, 2.063899),
    *(2.059539, 2.055529, 2.051831, 2.048407, 2.045230, 2.042272),
)
_Z975 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Spread:
    """Several runs at one place.

    Attributes:
        n: Finite values.
        mean, median: Of these.
        sd: Of the sample (n - 1); None for fewer than two values.
        half: Half the width of the 95 % interval of the mean, by Student's t; None as ``sd``.
    """

    n: int
    mean: float
    median: float
    sd: float | None
    half: float | None


def debiased(values: Iterable[float], weight: float) -> list[float]:
    """Return TensorBoard's smoothing: an exponential moving average without its bias to zero.

    For each finite value ``last = w * last + (1 - w) * y; n += 1; out = last / (1 - w**n)``;
    values that are not finite pass through and leave the state alone; a constant series and a
    weight of zero change nothing.

    Args:
        values: Every value of the series, before any is left out for drawing.
        weight: From 0 (nothing) to below 1.
    """
    found = list(values)
    finite = {value for value in found if math.isfinite(value)}
    if not weight > 0 or len(finite) < 2:
        return found
    last, count = 0.0, 0
    for place, value in enumerate(found):
        if math.isfinite(value):
            last = weight * last + (1 - weight) * value
            count += 1
            found[place] = last / (1 - weight**count)
    return found


def t975(freedom: int) -> float:
    """Return the 0.975 quantile of Student's t; past 30 degrees of freedom by the expansion of
    Abramowitz and Stegun, 26.7.5, whose error is below 2e-6 there.
    """
    if freedom <= len(T975):
        return T975[freedom - 1]
    z, v = _Z975, freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )


def spread_of(values: Sequence[float]) -> Spread | None:
    """Return the spread of the finite values, each run counted once; None without any."""
    finite = sorted(value for value in values if math.isfinite(value))
    n = len(finite)
    if not n:
        return None
    mean = math.fsum(finite) / n
    median = finite[n // 2] if n % 2 else (finite[n // 2 - 1] + finite[n // 2]) / 2
    if n < 2:
        return Spread(n, mean, median, None, None)
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in finite) / (n - 1))
    return Spread(n, mean, median, sd, t975(n - 1) * sd / math.sqrt(n))
