"""Figures: shown by their first bytes, never copied when a browser could run them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from reportgen.runs.view import RunView
from reportgen.site.parts.images import FIGURES_SHOWN, Image, images_of, raster_kind
from reportgen.testing import make_run
from reportgen.testing.media import png_bytes

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>PWN()</script></svg>"


def images(root: Path, files: dict[str, bytes]) -> dict[str, Image]:
    golden = {"figures/confusion_matrix_step_119.png": None}
    folder = make_run(root, files={**golden, **{f"figures/{k}": v for k, v in files.items()}})
    return {image.place.partition("/")[2]: image for image in images_of(RunView(folder))}


def test_rasters_are_copied_and_svg_stays_inert(tmp_path: Path) -> None:
    found = images(tmp_path, {"a_step_3.png": png_bytes(), "b.svg": SVG})
    assert (found["a_step_3.png"].way, found["a_step_3.png"].kind) == ("copy", "png")
    assert (found["a_step_3.png"].name, found["a_step_3.png"].step) == ("a", 3)
    assert found["b.svg"].way == "inline"
    assert found["b.svg"].source.startswith("data:image/svg+xml;base64,")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.png", b"<html><script>PWN()</script>"),
        ("x.html", b"<html>"),
        ("x.pdf", b"%PDF-1.7"),
        ("x.png", b""),
        ("x.svg", b"<html>no svg"),
        ("x.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 8 + struct.pack(">II", 65_535, 65_535)),
        ("x.svg", b"<svg>" + b" " * 400_001),
    ],
)
def test_what_a_browser_might_run_or_choke_on_is_only_listed(
    tmp_path: Path, name: str, content: bytes
) -> None:
    found = images(tmp_path, {name: content})[name]
    assert found.way == "listed"
    assert found.why


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "jpg"),
        (b"GIF89a", "gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"BM", None),
    ],
)
def test_kinds_by_first_bytes(head: bytes, kind: str | None) -> None:
    assert raster_kind(head) == kind


def test_steps_are_in_order_and_the_many_are_listed(tmp_path: Path) -> None:
    found = images(tmp_path, {f"f_step_{i}.png": png_bytes() for i in range(250)})
    assert [image.step for image in found.values()] == list(range(250))
    assert sum(image.way == "copy" for image in found.values()) == FIGURES_SHOWN
