"""Tensors, histograms and hyperparameters inside TensorBoard's events.

The messages are documented by their definitions: tensorflow/core/framework/tensor.proto and
summary.proto, and tensorboard/plugins/hparams/plugin_data.proto.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reportgen.errors import UnreadableError
from reportgen.importers import wire
from reportgen.importers.event_shapes import shortest
from reportgen.runs.histogram_log import Histogram

_STRING: Final = 7
_DTYPES: Final = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8"}
_VALUES: Final = {5: 1, 6: 2, 7: 3, 10: 9}
_VARINTS: Final = (7, 10)
_DIMENSIONS: Final = 8
BINS: Final = 64


@dataclass(slots=True)
class Tensor:
    """A tensor: numbers as one flat array, or the bytes of each text."""

    shape: tuple[int, ...] = ()
    numbers: NDArray[np.float64] | None = None
    texts: list[bytes] = field(default_factory=list)


def read_tensor(event: memoryview, place: int, end: int) -> Tensor:
    """Return the tensor in a message.

    Raises:
        UnreadableError: It is none, or of a type that no summary has.
    """
    tensor = Tensor()
    dtype = 0
    content: bytes | None = None
    single: dict[int, list[bytes | int]] = {}
    for number, kind, value, start, stop in wire.fields(event, place, end):
        if number == 1:
            dtype = value
        elif number == 2 and kind == wire.BYTES:
            tensor.shape = _shape(event, start, stop)
        elif number == 4 and kind == wire.BYTES:
            content = bytes(event[start:stop])
        elif number == 8 and kind == wire.BYTES:
            tensor.texts.append(bytes(event[start:stop]))
        elif number in _VALUES:
            packed = kind == wire.BYTES or number not in _VARINTS
            single.setdefault(number, []).append(bytes(event[start:stop]) if packed else value)
    if dtype == _STRING:
        return tensor
    if dtype not in _DTYPES:
        raise UnreadableError(f"a tensor of the type {dtype}")
    tensor.numbers = _numbers(dtype, content, single)
    return tensor


def _shape(event: memoryview, place: int, end: int) -> tuple[int, ...]:
    sizes = []
    for number, kind, _, start, stop in wire.fields(event, place, end):
        if number == 2 and kind == wire.BYTES:
            inner = [f[2] for f in wire.fields(event, start, stop) if f[0] == 1]
            sizes.append(inner[-1] if inner else 0)
    if len(sizes) > _DIMENSIONS:
        raise UnreadableError(f"a tensor of {len(sizes)} dimensions")
    return tuple(sizes)


def _numbers(
    dtype: int, content: bytes | None, single: dict[int, list[bytes | int]]
) -> NDArray[np.float64]:
    data = content
    if data is None:
        found = next((parts for n, parts in single.items() if _VALUES[n] == dtype), [])
        data = b"".join(_as_bytes(part, dtype) for part in found)
    if len(data) % int(_DTYPES[dtype][-1]):
        raise UnreadableError("a tensor whose bytes are not whole numbers of values")
    raw = np.frombuffer(data, dtype=_DTYPES[dtype])
    return shortest(raw) if dtype == 1 else raw.astype(np.float64)


def _as_bytes(part: bytes | int, dtype: int) -> bytes:
    """Return one field of values as the bytes that ``tensor_content`` would hold."""
    size = int(_DTYPES[dtype][-1])
    if isinstance(part, int):
        low: int = part & ((1 << 8 * size) - 1)
        return low.to_bytes(size, "little")
    if dtype in (1, 2):
        return part
    view, values, place = memoryview(part), [], 0
    while place < len(view):
        value, place = wire.varint(view, place, len(view))
        values.append(_as_bytes(value, dtype))
    return b"".join(values)


def read_histogram(event: memoryview, place: int, end: int) -> Histogram:
    """Return a histogram of the older kind (HistogramProto) in bins of equal width.

    Raises:
        UnreadableError: It is none.
    """
    low = high = 0.0
    columns: dict[int, list[NDArray[np.float64]]] = {6: [], 7: []}
    for number, kind, value, start, stop in wire.fields(event, place, end):
        if number == 1 and kind == wire.FIXED64:
            low = wire.double(value)
        elif number == 2 and kind == wire.FIXED64:
            high = wire.double(value)
        elif number in columns and (stop - start) % 8 == 0 and kind in (wire.BYTES, wire.FIXED64):
            columns[number].append(np.frombuffer(event[start:stop], dtype="<f8"))
    limits, counts = (np.concatenate([*columns[n], np.empty(0)]) for n in (6, 7))
    if len(limits) != len(counts):
        raise UnreadableError("a histogram with other numbers of limits and counts")
    edges = np.concatenate([[low], limits])
    return rebinned(np.clip(edges[:-1], low, high), np.clip(edges[1:], low, high), counts)


def histogram_of_tensor(tensor: Tensor) -> Histogram:
    """Return a histogram of the newer kind: rows of left edge, right edge and count.

    Raises:
        UnreadableError: The tensor has no such rows.
    """
    if tensor.numbers is None or len(tensor.numbers) % 3:
        raise UnreadableError("a histogram that has no rows of three")
    rows = tensor.numbers.reshape(-1, 3)
    return rebinned(rows[:, 0], rows[:, 1], rows[:, 2])


def rebinned(
    left: NDArray[np.float64], right: NDArray[np.float64], counts: NDArray[np.float64]
) -> Histogram:
    """Return buckets of any width as bins of equal width.

    The count of a bucket is spread evenly over the bins that it overlaps; rounding keeps the sum.

    Raises:
        UnreadableError: Edges that are not finite, or counts that no histogram has.
    """
    whole = np.isfinite(left) & np.isfinite(right) & np.isfinite(counts)
    if not whole.all() or (counts < 0).any() or counts.sum() > 2**53:
        raise UnreadableError("a histogram with edges or counts that are not finite")
    filled = counts > 0
    left, right, counts = left[filled], right[filled], counts[filled]
    total = round(float(counts.sum()))
    if not len(counts):
        return Histogram(low=0.0, high=0.0, counts=[], count=0)
    low, high = float(left.min()), float(right.max())
    if not math.isfinite(high - low) or high <= low:
        return Histogram(low=low, high=high, counts=[total], count=total)
    edges = np.linspace(low, high, BINS + 1)
    order = np.argsort(left, kind="stable")
    left, right, counts = left[order], right[order], counts[order]
    # Single values go into a sliver: the sum below each edge is then a plain interpolation.
    right = np.maximum(right, np.nextafter(left, np.inf))
    share = (edges[:, None] - left[None, :]) / (right - left)[None, :]
    below = (np.clip(share, 0, 1) * counts[None, :]).sum(axis=1)
    below[-1] = total
    return Histogram(
        low=low, high=high, counts=np.diff(np.round(below).astype(np.int64)).tolist(), count=total
    )


@dataclass(slots=True)
class Session:
    """What the hyperparameter plug-in says of a run.

    Attributes:
        hparams: Numbers are doubles, whatever they were.
        group: Name of the group of sessions; None without one.
        status: 1 succeeded, 2 failed, 3 running; None while nothing was said.
        ended: Seconds since 1970; None while it has not.
    """

    hparams: dict[str, Any] = field(default_factory=dict)
    group: str | None = None
    status: int | None = None
    ended: float | None = None

    def take(self, event: memoryview, place: int, end: int) -> None:
        """Add the content of one value of the plug-in.

        Raises:
            UnreadableError: It is no message.
        """
        for number, kind, _, start, stop in wire.fields(event, place, end):
            if number == 3 and kind == wire.BYTES:
                self._take_start(event, start, stop)
            elif number == 4 and kind == wire.BYTES:
                self._take_end(event, start, stop)

    def _take_start(self, event: memoryview, place: int, end: int) -> None:
        for number, kind, _, start, stop in wire.fields(event, place, end):
            if number == 1 and kind == wire.BYTES:
                parts = {f[0]: f for f in wire.fields(event, start, stop) if f[1] == wire.BYTES}
                if 1 in parts and 2 in parts:
                    name = wire.text(event, *parts[1][3:])
                    self.hparams[name] = _plain(event, *parts[2][3:])
            elif number == 4 and kind == wire.BYTES:
                self.group = wire.text(event, start, stop) or None

    def _take_end(self, event: memoryview, place: int, end: int) -> None:
        for number, kind, value, _, _ in wire.fields(event, place, end):
            if number == 1 and kind == wire.VARINT:
                self.status = value
            elif number == 2 and kind == wire.FIXED64:
                self.ended = wire.double(value)


def _plain(event: memoryview, place: int, end: int) -> Any:
    """Return a value of google/protobuf/struct.proto: a number, a text or a truth."""
    for number, kind, value, start, stop in wire.fields(event, place, end):
        if number == 2 and kind == wire.FIXED64:
            return wire.double(value)
        if number == 3 and kind == wire.BYTES:
            return wire.text(event, start, stop)
        if number == 4 and kind == wire.VARINT:
            return bool(value)
    return None
