"""Whether a figure's file shows something: decoded within limits, by the standard library alone.

PNG (w3.org/TR/png): every chunk's checksum is compared and the whole image data decompressed, never
more than the header's size asks for. That all of it is one colour shows before the row filters are
undone: of a constant image each filter leaves only one possible row. SVG: parsed, and its drawn
elements counted. Of JPEG, GIF and WebP only the sizes are read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_IMAGE_BYTES: Final = 256 * 2**20
_SVG_BYTES: Final = 16 * 2**20
_DRAWN: Final = frozenset(
    ("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "image", "use")
)
# x and y of the first pixel, then the steps between pixels, of the seven passes of an interlaced
# image (w3.org/TR/png, "Interlacing").
_PASSES: Final = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """What the bytes of a figure show.

    Attributes:
        kind: ``PNG``, ``SVG``, ``JPEG``, ``GIF``, ``WebP``, or ``unknown``.
        fault: Why it shows nothing, or None.
        decoded: Whether its content was looked at; of some kinds only the header is read.
    """

    kind: str
    fault: str | None = None
    decoded: bool = True


def inspect_picture(data: bytes) -> Picture:
    """Return what the bytes of a figure are."""
    if data.startswith(_PNG):
        try:
            return Picture("PNG", _png_fault(data))
        except (struct.error, zlib.error, _DamagedError) as error:
            return Picture("PNG", f"does not decode ({str(error)[:80]})")
    if data.startswith(b"\xff\xd8\xff"):
        cut = None if data.rstrip(b"\0").endswith(b"\xff\xd9") else "is cut off"
        return Picture("JPEG", cut, decoded=False)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return Picture("GIF", None if data.endswith(b";") else "is cut off", decoded=False)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        whole = int.from_bytes(data[4:8], "little") + 8 <= len(data)
        return Picture("WebP", None if whole else "is cut off", decoded=False)
    if b"<svg" in data[:8192]:
        return Picture("SVG", _svg_fault(data))
    return Picture("unknown", "is no picture" if data else "is empty")


class _DamagedError(Exception):
    pass


# -- PNG ----------------------------------------------------------------------------------


def _png_fault(data: bytes) -> str | None:
    chunks = list(_chunks(data))
    if not chunks or chunks[0][0] != b"IHDR" or chunks[-1][0] != b"IEND":
        raise _DamagedError("no header, or no end")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth not in _DEPTHS.get(colour, ()) or not width or not height:
        raise _DamagedError("a header that no image has")
    if width == 1 or height == 1:
        return f"is {width} by {height} pixels"
    bits = depth * _CHANNELS[colour]
    parts = _passes(width, height) if interlaced else [(width, height)]
    total = sum(rows * (1 + _row_bytes(columns, bits)) for columns, rows in parts)
    if total > _IMAGE_BYTES:
        raise _DamagedError(f"{total:,} bytes of pixels, too many to look at")
    pixels = _decompressed(b"".join(body for kind, body in chunks if kind == b"IDAT"), total)
    return "is all one colour" if _is_constant(pixels, parts, bits) else None


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        end = at + 8 + length
        if end + 4 > len(data):
            raise _DamagedError("cut off")
        if zlib.crc32(body, zlib.crc32(kind)) != struct.unpack_from(">I", data, end)[0]:
            raise _DamagedError("a checksum that differs")
        yield kind, body
        if kind == b"IEND":
            return
        at = end + 4


def _decompressed(data: bytes, expected: int) -> bytes:
    decoder = zlib.decompressobj()
    pixels = decoder.decompress(data, expected + 1)
    if len(pixels) != expected or not (decoder.eof or not decoder.unconsumed_tail):
        raise _DamagedError(f"{len(pixels):,} bytes of pixels in place of {expected:,}")
    return pixels


def _row_bytes(columns: int, bits: int) -> int:
    return (columns * bits + 7) // 8


def _passes(width: int, height: int) -> list[tuple[int, int]]:
    sizes = (
        ((width - x + across - 1) // across, (height - y + down - 1) // down)
        for x, y, across, down in _PASSES
    )
    return [(columns, rows) for columns, rows in sizes if columns > 0 and rows > 0]


def _is_constant(pixels: bytes, parts: list[tuple[int, int]], bits: int) -> bool:
    """Tell whether every pixel is the first one; rows are compared as their filters left them."""
    pixel_bytes = max(1, bits // 8)
    first = pixels[1 : 1 + pixel_bytes]
    if bits < 8:
        # The first pixel fills the byte when all of its neighbours are the same.
        top = first[0] >> (8 - bits)
        first = bytes([sum(top << shift for shift in range(0, 8, bits))])
    at = 0
    for columns, rows in parts:
        length = _row_bytes(columns, bits)
        # What stands behind the last pixel of a row may be anything, so that byte is not looked at.
        used = length - bool(columns * bits % 8)
        allowed = _constant_rows(first, length)
        for row in range(rows):
            expected = allowed.get((pixels[at], row == 0))
            if expected is None or pixels[at + 1 : at + 1 + used] != expected[:used]:
                return False
            at += 1 + length
    return True


def _constant_rows(first: bytes, length: int) -> dict[tuple[int, bool], bytes]:
    """Return the row that each filter makes of a constant image, at its top and below."""
    size = len(first)
    zeros = bytes(length)
    plain = (first * (length // size + 1))[:length]
    begun = (first + zeros)[:length]
    halved = bytes((value - value // 2) % 256 for value in first)
    return {
        (0, True): plain,
        (0, False): plain,
        (1, True): begun,
        (1, False): begun,
        (2, True): plain,
        (2, False): zeros,
        (3, True): (first + (halved * (length // size + 1)))[:length],
        (3, False): (halved + zeros)[:length],
        (4, True): begun,
        (4, False): zeros,
    }


# -- SVG ----------------------------------------------------------------------------------


def _svg_fault(data: bytes) -> str | None:
    from xml.parsers import expat

    if len(data) > _SVG_BYTES:
        return "is too large to look at"
    drawn = 0
    outermost: list[str] = []

    def begun(name: str, _: object) -> None:
        nonlocal drawn
        drawn += name.rpartition(":")[2] in _DRAWN
        if not outermost:
            outermost.append(name.rpartition(":")[2])

    def refuse(*_: object) -> None:
        raise _DamagedError("entities of its own")

    parser = expat.ParserCreate()
    parser.StartElementHandler = begun
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, _DamagedError) as error:
        return f"does not parse ({str(error)[:80]})"
    if outermost != ["svg"]:
        return "is no SVG"
    return None if drawn > 1 else "draws nothing"
