"""Protocol buffers without their descriptions: fields by number, as protobuf.dev/programming-guides
/encoding lays them out.

Groups, which have been deprecated since before the formats read here, are refused like any other
bytes that are no message.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from reportgen.errors import UnreadableError

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5

Field = tuple[int, int, int, int, int]
"""Number of the field, wire type, the number in it (0 for bytes), and where its value begins and
ends."""


def fields(view: memoryview, place: int = 0, end: int | None = None) -> Iterator[Field]:
    """Yield the fields of a message in order.

    Args:
        view: Bytes that hold the message.
        place, end: Where it begins and ends in them.

    Raises:
        UnreadableError: These bytes are no message.
    """
    end = len(view) if end is None else end
    while place < end:
        key, place = varint(view, place, end)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise UnreadableError("is no message: a field with the number 0")
        if kind == VARINT:
            value, after = varint(view, place, end)
            yield number, kind, value, place, after
            place = after
            continue
        if kind == BYTES:
            size, place = varint(view, place, end)
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
        else:
            raise UnreadableError(f"is no message: a field of the kind {kind}")
        if size > end - place:
            raise UnreadableError("is no message: a field that is longer than it")
        number_in = 0 if kind == BYTES else int.from_bytes(view[place : place + size], "little")
        yield number, kind, number_in, place, place + size
        place += size


def varint(view: memoryview, place: int, end: int) -> tuple[int, int]:
    """Return the number at ``place`` and the place behind it.

    Raises:
        UnreadableError: It does not end, or has more than ten bytes.
    """
    result = shift = 0
    for index in range(place, min(place + 10, end)):
        byte = view[index]
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result & 0xFFFFFFFFFFFFFFFF, index + 1
        shift += 7
    raise UnreadableError("is no message: a number that does not end")


def signed(value: int) -> int:
    """Return an int64 field: negative numbers are written as their two's complement."""
    return value - 2**64 if value >= 2**63 else value


def double(value: int) -> float:
    """Return the double in the number of a 64-bit field."""
    number: float = struct.unpack("<d", value.to_bytes(8, "little"))[0]
    return number


def float32(value: int) -> float:
    """Return the float in the number of a 32-bit field."""
    number: float = struct.unpack("<f", value.to_bytes(4, "little"))[0]
    return number


def text(view: memoryview, place: int, end: int) -> str:
    """Return text; bytes that are no UTF-8 are replaced."""
    return bytes(view[place:end]).decode("utf-8", "replace")
