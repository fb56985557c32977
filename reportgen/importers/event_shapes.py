"""Scalar events of TensorBoard in bulk.

A training writes one event a value: a million points are a million small messages, of which
nearly all have one of a few shapes. The shape of one is worked out field by field; all messages of
its length that are equal to it but for wall time, step, tag and value are then decoded together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray

from reportgen.errors import UnreadableError
from reportgen.importers import wire

FLOAT, DOUBLE = 1, 2
_MANY_TAGS = 32
_SIZES = {FLOAT: 4, DOUBLE: 8}


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the parts of a scalar event are.

    Attributes:
        wall: Of the eight bytes of the wall time.
        step: Begin and end of the step; None where it is 0 and left out.
        tag: Begin and end of the tag.
        value: Of the value.
        kind: FLOAT or DOUBLE.
        tensor: Whether the value stands in a tensor.
        bytes: Length of the event.
    """

    wall: int
    step: tuple[int, int] | None
    tag: tuple[int, int]
    value: int
    kind: int
    tensor: bool
    bytes: int

    def fixed(self) -> NDArray[np.bool_]:
        """Return which bytes are the same in every event of this shape."""
        mask = np.ones(self.bytes, dtype=bool)
        mask[self.wall : self.wall + 8] = False
        mask[self.tag[0] : self.tag[1]] = False
        mask[self.value : self.value + _SIZES[self.kind]] = False
        if self.step:
            mask[self.step[0] : self.step[1]] = False
        return mask


@dataclass(frozen=True, slots=True)
class Bulk:
    """Events of one shape, one element an event.

    Attributes:
        matched: Which rows have the shape.
        times, steps, values: Of the matched rows.
        tags: The different tags.
        tag_of: Index into ``tags``.
    """

    matched: NDArray[np.bool_]
    times: NDArray[np.float64]
    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    tags: list[bytes]
    tag_of: NDArray[np.int64]


def shape_of(event: memoryview) -> Shape | None:
    """Return the shape of an event, None when it is no plain scalar."""
    try:
        return _shape(event)
    except UnreadableError:
        return None


def _shape(event: memoryview) -> Shape | None:
    wall = summary = None
    step: tuple[int, int] | None = None
    for number, kind, _, start, end in wire.fields(event):
        if number == 1 and kind == wire.FIXED64 and wall is None:
            wall = start
        elif number == 2 and kind == wire.VARINT and step is None:
            step = (start, end)
        elif number == 5 and kind == wire.BYTES and summary is None:
            summary = (start, end)
        else:
            return None
    if wall is None or summary is None:
        return None
    parts = list(wire.fields(event, *summary))
    if len(parts) != 1 or parts[0][0] != 1 or parts[0][1] != wire.BYTES:
        return None
    found = _value_of(event, parts[0][3], parts[0][4])
    if found is None:
        return None
    tag, value, kind_of_value, tensor = found
    return Shape(wall, step, tag, value, kind_of_value, tensor, len(event))


def _value_of(
    event: memoryview, place: int, end: int
) -> tuple[tuple[int, int], int, int, bool] | None:
    """Return tag, place of the number, its kind and whether it is a tensor's."""
    tag: tuple[int, int] | None = None
    found: tuple[int, int, bool] | None = None
    for number, kind, _, start, stop in wire.fields(event, place, end):
        if number == 1 and kind == wire.BYTES and tag is None and stop > start:
            tag = (start, stop)
        elif number == 2 and kind == wire.FIXED32 and found is None:
            found = (start, FLOAT, False)
        elif number == 8 and kind == wire.BYTES and found is None:
            inside = _number_of(event, start, stop)
            if inside is None:
                return None
            found = (*inside, True)
        elif not (number == 7 and kind == wire.BYTES):
            return None
    return None if tag is None or found is None else (tag, *found)


