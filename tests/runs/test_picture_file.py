"""Figures are decoded within limits, and one that shows nothing is told from one that does."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reportgen.runs.picture_file import Picture, inspect_picture
from reportgen.testing.media import png_bytes

PNG = b"\x89PNG\r\n\x1a\n"
MODES = ("1", "L", "P", "RGB", "RGBA", "LA", "I;16")


def encoded(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "png", **options)
    return out.getvalue()


def of_one_colour(mode: str, size: tuple[int, int]) -> Image.Image:
    colour = {"1": 1, "P": 3, "L": 77, "I;16": 7700}.get(mode, (7, 8, 9, 10)[: len(mode)])
    return Image.new(mode, size, colour)


def chunked(*chunks: tuple[bytes, bytes]) -> bytes:
    return PNG + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def png(width: int, height: int, pixels: bytes, *, interlaced: int = 0, depth: int = 8) -> bytes:
    """A grey picture of these filtered rows."""
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, interlaced)
    return chunked((b"IHDR", header), (b"IDAT", zlib.compress(pixels)), (b"IEND", b""))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(13, 9), (64, 64), (16, 2)])
@pytest.mark.parametrize("optimize", [False, True])
def test_one_colour_is_seen_in_every_mode(mode: str, size: tuple[int, int], optimize: bool) -> None:
    image = of_one_colour(mode, size)
    assert inspect_picture(encoded(image, optimize=optimize)).fault == "is all one colour"
    image.putpixel((1, size[1] - 1), 0)
    assert inspect_picture(encoded(image, optimize=optimize)) == Picture("PNG")


@pytest.mark.parametrize("kind", range(5))
def test_one_colour_is_seen_behind_every_filter(kind: int) -> None:
    """The rows that each filter of the specification makes of a picture that is all 100."""
    top = {0: [100] * 4, 1: [100, 0, 0, 0], 2: [100] * 4, 3: [100, 50, 50, 50], 4: [100, 0, 0, 0]}
    below = {0: [100] * 4, 1: [100, 0, 0, 0], 2: [0] * 4, 3: [50, 0, 0, 0], 4: [0] * 4}
    rows = bytes([kind, *top[kind]]) + bytes([kind, *below[kind]]) * 2
    assert Image.open(io.BytesIO(png(4, 3, rows))).getextrema() == (100, 100)
    assert inspect_picture(png(4, 3, rows)).fault == "is all one colour"
    other = rows[:-1] + bytes([rows[-1] ^ 1])
    assert inspect_picture(png(4, 3, other)) == Picture("PNG")


def test_interlaced_pictures_are_decoded_as_well() -> None:
    passes = [(1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4)]
    rows = b"".join((b"\0" + bytes([9] * width)) * height for width, height in passes)
    assert Image.open(io.BytesIO(png(8, 8, rows, interlaced=1))).getextrema() == (9, 9)
    assert inspect_picture(png(8, 8, rows, interlaced=1)).fault == "is all one colour"
    changed = rows[:-1] + b"\1"
    assert inspect_picture(png(8, 8, changed, interlaced=1)) == Picture("PNG")


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_a_line_shows_nothing(size: tuple[int, int]) -> None:
    fault = inspect_picture(encoded(Image.new("L", size))).fault
    assert fault == f"is {size[0]} by {size[1]} pixels"


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (png(65_535, 65_535, b""), "too many to look at"),
        (png(100, 100, b"\0" * 50), "bytes of pixels in place of"),
        (png(2, 2, b"\0" * 10_000_000), "bytes of pixels in place of"),
        (png(0, 9, b""), "a header that no image has"),
        (png(9, 9, b"", depth=3), "a header that no image has"),
        (chunked((b"IDAT", b""), (b"IEND", b"")), "no header, or no end"),
        (png_bytes()[:-12], "no header, or no end"),
        (PNG, "no header, or no end"),
        (PNG + b"\xff\xff\xff\xffIHDR" + bytes(20), "cut off"),
    ],
)
def test_what_does_not_decode_says_why(data: bytes, fault: str) -> None:
    assert fault in (inspect_picture(data).fault or "")


def test_no_byte_can_be_cut_or_flipped_unseen() -> None:
    whole = png_bytes()
    for length in range(len(whole)):
        assert inspect_picture(whole[:length]).fault is not None
    for at in range(len(whole)):
        flipped = bytearray(whole)
        flipped[at] ^= 1
        assert inspect_picture(bytes(flipped)).fault is not None


def test_svg_is_parsed_and_its_drawing_counted() -> None:
    head = '<svg xmlns="http://www.w3.org/2000/svg">'
    assert inspect_picture(f"{head}<path/><text>x</text></svg>".encode()) == Picture("SVG")
    assert inspect_picture(f"{head}<path/></svg>".encode()).fault == "draws nothing"
    assert "does not parse" in (inspect_picture(f"{head}<path/>".encode()).fault or "")
    assert inspect_picture(b"<p><svg/></p>").fault == "is no SVG"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xff\xd8\xff\xe0" + bytes(9) + b"\xff\xd9", "JPEG"),
        (b"GIF89a" + bytes(9) + b";", "GIF"),
        (b"RIFF\x08\0\0\0WEBP" + bytes(9), "WebP"),
    ],
)
def test_other_pictures_are_named_and_not_decoded(data: bytes, kind: str) -> None:
    assert inspect_picture(data) == Picture(kind, decoded=False)
    assert inspect_picture(data[:-3] if kind != "WebP" else data[:14]).fault == "is cut off"


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing(data: bytes) -> None:
    for start in (b"", PNG, b"<svg ", b"\xff\xd8\xff", png_bytes()[:33]):
        inspect_picture(start + data)
