"""CRC-32C of many records at once, and of long ones in parts.

The polynomial is Castagnoli's (RFC 3720, section 12.1), reflected: 0x82F63B78. A loop over bytes
in Python takes 90 ns a byte; here records of one length go through the table side by side, and a
long record goes through it in lanes whose remainders are joined afterwards: the remainder of two
parts is that of the first, carried over as many zero bytes as the second has, plus the second's.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Words = NDArray[np.uint32]

_POLYNOMIAL: Final = 0x82F63B78
_LANE: Final = 512
_LONG: Final = 32 * _LANE
_MASK: Final = 0xA282EAD8


@cache
def _table() -> list[int]:
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (_POLYNOMIAL if number & 1 else 0)
        table.append(number)
    return table


@cache
def _double_table() -> Words:
    """Return what two bytes at once, the earlier one low, do to a remainder."""
    import numpy as np

    single = np.array(_table(), dtype=np.uint32)
    low = np.arange(65536, dtype=np.uint32)
    once = single[low & 0xFF] ^ (low >> 8)
    table: Words = single[once & 0xFF] ^ (once >> 8)
    return table


def masked(crc: Any) -> Any:
    """Return a CRC, or an array of them, as TFRecord files store it."""
    return ((crc >> 15 | crc << 17 & 0xFFFFFFFF) + _MASK) & 0xFFFFFFFF


def crc32c(data: bytes | memoryview) -> int:
    """Return the CRC-32C of ``data``."""
    if len(data) < _LONG:
        return _in_turn(data, 0xFFFFFFFF) ^ 0xFFFFFFFF
    import numpy as np

    lanes = len(data) // _LANE
    matrix = np.frombuffer(data, dtype=np.uint8, count=lanes * _LANE).reshape(lanes, _LANE)
    remainders = _remainders(matrix, np.zeros(lanes, dtype=np.uint32)).tolist()
    carry = _carry_over_lane()
    crc = 0xFFFFFFFF
    for remainder in remainders:
        crc = (
            carry[0][crc & 0xFF]
            ^ carry[1][crc >> 8 & 0xFF]
            ^ carry[2][crc >> 16 & 0xFF]
            ^ carry[3][crc >> 24]
            ^ remainder
        )
    return _in_turn(data[lanes * _LANE :], crc) ^ 0xFFFFFFFF


def crc32c_rows(rows: NDArray[np.uint8]) -> Words:
    """Return the CRC-32C of each row.

    Args:
        rows: ``(records, bytes of each)``.
    """
    import numpy as np

    ones = np.full(len(rows), 0xFFFFFFFF, dtype=np.uint32)
    return _remainders(rows, ones) ^ ones


def _in_turn(data: bytes | memoryview, crc: int) -> int:
    table = _table()
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc


def _remainders(rows: NDArray[np.uint8], crc: Words) -> Words:
    """Return the remainders of rows after ``crc``, two bytes at a time."""
    import numpy as np

    table = _double_table()
    length = rows.shape[1]
    even = length - length % 2
    crc = crc.copy()
    # Columns side by side in memory: each is gone through as a whole, in place.
    for column in np.ascontiguousarray(np.ascontiguousarray(rows[:, :even]).view("<u2").T):
        low = crc.astype(np.uint16)
        low ^= column
        crc >>= np.uint32(16)
        crc ^= table.take(low)
    if length % 2:
        single = np.array(_table(), dtype=np.uint32)
        crc = single[(crc ^ rows[:, -1]) & 0xFF] ^ crc >> 8
    return crc


@cache
def _carry_over_lane() -> list[list[int]]:
    """Return, for each byte of a remainder, what a lane of zeros behind it makes of it."""
    import numpy as np

    tables = []
    zeros = np.zeros((256, _LANE), dtype=np.uint8)
    for shift in (0, 8, 16, 24):
        begun = np.arange(256, dtype=np.uint32) << np.uint32(shift)
        tables.append(_remainders(zeros, begun).tolist())
    return tables
