"""Read a gzip-compressed tar file of one kind: the pax format that `reportgen bundle` writes.

The standard library's reader takes part in nothing here: it knows links, sparse files and global
headers, and obeys them. The format is that of POSIX.1-2017, pax, "ustar Interchange Format".
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from reportgen.reproduce.archive import MODE, Member, Names, output_limit, over_limit, refused

_BLOCK = 512
_ZEROS = bytes(_BLOCK)
_PIECE = 1 << 18
_PADDING = 20 * _BLOCK
_PAX_BYTES = 8_192
_OCTAL = re.compile(rb"[0-7]{11}\0")
_CHECKSUM = re.compile(rb"[0-7]{6}\0 ")
_NUMBER = re.compile(rb"[1-9][0-9]{0,14}|0")
_KINDS = {
    b"1": "a hard link",
    b"2": "a link",
    b"3": "a device",
    b"4": "a device",
    b"5": "a folder",
    b"6": "a pipe",
    b"g": "a global header",
    b"L": "a name in the form of GNU",
    b"S": "a sparse file",
}


def tar_members(file: BinaryIO, archive_bytes: int) -> Iterator[Member]:
    """Yield the members of a bundle in its order; each must be read before the next.

    Args:
        file: At its beginning.
        archive_bytes: Its size.

    Raises:
        UnreadableError: It is no such archive, or over a limit.
    """
    source = _Inflated(file, output_limit(archive_bytes))
    names = Names()
    while (header := source.exactly(_BLOCK)) != _ZEROS:
        extended: dict[bytes, bytes] = {}
        if _kind(header) == b"x":
            extended = _extended(source.padded(_size(header, limit=_PAX_BYTES)))
            header = source.exactly(_BLOCK)
        kind = _kind(header)
        name = extended.get(b"path") or header[:100].rstrip(b"\0")
        if kind != b"0":
            what = _KINDS.get(kind, f"a member of the unknown kind {kind!r}")
            raise refused(f"{name[:200]!r} is {what}", expected="regular files alone")
        _check_plain(header, name)
        size = _size(header, limit=source.limit)
        if b"size" in extended:
            size = int(extended[b"size"])
        pieces = source.pieces(size)
        yield Member(*names.take(name), size, pieces)
        for _ in pieces:  # whoever asked did not want to the end
            pass
        source.exactly(-size % _BLOCK)
    source.finish()


def _kind(header: bytes) -> bytes:
    stated = header[148:156]
    counted = sum(header) - sum(stated) + 8 * 0x20
    if not _CHECKSUM.fullmatch(stated) or int(stated[:6], 8) != counted:
        raise refused("a header of the archive is damaged")
    if header[257:265] != b"ustar\x0000":
        raise refused("is a tar file of another kind", expected="one of `reportgen bundle`")
    return header[156:157]


def _check_plain(header: bytes, name: bytes) -> None:
    mode = header[100:108].rstrip(b"\0 ")
    if mode.lstrip(b"0") != b"%o" % (MODE & 0o7777):
        raise refused(f"{name[:200]!r} has the mode {mode!r}", expected="0644")
    if header[157:257].strip(b"\0") or header[345:500].strip(b"\0"):
        raise refused(f"{name[:200]!r} has a link's target or a prefix")


def _size(header: bytes, *, limit: int) -> int:
    field = header[124:136]
    if not _OCTAL.fullmatch(field):
        raise refused("a size in the archive is no octal number")
    size = int(field[:-1], 8)
    if size > limit:
        raise over_limit(f"a member of {size} bytes", f"at most {limit}")
    return size


def _extended(body: bytes) -> dict[bytes, bytes]:
    """Return the records of an extended header: ``<length> <key>=<value>`` and a newline."""
    found: dict[bytes, bytes] = {}
    while body:
        digits, space, _ = body.partition(b" ")
        length = int(digits) if space and _NUMBER.fullmatch(digits) else 0
        record = body[:length]
        key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
        if length < 5 or len(record) != length or not equals or not record.endswith(b"\n"):
            raise refused("an extended header of the archive is damaged")
        if key not in (b"path", b"size") or key in found:
            raise refused(f"an extended header of the archive says {key[:60]!r}")
        if key == b"size" and not _NUMBER.fullmatch(value):
            raise refused("a size in the archive is no number")
        found[key] = value
        body = body[length:]
    return found


class _Inflated:
    """The bytes that come out of one gzip member, counted while they come."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self.limit = limit
        self._file = file
        self._inflate = zlib.decompressobj(31)
        self._ready = b""
        self._out = 0

    def _more(self) -> bytes:
        """Return the next bytes, none at the end."""
        while not self._inflate.eof:
            given = self._inflate.unconsumed_tail or self._file.read(_PIECE)
            if not given:
                raise refused("ends in the middle")
            try:
                piece = self._inflate.decompress(given, _PIECE)
            except zlib.error:
                raise refused("is no gzip file, or a damaged one") from None
            self._out += len(piece)
            if self._out > self.limit:
                raise over_limit("unpacks to too much", f"at most {self.limit} bytes for its size")
            if piece:
                return piece
        return b""

    def pieces(self, size: int) -> Iterator[bytes]:
        while size:
            piece = self._ready or self._more()
            if not piece:
                raise refused("ends in the middle")
            piece, self._ready = piece[:size], piece[size:]
            size -= len(piece)
            yield piece

    def exactly(self, size: int) -> bytes:
        return b"".join(self.pieces(size))

    def padded(self, size: int) -> bytes:
        return self.exactly(size + -size % _BLOCK)[:size]

    def finish(self) -> None:
        """Refuse whatever is behind the end mark, other than its padding."""
        padding = 0
        while piece := self._ready or self._more():
            self._ready = b""
            padding += len(piece)
            if padding > _PADDING or piece.strip(b"\0"):
                raise refused("holds bytes behind its end")
        if self._inflate.unused_data or self._file.read(1):
            raise refused("holds bytes behind its end")
