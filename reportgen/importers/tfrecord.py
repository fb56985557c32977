"""TFRecord files: length, its masked CRC-32C, data, their masked CRC-32C, record after record.

The format is documented with tf.io (tensorflow.org/tutorials/load_data/tfrecord, "TFRecords format
details"). Whatever the bytes are, reading ends with the records that are whole, and problems that
name the byte where it went wrong; nothing is allocated by a length that a file only claims.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reportgen.fs.crc32c import crc32c, crc32c_rows, masked
from reportgen.runs.problems import Problem

RECORD_BYTES = 64 * 2**20
"""Longest record that is read."""
_BLOCK = 16 * 2**20
_FRAME = 16
_ROWS = 16
_LONGEST_OF_GROUP = 4096
_SHOWN = 20
_LENGTH = struct.Struct("<Q")
_PORTION = 128
_LONGEST_PERIOD = 60
_FIRST_CHECKED = 512
_CHECKED = 8192


@dataclass(slots=True)
class Block:
    """Whole records of a file.

    Attributes:
        data: Bytes that hold them.
        starts: Where the data of each begin.
        lengths: Their bytes.
        base: Place of ``data`` in the file.
    """

    data: bytes
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    base: int
    _groups: list[tuple[NDArray[np.int64], NDArray[np.uint8]]] | None = None

    def record(self, index: int) -> memoryview:
        """Return the data of one record."""
        start = int(self.starts[index])
        return memoryview(self.data)[start : start + int(self.lengths[index])]

    def groups(self) -> list[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        """Return the short records that share their length with others.

        Each group has the indices of its records, and their data as a row each; both reading
        steps use it, so it is made once.
        """
        if self._groups is None:
            self._groups = list(self._grouped())
        return self._groups

    def _grouped(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        whole = np.frombuffer(self.data, dtype=np.uint8)
        short = self.lengths[self.lengths <= _LONGEST_OF_GROUP]
        counts = np.bincount(short, minlength=1)
        for length in np.flatnonzero(counts >= _ROWS).tolist():
            indices = np.flatnonzero(self.lengths == length)
            windows = np.lib.stride_tricks.sliding_window_view(whole, length or 1)
            yield indices, windows[self.starts[indices]][:, :length]


@dataclass(slots=True)
class RecordReader:
    """Reads one file.

    Attributes:
        name: Of the file, for problems.
        problems: What was noticed: a torn end, records that were skipped, a place behind which
            nothing can be found.
        skipped: Records left out because their data do not match their CRC.
        ended: Whether the rest of the file cannot be read.
    """

    name: str
    problems: list[Problem] = field(default_factory=list)
    skipped: int = 0
    ended: bool = False

    def blocks(self, pieces: Iterable[bytes]) -> Iterator[Block]:
        """Yield the records of a file given in pieces."""
        base, data = 0, b""
        pending: list[bytes] = []
        waiting = 0
        for piece in pieces:
            pending.append(piece)
            waiting += len(piece)
            if waiting < _BLOCK:
                continue
            data = b"".join((data, *pending))
            pending, waiting = [], 0
            block, used = self._block(data, base)
            yield block
            data, base = data[used:], base + used
            if len(data) > RECORD_BYTES + _FRAME:
                self._look_at_end(data, base)
                self.ended = True
            if self.ended:
                return
        data = b"".join((data, *pending))
        block, used = self._block(data, base)
        yield block
        if not self.ended:
            self._look_at_end(data[used:], base + used)

    def _block(self, data: bytes, base: int) -> tuple[Block, int]:
        """Return the whole records at the start of ``data`` and how many bytes they take."""
        starts, lengths, used = self._frames(data)
        block = Block(data, starts, lengths, base)
        good = self._with_good_lengths(block)
        if good < len(starts):
            self._end(base + int(starts[good]) - 12, "has a length that does not match its CRC")
            block = Block(data, block.starts[:good], block.lengths[:good], base)
        return self._with_good_data(block), used

    def _frames(self, data: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        """Return where the data of each whole record begin, their lengths, and where they end.

        Each record says where the next one is. A training logs the same metrics over and over
        though, so the pattern of lengths is guessed from the last ones, and checked in bulk.
        """
        starts: list[NDArray[np.int64]] = []
        lengths: list[NDArray[np.int64]] = []
        place, portion = 0, _PORTION
        while True:
            found, place = _in_turn(data, place, portion)
            widths = np.array(found, dtype=np.int64)
            ends = place - np.cumsum((widths + _FRAME)[::-1])[::-1]
            starts.append(ends + 12)
            lengths.append(widths)
            if len(found) < portion:
                break
            period = _period(found)
            count = _repeats(data, place, found[-period:]) if period else 0
            if count:
                pattern = np.array(found[-period:], dtype=np.int64)
                widths = np.tile(pattern, count)
                begins = place + np.cumsum(widths + _FRAME) - (widths + _FRAME)
                starts.append(begins + 12)
                lengths.append(widths)
                place = int(begins[-1] + widths[-1] + _FRAME)
            # Guessing costs as much as reading some records: less of it where it does not pay.
            portion = _PORTION if count > 4 else min(2 * portion, 4096)
        return np.concatenate(starts), np.concatenate(lengths), place

    def _with_good_lengths(self, block: Block) -> int:
        """Return how many records come before the first whose length is damaged."""
        if not len(block.starts):
            return 0
        different = np.flatnonzero(np.bincount(np.minimum(block.lengths, _LONGEST_OF_GROUP)))
        if different[-1] == _LONGEST_OF_GROUP:
            different = np.unique(block.lengths)
        crcs = masked(crc32c_rows(different.astype("<u8").view(np.uint8).reshape(-1, 8)))
        expected = crcs[np.searchsorted(different, block.lengths)]
        bad = np.flatnonzero(expected != _words(block.data, block.starts - 4))
        return int(bad[0]) if len(bad) else len(block.starts)

    def _with_good_data(self, block: Block) -> Block:
        """Return a block without the records whose data are damaged."""
        good = np.ones(len(block.starts), dtype=bool)
        checked = np.zeros(len(block.starts), dtype=bool)
        ends = block.starts + block.lengths
        for indices, rows in block.groups():
            good[indices] = masked(crc32c_rows(rows)) == _words(block.data, ends[indices])
            checked[indices] = True
        for index in np.flatnonzero(~checked).tolist():
            end = int(ends[index])
            (stored_one,) = struct.unpack_from("<I", block.data, end)
            good[index] = masked(crc32c(block.record(index))) == stored_one
        if good.all():
            return block
        for index in np.flatnonzero(~good).tolist():
            self._skip(block.base + int(block.starts[index]) - 12)
        return Block(block.data, block.starts[good], block.lengths[good], block.base)

    def _skip(self, place: int) -> None:
        self.skipped += 1
        if self.skipped <= _SHOWN:
            message = f"the record at byte {place} does not match its CRC and is left out"
            self.problems.append(Problem("import.corrupt", "error", self.name, message))

    def _end(self, place: int, what: str) -> None:
        self.ended = True
        message = f"the record at byte {place} {what}: nothing behind it is read"
        self.problems.append(Problem("import.corrupt", "error", self.name, message))

    def _look_at_end(self, rest: bytes, place: int) -> None:
        """Say what is behind the last whole record: nothing, or a record cut off.

        A header of zeros ends a file whose space was reserved beforehand.
        """
        if not rest[:12].strip(b"\0"):
            return
        message = f"the record at byte {place} is cut off: its writer was stopped or still runs"
        if len(rest) >= 12:
            (length,) = _LENGTH.unpack_from(rest)
            (stored,) = struct.unpack_from("<I", rest, 8)
            if masked(crc32c(rest[:8])) != stored:
                self._end(place, "has a length that does not match its CRC")
                return
            if length > RECORD_BYTES:
                self._end(place, f"has {length} bytes, at most {RECORD_BYTES} are read")
                return
        self.problems.append(Problem("import.torn_tail", "info", self.name, message))


def _words(data: bytes, places: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return the four bytes at each place as a number."""
    windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(data, dtype=np.uint8), 4)
    return windows[places].view("<u4")[:, 0]


