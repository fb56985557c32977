"""Counts of values in bins of equal width. Arrays of any library in, plain numbers out.

A tensor of torch is counted on its own device, so that a few numbers cross and not the tensor;
everything else goes through numpy, which is loaded when the first such histogram comes.
"""

from __future__ import annotations

import math
import sys
from typing import Any

from reportgen.errors import UsageError
from reportgen.logger.values import type_name

_PIECE = 1 << 24
"""Values counted at once: torch counts in float32, which is exact up to here."""
_TINY = 1e-30
"""Differences that may be denormal in float32 are no room either."""


def histogram_of(values: Any, bins: int) -> dict[str, Any]:
    """Return the histogram of all elements of ``values``, as histograms.jsonl holds it.

    Args:
        values: A tensor, an array or nested sequences of real numbers, of any shape.
        bins: How many bins, at least 1.

    Raises:
        UsageError: It holds anything but real numbers, or none at all.
    """
    torch = sys.modules.get("torch")
    tensor = getattr(torch, "Tensor", None)
    if isinstance(tensor, type) and isinstance(values, tensor):
        return _of_tensor(torch, values, bins)
    return _of_array(values, bins)


def _of_tensor(torch: Any, values: Any, bins: int) -> dict[str, Any]:
    values = values.detach()
    if values.layout != torch.strided:
        values = values.to_dense()
    if values.is_quantized or values.is_complex():
        raise _fault(f"holds values of {values.dtype}")
    flat = values.reshape(-1)
    count = _count_of(flat.numel())
    if flat.dtype not in (torch.float32, torch.float64):
        flat = flat.to(torch.float32)
    low, high = (float(end) for end in torch.aminmax(flat))
    if not (math.isfinite(low) and math.isfinite(high)):
        flat = flat[torch.isfinite(flat)]
        if not flat.numel():
            return _described(0.0, 0.0, [], count)
        low, high = (float(end) for end in torch.aminmax(flat))
    kind = torch.finfo(flat.dtype)
    if _is_narrow(low, high, bins, kind.eps):
        return _in_the_middle(low, high, flat.numel(), bins, count)
    _check_span(low, high, kind.max)
    counts = [0] * bins
    for piece in flat.split(_PIECE):
        found = torch.histc(piece, bins, low, high).tolist()
        counts = [total + int(part) for total, part in zip(counts, found, strict=True)]
    return _described(low, high, counts, count)


def _of_array(values: Any, bins: int) -> dict[str, Any]:
    import numpy

    try:
        flat = numpy.asarray(values).reshape(-1)
    except Exception:
        raise _fault(f"is of type {type_name(values)}") from None
    if flat.dtype.kind not in "biuf":
        raise _fault(f"holds values of {flat.dtype.name!r:.40}")
    count = _count_of(flat.size)
    if flat.dtype.kind == "b" or flat.dtype.itemsize < 4:
        flat = flat.astype(numpy.float32)
    if flat.dtype.kind == "f":
        finite = numpy.isfinite(flat)
        flat = flat if finite.all() else flat[finite]
        if not flat.size:
            return _described(0.0, 0.0, [], count)
    low, high = float(flat.min()), float(flat.max())
    if _is_narrow(low, high, bins, sys.float_info.epsilon):
        return _in_the_middle(low, high, flat.size, bins, count)
    _check_span(low, high, sys.float_info.max)
    counts, _ = numpy.histogram(flat.astype(numpy.float64), bins, (low, high))
    return _described(low, high, counts.tolist(), count)


def _count_of(size: int) -> int:
    if size:
        return size
    raise _fault("is empty")


def _is_narrow(low: float, high: float, bins: int, epsilon: float) -> bool:
    """Tell whether numbers of this precision have no room for so many bins."""
    return high - low <= 4 * bins * max(epsilon * max(abs(low), abs(high)), _TINY)


def _in_the_middle(low: float, high: float, finite: int, bins: int, count: int) -> dict[str, Any]:
    """Return all in the middle bin, with room around it."""
    room = max(0.5, abs(low) / 1024, abs(high) / 1024)
    counts = [0] * bins
    counts[bins // 2] = finite
    largest = sys.float_info.max
    return _described(max(low - room, -largest), min(high + room, largest), counts, count)


def _check_span(low: float, high: float, largest: float) -> None:
    if high - low > largest:
        raise _fault(f"spans {low:g} to {high:g}, more than its numbers can tell")


def _described(low: float, high: float, counts: list[int], count: int) -> dict[str, Any]:
    return {
        "low": low,
        "high": high,
        "counts": counts,
        "count": count,
        "not_finite": count - sum(counts),
    }


def _fault(what: str) -> UsageError:
    return UsageError(
        what,
        where="log_histogram(values)",
        expected="an array, a tensor or a list of real numbers, at least one",
    )
