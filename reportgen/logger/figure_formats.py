"""What a training hands over as a figure, encoded as PNG or SVG bytes of bounded size.

Figures are recognised by what they can do, and no plotting library is imported: an object of
one exists only where it is loaded. The bytes depend on the figure alone: no time, no version of
the software that drew it.
"""

from __future__ import annotations

import math
import re
import struct
import sys
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from reportgen.errors import UsageError

MAX_PIXELS: Final = 1600
"""Longest side of a picture that is kept as it is."""
MAX_BYTES: Final = 2 * 2**20
"""Greatest file that is kept as it is."""

_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>|<!--.{0,2000}?-->|<!DOCTYPE[^>]{0,300}>|\s)*<svg[\s>]",
    re.DOTALL,
)
_SMALLEST_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Encoded:
    """A figure as a file.

    Attributes:
        data: The file's bytes.
        suffix: ``.png`` or ``.svg``.
        scale: Share of the figure's own resolution that was kept; 1 when nothing was lost.
    """

    data: bytes
    suffix: str
    scale: float = 1.0


def encode_figure(figure: Any) -> Encoded:
    """Return a figure as bytes.

    Args:
        figure: A matplotlib figure, a PIL image, an array of shape (height, width) or
            (height, width, 3 or 4) of type uint8, a plotly figure, bytes of a PNG or SVG file,
            or the path of one.

    Raises:
        UsageError: It is none of these, or its library cannot draw it.
        OSError: The file of a path cannot be read.
    """
    if isinstance(figure, str | Path):
        return _encode_bytes(_read(Path(figure)))
    if isinstance(figure, bytes | bytearray | memoryview):
        return _encode_bytes(bytes(figure))
    if callable(getattr(figure, "savefig", None)):
        return _encode_matplotlib(figure)
    owner = getattr(figure, "figure", None)
    if callable(getattr(owner, "savefig", None)):  # axes, and what seaborn returns
        return _encode_matplotlib(owner)
    if callable(getattr(figure, "to_image", None)):
        return _encode_plotly(figure)
    if callable(getattr(figure, "convert", None)) and callable(getattr(figure, "resize", None)):
        return _encode_pil(figure)
    if hasattr(figure, "__array_interface__") or hasattr(figure, "dtype"):
        return _encode_array(figure)
    raise _fault(f"is of type {type(figure).__name__}")


def _fault(what: str, fix: str | None = None) -> UsageError:
    return UsageError(
        what,
        where="log_figure(figure)",
        expected="a matplotlib figure, a PIL image, a uint8 array (height, width[, 3]), "
        "a plotly figure, or the bytes or path of a PNG or SVG file",
        fix=fix,
    )


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise UsageError("there is no such file", where=str(path), expected="a PNG or SVG file")
    return path.read_bytes()


def _encode_matplotlib(figure: Any) -> Encoded:
    dpi = float(figure.dpi)
    longest = max(float(side) for side in figure.get_size_inches()) * dpi
    scale = min(1.0, MAX_PIXELS / longest) if longest > 0 else 1.0
    while True:
        buffer = BytesIO()
        figure.savefig(buffer, format="png", dpi=dpi * scale, metadata={"Software": None})
        data = buffer.getvalue()
        if len(data) <= MAX_BYTES or scale <= _SMALLEST_SHARE:
            return Encoded(data, ".png", scale)
        scale = max(_SMALLEST_SHARE, scale * _smaller(len(data)))


def _smaller(size: int) -> float:
    """Return the factor on each side that should bring a picture of ``size`` bytes below the
    greatest, with a tenth to spare; bytes grow about as the area does.
    """
    return min(0.9, math.sqrt(0.9 * MAX_BYTES / size))


def _encode_plotly(figure: Any) -> Encoded:
    try:
        data = figure.to_image(format="png")
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else ""
        raise _fault(
            f"is a {type(figure).__name__} whose to_image fails: {reason:.200}",
            "Install what it needs (for plotly: pip install kaleido), or give the bytes of a PNG",
        ) from error
    return _encode_bytes(bytes(data))


def _encode_pil(image: Any) -> Encoded:
    if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = image.convert("RGB")
    scale = min(1.0, MAX_PIXELS / max(image.size))
    while True:
        sized = image
        if scale < 1:
            plain = image.convert("RGBA" if "A" in image.mode or image.mode == "P" else "RGB")
            sized = plain.resize(tuple(max(1, round(side * scale)) for side in image.size))
        buffer = BytesIO()
        sized.save(buffer, "PNG", icc_profile=None)
        data = buffer.getvalue()
        if len(data) <= MAX_BYTES or scale <= _SMALLEST_SHARE:
            return Encoded(data, ".png", scale)
        scale = max(_SMALLEST_SHARE, scale * _smaller(len(data)))


def _encode_bytes(data: bytes) -> Encoded:
    if _SVG.match(data[:8192]):
        return Encoded(data, ".svg")
    if not data.startswith(_PNG):
        raise _fault(f"is {len(data)} bytes that are neither PNG nor SVG")
    width, height = struct.unpack(">II", data[16:24]) if len(data) >= 24 else (0, 0)
    pil = sys.modules.get("PIL.Image")
    if pil is not None and (len(data) > MAX_BYTES or max(width, height) > MAX_PIXELS):
        with pil.open(BytesIO(data)) as image:
            return _encode_pil(image)
    return Encoded(data, ".png")


def _encode_array(array: Any) -> Encoded:
    shape = tuple(int(side) for side in array.shape)
    kind = str(array.dtype)
    if not kind.endswith("uint8") or not _is_picture(shape):
        raise _fault(
            f"is an array of shape {shape} and type {kind}",
            "Scale values to 0..255, convert to uint8 and put the colours last",
        )
    step = math.ceil(max(shape[0], shape[1]) / MAX_PIXELS)
    while True:
        data = _png_of(array[::step, ::step])
        scale = 1 / step
        if len(data) <= MAX_BYTES or scale <= _SMALLEST_SHARE:
            return Encoded(data, ".png", scale)
        step += 1


def _is_picture(shape: tuple[int, ...]) -> bool:
    return len(shape) in (2, 3) and 0 not in shape and (len(shape) == 2 or shape[2] in (1, 3, 4))


def _png_of(array: Any) -> bytes:
    """Encode uint8 rows as PNG (www.w3.org/TR/png): one filter byte, 0, before each row."""
    height, width = (int(side) for side in array.shape[:2])
    channels = int(array.shape[2]) if len(array.shape) == 3 else 1
    pixels = _bytes_of(array)
    row = width * channels
    lines = b"".join(b"\0" + pixels[at : at + row] for at in range(0, row * height, row))
    colour = {1: 0, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b""))
    return _PNG + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _bytes_of(array: Any) -> bytes:
    if hasattr(array, "detach"):  # a tensor, on whichever device
        array = array.detach().cpu().numpy()
    data: bytes = array.tobytes()
    return data
