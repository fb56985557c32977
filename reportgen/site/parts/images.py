"""Figures that may be shown: rasters known by their first bytes, SVG only as an inert image.

A file that a browser could run (HTML, SVG opened by itself) is never copied into the site: all
projects of one account share an origin there. An SVG goes into the page as a data address of an
``<img>``, where scripts do not run.
"""

from __future__ import annotations

import base64
import re
import struct
from dataclasses import dataclass
from typing import Literal

from reportgen.runs import layout
from reportgen.runs.view import RunView
from reportgen.site.figures import size
from reportgen.site.text import clip

_NAME = re.compile(r"(?P<name>.+)_step_(?P<step>[0-9]{1,18})", re.DOTALL)
_RASTER_BYTES = 8 * 2**20
_SVG_BYTES = 400_000
_HEAD_BYTES = 64
_PIXELS = 40_000_000
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
)
FIGURES_SHOWN = 240
Way = Literal["copy", "inline", "listed"]


@dataclass(frozen=True, slots=True)
class Image:
    """One figure.

    Attributes:
        place: Its path in the run folder.
        name: Without step and ending.
        step: None when its name gives none.
        size: In words.
        way: Copied beside the page, put into it as a data address, or only listed.
        kind: Ending of a copied raster.
        source: Data address of an inline image.
        why: Why it is only listed.
    """

    place: str
    name: str
    step: int | None
    size: str
    way: Way
    kind: str = ""
    source: str = ""
    why: str = ""


def images_of(view: RunView) -> list[Image]:
    """Return the figures by name and step; those past the 240th are only listed."""
    places = view.below(layout.FIGURES)
    images = [_image(view, place) for place in sorted(places, key=_order)]
    shown = 0
    found = []
    for image in images:
        shown += image.way != "listed"
        if shown > FIGURES_SHOWN and image.way != "listed":
            why = f"beyond the first {FIGURES_SHOWN}"
            image = Image(image.place, image.name, image.step, image.size, "listed", why=why)
        found.append(image)
    return found


def _order(place: str) -> tuple[str, int, str]:
    name, step = _named(place)
    return name, -1 if step is None else step, place


def _named(place: str) -> tuple[str, int | None]:
    stem = place.rpartition("/")[2].rpartition(".")[0]
    match = _NAME.fullmatch(stem)
    return (match["name"], int(match["step"])) if match else (stem, None)


def _image(view: RunView, place: str) -> Image:
    name, step = _named(place)
    total = view.file_sizes[place]
    words = size(total)
    label = clip(name, 120)

    def listed(why: str) -> Image:
        return Image(place, label, step, words, "listed", why=why)

    if place.lower().endswith(".svg"):
        data = view.bytes(place, limit=_SVG_BYTES) if total <= _SVG_BYTES else None
        if data is None or b"<svg" not in data[:4096]:
            return listed("an SVG too large for the page, or none")
        encoded = base64.b64encode(data).decode("ascii")
        source = f"data:image/svg+xml;base64,{encoded}"
        return Image(place, label, step, words, "inline", source=source)
    if total > _RASTER_BYTES:
        return listed("too large")
    data = view.bytes(place, limit=_RASTER_BYTES)
    kind = raster_kind(data) if data else None
    if data is None or kind is None:
        return listed("not an image of a known kind")
    if kind == "png" and _png_pixels(data) > _PIXELS:
        return listed("more pixels than a browser should decode")
    return Image(place, label, step, words, "copy", kind=kind)


def raster_kind(data: bytes) -> str | None:
    """Return ``png``, ``jpg``, ``gif`` or ``webp`` by the first bytes, whatever the name says."""
    head = data[:_HEAD_BYTES]
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    return "webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


def _png_pixels(data: bytes) -> int:
    if len(data) < 24:
        return 0
    width, height = struct.unpack(">II", data[16:24])
    return int(width) * int(height)
