"""The bytes of a line file as blocks of whole lines, with lines of any length bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reportgen.fs.regular import PIECE


class Block(NamedTuple):
    """Consecutive whole lines.

    Attributes:
        line: Number of the first one, from 1.
        data: The lines without the last newline; empty for a line that is too long.
        lines: How many lines these are.
        torn: Whether these are the bytes behind the last newline of the file.
        too_long: Length of the one line that is too long to be read, else 0.
    """

    line: int
    data: bytes
    lines: int = 1
    torn: bool = False
    too_long: int = 0


def blocks_of(pieces: Iterable[bytes], line_bytes: int) -> Iterator[Block]:
    """Yield the lines of a file in blocks of about :data:`reportgen.fs.regular.PIECE` bytes.

    Args:
        pieces: The bytes of the file.
        line_bytes: Length over which a line is skipped.
    """
    line = 1
    tail = b""
    skipped = 0
    for piece in _small(pieces, line_bytes):
        if skipped:
            head, newline, piece = piece.partition(b"\n")
            skipped += len(head)
            if not newline:
                continue
            yield Block(line, b"", too_long=skipped)
            line, skipped = line + 1, 0
        whole, newline, rest = piece.rpartition(b"\n")
        if not newline:
            tail += rest
        else:
            for block in _closed(line, tail + whole, line_bytes):
                yield block
                line = block.line + block.lines
            tail = rest
        if len(tail) > line_bytes:
            skipped, tail = len(tail), b""
    if skipped or tail:
        yield Block(line, tail, torn=True, too_long=skipped)


def _closed(line: int, data: bytes, line_bytes: int) -> Iterator[Block]:
    """Yield one block, or two when the first line, which alone can be so, is too long."""
    first = data.find(b"\n")
    length = first if first >= 0 else len(data)
    if length <= line_bytes:
        yield Block(line, data, data.count(b"\n") + 1)
        return
    yield Block(line, b"", too_long=length)
    if first >= 0:
        rest = data[first + 1 :]
        yield Block(line + 1, rest, rest.count(b"\n") + 1)


def _small(pieces: Iterable[bytes], line_bytes: int) -> Iterator[bytes]:
    size = min(PIECE, line_bytes)
    for piece in pieces:
        yield from (piece[start : start + size] for start in range(0, len(piece), size))