def _in_turn(data: bytes, place: int, most: int) -> tuple[list[int], int]:
    """Return the lengths of up to ``most`` whole records from ``place`` on, and where they end."""
    lengths: list[int] = []
    unpack, last = _LENGTH.unpack_from, len(data) - _FRAME
    while place <= last and len(lengths) < most:
        (length,) = unpack(data, place)
        if length > last - place or (length == 0 and data[place : place + 12] == bytes(12)):
            break
        lengths.append(length)
        place += _FRAME + length
    return lengths, place


def _period(lengths: list[int]) -> int:
    """Return after how many records the lengths at the end repeat, 0 when they do not."""
    for period in range(1, min(_LONGEST_PERIOD, len(lengths) // 2) + 1):
        if lengths[-period:] == lengths[-2 * period : -period]:
            return period
    return 0


def _repeats(data: bytes, place: int, pattern: list[int]) -> int:
    """Return how many times records of these lengths follow one another from ``place`` on."""
    if 0 in pattern:  # may be the padding at the end of a file
        return 0
    stride = sum(pattern) + _FRAME * len(pattern)
    there = (len(data) - place) // stride
    found, asked = 0, _FIRST_CHECKED
    while found < there:
        count = min(asked, there - found)
        good = _checked(data, place + stride * found, pattern, count)
        found += good
        if good < count:
            break
        asked = _CHECKED
    return found


def _checked(data: bytes, place: int, pattern: list[int], count: int) -> int:
    """Return how many of ``count`` repetitions of the pattern stand from ``place`` on."""
    stride = sum(pattern) + _FRAME * len(pattern)
    windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(data, dtype=np.uint8), 8)
    rows = place + stride * np.arange(count)
    good = np.ones(count, dtype=bool)
    for length in pattern:
        good &= windows[rows].view("<u8")[:, 0] == length
        rows = rows + length + _FRAME
    bad = np.flatnonzero(~good)
    return int(bad[0]) if len(bad) else count
