"""Read a zip file of one kind: the one that `reportgen bundle` writes.

Its members must fill the file from the first byte to the directory without gap or overlap, and
directory and members must say the same. The format is PKWARE's APPNOTE.TXT, 4.3 and 4.5.3.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from reportgen.reproduce.archive import (
    MEMBERS,
    MODE,
    NAME_BYTES,
    Member,
    Names,
    output_limit,
    over_limit,
    refused,
)

_PIECE = 1 << 18
_DIRECTORY_BYTES = 32 * 2**20
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_UTF8 = 0x800
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF


class _Listed(NamedTuple):
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int


def zip_members(file: BinaryIO, archive_bytes: int) -> Iterator[Member]:
    """Yield the members of a bundle in its order; each must be read before the next.

    Args:
        file: Seekable.
        archive_bytes: Its size.

    Raises:
        UnreadableError: It is no such archive, or over a limit.
    """
    count, size, start = _directory(file, archive_bytes)
    limit = output_limit(archive_bytes)
    entries = list(_entries(_at(file, start, size), count))
    if (total := sum(entry.size for entry in entries)) > limit:
        raise over_limit(f"unpacks to {total} bytes", f"at most {limit} for its size")
    names = Names()
    paths = [names.take(entry.name) for entry in entries]
    position = 0
    for (top, path), entry in zip(paths, entries, strict=True):
        if entry.offset != position:
            raise refused(f"{path!r:.200} does not follow the member before it")
        position = _local(file, entry, path)
        pieces = _content(file, entry, position, path)
        yield Member(top, path, entry.size, pieces)
        for _ in pieces:  # whoever asked did not want to the end
            pass
        position += entry.packed
    if position != start:
        raise refused("holds bytes between its members and its directory")


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    data = file.read(size)
    if len(data) != size:
        raise refused("ends in the middle")
    return data


def _directory(file: BinaryIO, archive_bytes: int) -> tuple[int, int, int]:
    """Return how many entries the directory has, its size, and where it starts."""
    end = archive_bytes - _END.size
    if end < 0:
        raise refused("is no zip file")
    found = _END.unpack(_at(file, end, _END.size))
    magic, disk, first, here, count, size, start, comment = found
    if magic != b"PK\5\6" or comment:
        raise refused("is no zip file, or one with a comment or bytes behind it")
    if _FULL_16 in (count, here) or _FULL_32 in (size, start):
        end -= _LOCATOR.size + _END_64.size
        if end < 0:
            raise refused("ends in the middle")
        wide = _END_64.unpack(_at(file, end, _END_64.size))
        locator = _LOCATOR.unpack(_at(file, end + _END_64.size, _LOCATOR.size))
        if wide[0] != b"PK\6\6" or wide[1] != 44 or locator != (b"PK\6\7", 0, end, 1):
            raise refused("its large-file directory is damaged")
        disk, first, here, count, size, start = wide[4:]
    if disk or first or here != count or start + size != end:
        raise refused("its directory is damaged, or there are bytes before or behind it")
    if count > MEMBERS or size > min(_DIRECTORY_BYTES, count * (_ENTRY.size + NAME_BYTES + 64)):
        raise over_limit(f"lists {count} files in {size} bytes", f"at most {MEMBERS} files")
    return count, size, start


def _entries(directory: bytes, count: int) -> Iterator[_Listed]:
    position = 0
    for _ in range(count):
        if position + _ENTRY.size > len(directory):
            raise refused("its directory is damaged")
        fields = _ENTRY.unpack_from(directory, position)
        magic, made, _, flags, method, _, _, crc, packed, size, in_name, in_extra = fields[:12]
        comment, disk, _, mode, offset = fields[12:]
        position += _ENTRY.size
        name = directory[position : position + in_name]
        extra = directory[position + in_name : position + in_name + in_extra]
        position += in_name + in_extra
        if magic != b"PK\1\2" or comment or disk or len(extra) != in_extra:
            raise refused("its directory is damaged")
        if made >> 8 != 3 or mode >> 16 != MODE:
            raise refused(f"{name[:200]!r} has the mode {mode >> 16:o}", expected="100644")
        _check_method(name, flags, method)
        size, packed, offset = _widened(extra, size, packed, offset)
        yield _Listed(name, flags, method, crc, packed, size, offset)
    if position != len(directory):
        raise refused("its directory is damaged")


def _check_method(name: bytes, flags: int, method: int) -> None:
    if flags & ~_UTF8:
        what = "is encrypted" if flags & 1 else f"has the flags {flags:#x}"
        raise refused(f"{name[:200]!r} {what}")
    if method not in (_STORED, _DEFLATED):
        raise refused(f"{name[:200]!r} is packed by method {method}", expected="deflate or none")


def _widened(extra: bytes, *narrow: int) -> list[int]:
    """Return sizes and offset, those that did not fit 32 bits from the extra field."""
    wanted = [value == _FULL_32 for value in narrow]
    if extra and (len(extra) < 4 or struct.unpack("<2H", extra[:4]) != (1, len(extra) - 4)):
        raise refused("a member has an extra field of another kind")
    values = [value[0] for value in struct.iter_unpack("<Q", extra[4 : len(extra) // 8 * 8 + 4])]
    if len(extra) not in (0, 4 + 8 * len(values)) or len(values) != sum(wanted):
        raise refused("the sizes of a member contradict each other")
    return [values.pop(0) if wide else value for value, wide in zip(narrow, wanted, strict=True)]


def _local(file: BinaryIO, entry: _Listed, path: str) -> int:
    """Compare a member's own header with the directory, and return where its bytes start."""
    fields = _LOCAL.unpack(_at(file, entry.offset, _LOCAL.size))
    magic, _, flags, method, _, _, crc, packed, size, in_name, in_extra = fields
    rest = _at(file, entry.offset + _LOCAL.size, in_name + in_extra)
    if magic == b"PK\3\4":
        extra = rest[in_name:]
        # Of two sizes that did not fit, the header of a member holds both or neither.
        if extra and (packed, size) != (_FULL_32, _FULL_32):
            raise refused(f"{path!r:.200}: the sizes of a member contradict each other")
        size, packed = _widened(extra, size, packed)
    said = (rest[:in_name], flags, method, crc, packed, size)
    if magic != b"PK\3\4" or said != entry[:-1]:
        raise refused(f"{path!r:.200} is another member in the directory than where it lies")
    return entry.offset + _LOCAL.size + len(rest)


