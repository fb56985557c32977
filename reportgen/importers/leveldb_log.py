"""The record log of LevelDB, as wandb writes it: blocks of 32 KiB, records cut where they end.

The format is documented with LevelDB (github.com/google/leveldb, doc/log_format.md). wandb puts
seven bytes before the first record and takes zlib's CRC-32 of type and data, not a masked CRC-32C.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from reportgen.runs.problems import Problem

MAGIC: Final = b":W&B"
HEADER: Final = 7
_BLOCK: Final = 32_768
_HEAD = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_RECORD_BYTES = 64 * 2**20
_SHOWN = 20


@dataclass(slots=True)
class LogReader:
    """Reads one log.

    Attributes:
        name: Of the file, for problems.
        problems: A torn end, and places where records were lost.
    """

    name: str
    problems: list[Problem] = field(default_factory=list)

    def records(self, data: bytes) -> Iterator[bytes]:
        """Yield the whole records of a file; after a damaged one reading goes on in the next
        block.
        """
        place = HEADER
        parts: list[bytes] = []
        while place + _HEAD.size <= len(data):
            left = _BLOCK - place % _BLOCK
            if left < _HEAD.size:
                place += left
                continue
            crc, length, kind = _HEAD.unpack_from(data, place)
            if crc == 0 and length == 0 and kind == 0:
                place += left  # space that was reserved and never written
                continue
            begin = place + _HEAD.size
            body = data[begin : begin + length]
            if len(body) < length and begin + length <= place + left:
                break
            if length > left - _HEAD.size or zlib.crc32(data[begin - 1 : begin + length]) != crc:
                self._lost(place)
                parts = []
                place += left
                continue
            place = begin + length
            if kind in (_FULL, _FIRST):
                parts = [body]
            elif kind in (_MIDDLE, _LAST) and parts:
                parts.append(body)
            if sum(map(len, parts)) > _RECORD_BYTES:
                parts = []
            if kind in (_FULL, _LAST) and parts:
                yield b"".join(parts)
                parts = []
        if place < len(data) or parts:
            message = f"the record at byte {place} is cut off: its writer was stopped or still runs"
            self.problems.append(Problem("import.torn_tail", "info", self.name, message))

    def _lost(self, place: int) -> None:
        if len(self.problems) < _SHOWN:
            message = f"the record at byte {place} does not match its CRC; its block is left out"
            self.problems.append(Problem("import.corrupt", "error", self.name, message))
