from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UnreadableError
from reportgen.importers import wire


def fields(data: bytes) -> list[tuple[int, int, int, bytes]]:
    view = memoryview(data)
    return [(n, kind, value, data[a:b]) for n, kind, value, a, b in wire.fields(view)]


def test_each_kind_of_field() -> None:
    assert fields(b"\x08\x96\x01") == [(1, wire.VARINT, 150, b"\x96\x01")]
    assert fields(b"\x12\x02ab") == [(2, wire.BYTES, 0, b"ab")]
    assert fields(b"\x1d\x01\x00\x00\x00") == [(3, wire.FIXED32, 1, b"\x01\0\0\0")]
    assert fields(b"\x21" + bytes(8)) == [(4, wire.FIXED64, 0, bytes(8))]


@pytest.mark.parametrize(
    "data",
    [
        b"\x08",
        b"\x08" + b"\xff" * 11,
        b"\x12\x05ab",
        b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x1d\x01",
        b"\x0b\x0c",
        b"\x00\x00",
        b"\x0f",
    ],
)
def test_what_is_no_message(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        fields(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    try:
        found = fields(data)
    except UnreadableError:
        return
    assert sum(len(body) for *_, body in found) <= len(data)


@given(st.integers(-(2**63), 2**63 - 1))
def test_signed_numbers(number: int) -> None:
    assert wire.signed(number % 2**64) == number