def _content(file: BinaryIO, entry: _Listed, start: int, path: str) -> Iterator[bytes]:
    file.seek(start)
    inflate = zlib.decompressobj(-15) if entry.method == _DEFLATED else None
    left, out, crc = entry.packed, 0, 0
    waiting = b""
    while True:
        given = waiting or file.read(min(_PIECE, left))
        left -= 0 if waiting else len(given)
        piece, waiting = _unpacked(inflate, given, path)
        if not piece and not given:
            break
        out += len(piece)
        crc = zlib.crc32(piece, crc)
        if out > entry.size:
            raise over_limit(f"{path!r:.200} unpacks to more than it says", f"{entry.size} bytes")
        yield piece
    whole = inflate is None or inflate.eof
    if left or out != entry.size or crc != entry.crc or not whole:
        raise refused(f"{path!r:.200} is damaged")
    file.seek(start + entry.packed, os.SEEK_SET)


def _unpacked(inflate: zlib._Decompress | None, given: bytes, path: str) -> tuple[bytes, bytes]:
    if inflate is None:
        return given, b""
    try:
        piece = inflate.decompress(given, _PIECE)
    except zlib.error:
        raise refused(f"{path!r:.200} is damaged") from None
    if inflate.unused_data:
        raise refused(f"{path!r:.200} holds bytes behind its end")
    return piece, inflate.unconsumed_tail