def _number_of(event: memoryview, place: int, end: int) -> tuple[int, int] | None:
    """Return where the one number of a tensor without dimensions stands, and its kind."""
    dtype = 0
    spans: list[tuple[int, int, int]] = []
    for number, kind, value, start, stop in wire.fields(event, place, end):
        if number == 1 and kind == wire.VARINT:
            dtype = value
        elif number in (4, 5, 6) and kind != wire.VARINT:
            spans.append((number, start, stop))
        elif (number == 2 and start < stop) or number > 3:
            return None
    if dtype not in _SIZES or len(spans) != 1:
        return None
    field, start, stop = spans[0]
    right_field = field == 4 or field == (5 if dtype == FLOAT else 6)
    return (start, dtype) if right_field and stop - start == _SIZES[dtype] else None


def decode(rows: NDArray[np.uint8], shape: Shape) -> Bulk:
    """Decode the events that have a shape.

    Args:
        rows: ``(events, bytes of each)``; the first has the shape.
        shape: Of the first row.
    """
    words = _words(rows)
    fixed = _words(np.where(shape.fixed(), 255, 0).astype(np.uint8)[None, :])
    matched = ((words ^ words[0]) & fixed == 0).all(axis=1)
    steps = np.zeros(len(rows), dtype=np.uint64)
    if shape.step:
        digits = rows[:, shape.step[0] : shape.step[1]]
        goes_on = digits >= 0x80
        matched &= goes_on[:, :-1].all(axis=1) & ~goes_on[:, -1]
        for position in range(digits.shape[1]):
            part = digits[:, position].astype(np.uint64) & np.uint64(0x7F)
            steps |= part << np.uint64(7 * position)
    if not matched.all():
        rows, steps = rows[matched], steps[matched]
    wall = np.ascontiguousarray(rows[:, shape.wall : shape.wall + 8]).view("<f8")[:, 0]
    size = _SIZES[shape.kind]
    raw = np.ascontiguousarray(rows[:, shape.value : shape.value + size]).view(f"<f{size}")[:, 0]
    tags, tag_of = _tags(rows[:, shape.tag[0] : shape.tag[1]])
    return Bulk(
        matched=matched,
        times=wall.astype(np.float64),
        steps=steps.view(np.int64),
        values=shortest(raw) if shape.kind == FLOAT else raw.astype(np.float64),
        tags=tags,
        tag_of=tag_of,
    )


def _tags(columns: NDArray[np.uint8]) -> tuple[list[bytes], NDArray[np.int64]]:
    words = _words(columns).T
    tags: list[bytes] = []
    tag_of = np.zeros(len(columns), dtype=np.int64)
    rest = np.arange(len(columns))
    while len(rest) and len(tags) < _MANY_TAGS:
        same = np.ones(len(rest), dtype=bool)
        for part in words:
            same &= part[rest] == part[rest[0]]
        tag_of[rest[same]] = len(tags)
        tags.append(columns[rest[0]].tobytes())
        rest = rest[~same]
    if len(rest):
        texts = np.ascontiguousarray(columns[rest]).view(f"V{columns.shape[1]}")[:, 0].tolist()
        ids = {text: number for number, text in enumerate(dict.fromkeys(texts), len(tags))}
        tag_of[rest] = [ids[text] for text in texts]
        tags.extend(ids)
    return tags, tag_of


def _words(rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return rows of bytes as rows of numbers, padded with zeros: eight are compared at once."""
    padded = np.zeros((len(rows), -(-rows.shape[1] // 8) * 8), dtype=np.uint8)
    padded[:, : rows.shape[1]] = rows
    return padded.view(np.uint64)


def shortest(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return single-precision numbers as the doubles that their shortest decimal is.

    0.2 is stored in four bytes as what reads 0.20000000298 in eight; a reader of text wants 0.2,
    and the same four bytes come out of it again.
    """
    result = values.astype(np.float64)
    finite = np.flatnonzero(np.isfinite(values))
    if len(finite):
        text = orjson.dumps(
            np.ascontiguousarray(values[finite], dtype=np.float32),
            option=orjson.OPT_SERIALIZE_NUMPY,
        )
        result[finite] = orjson.loads(text)
    return result
