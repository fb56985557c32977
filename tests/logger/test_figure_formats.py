"""Figures of every kind as bytes: right pixels, equal bytes for equal figures, bounded size."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import matplotlib.figure
import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UsageError
from reportgen.logger.figure_formats import MAX_BYTES, MAX_PIXELS, encode_figure


def drawn(width: float = 4, height: float = 3, dpi: int = 100) -> matplotlib.figure.Figure:
    figure = matplotlib.figure.Figure(figsize=(width, height), dpi=dpi)
    figure.subplots().plot([1, 3, 2])
    return figure


def opened(data: bytes) -> PIL.Image.Image:
    image = PIL.Image.open(io.BytesIO(data))
    image.load()
    return image


def chunks(png: bytes) -> list[bytes]:
    """The types of a PNG's chunks, each with its checksum proved."""
    found, at = [], 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        body = png[at + 4 : at + 8 + length]
        assert zlib.crc32(body) == int.from_bytes(png[at + 8 + length : at + 12 + length], "big")
        found.append(body[:4])
        at += 12 + length
    return found


def test_a_matplotlib_figure_is_png_without_a_word_about_who_drew_it() -> None:
    first, second = encode_figure(drawn()), encode_figure(drawn())
    assert first == second
    assert (first.suffix, first.scale) == (".png", 1)
    assert opened(first.data).size == (400, 300)
    assert not {b"tEXt", b"tIME", b"iTXt", b"zTXt"} & set(chunks(first.data))


def test_axes_stand_for_their_figure() -> None:
    figure = drawn()
    assert encode_figure(figure.axes[0]) == encode_figure(figure)


def test_a_large_matplotlib_figure_is_drawn_at_fewer_dots() -> None:
    encoded = encode_figure(drawn(20, 10, 200))
    assert opened(encoded.data).size == (MAX_PIXELS, MAX_PIXELS // 2)
    assert encoded.scale == pytest.approx(0.4)


def test_a_heavy_matplotlib_figure_shrinks_below_the_limit() -> None:
    figure = matplotlib.figure.Figure(figsize=(14, 14), dpi=100)
    noise = np.random.default_rng(0).random((1400, 1400, 3))
    figure.add_axes((0, 0, 1, 1)).imshow(noise, interpolation="none")
    encoded = encode_figure(figure)
    assert len(encoded.data) <= MAX_BYTES
    assert 0.1 < encoded.scale < 1


def test_a_figures_own_settings_are_left_alone() -> None:
    figure = drawn(20, 10, 200)
    encode_figure(figure)
    assert (figure.dpi, tuple(figure.get_size_inches())) == (200, (20, 10))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "F", "HSV", "I;16"])
def test_an_image_of_any_mode_becomes_png(mode: str) -> None:
    encoded = encode_figure(PIL.Image.new(mode, (30, 20)))
    assert opened(encoded.data).size == (30, 20)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_large_image_is_made_smaller(mode: str) -> None:
    encoded = encode_figure(PIL.Image.new(mode, (4000, 10)))
    assert opened(encoded.data).size == (MAX_PIXELS, 4)
    assert encoded.scale == 0.4


@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.sampled_from([None, 1, 3, 4]),
    st.randoms(use_true_random=False),
)
def test_an_array_keeps_every_pixel(height: int, width: int, channels: Any, random: Any) -> None:
    shape = (height, width) if channels is None else (height, width, channels)
    size = height * width * (channels or 1)
    array = np.array([random.randrange(256) for _ in range(size)], dtype=np.uint8).reshape(shape)
    image = opened(encode_figure(array).data)
    assert image.mode == {None: "L", 1: "L", 3: "RGB", 4: "RGBA"}[channels]
    assert np.array_equal(np.asarray(image).reshape(shape), array)


def test_a_tensor_is_an_array() -> None:
    tensor = torch.arange(12, dtype=torch.uint8).reshape(2, 2, 3)
    assert encode_figure(tensor) == encode_figure(tensor.numpy())


def test_a_large_array_keeps_every_nth_pixel() -> None:
    encoded = encode_figure(np.zeros((3201, 10), np.uint8))
    assert opened(encoded.data).size == (4, 1067)
    assert encoded.scale == pytest.approx(1 / 3)
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3)).astype(np.uint8)
    assert len(encode_figure(noise).data) <= MAX_BYTES


def test_bytes_and_files_of_png_and_svg_are_kept_as_they_are(tmp_path: Path) -> None:
    png = encode_figure(drawn()).data
    assert encode_figure(png).data is png
    (tmp_path / "a.png").write_bytes(png)
    assert encode_figure(tmp_path / "a.png").data == png
    assert encode_figure(str(tmp_path / "a.png")).suffix == ".png"


@pytest.mark.parametrize(
    "svg",
    [
        b"<svg/>"[:4] + b" xmlns='x'/>",
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<!DOCTYPE svg>\n<!-- a -->\n<svg\n width="1"></svg>',
    ],
)
def test_svg_is_known_by_its_root(svg: bytes) -> None:
    encoded = encode_figure(bytearray(svg))
    assert (encoded.data, encoded.suffix) == (svg, ".svg")


def test_matplotlibs_own_svg_is_svg() -> None:
    buffer = io.BytesIO()
    drawn().savefig(buffer, format="svg")
    assert encode_figure(buffer.getvalue()).suffix == ".svg"


def test_bytes_of_a_large_png_shrink_where_an_image_library_is_loaded() -> None:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (3200, 100)).save(buffer, "PNG")
    encoded = encode_figure(buffer.getvalue())
    assert opened(encoded.data).size == (1600, 50)
    assert encoded.scale == 0.5


def test_a_plotly_figure_draws_itself() -> None:
    class Figure:
        def to_image(self, format: str) -> bytes:
            assert format == "png"
            return encode_figure(drawn()).data

    assert encode_figure(Figure()) == encode_figure(drawn())


def test_a_plotly_figure_without_its_renderer_names_what_to_install() -> None:
    class Figure:
        def to_image(self, format: str) -> bytes:
            raise ValueError("Image export requires the kaleido package.\nmore")

    with pytest.raises(UsageError, match="pip install kaleido"):
        encode_figure(Figure())


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (3, "is of type int"),
        (None, "is of type NoneType"),
        ("no-such.png", "no such file"),
        (b"GIF89a", "neither PNG nor SVG"),
        (b"<html><svg></svg>", "neither PNG nor SVG"),
        (np.zeros((2, 2)), "float64"),
        (np.zeros((3, 8, 8), np.uint8), r"shape \(3, 8, 8\)"),
        (np.zeros((0, 8), np.uint8), r"shape \(0, 8\)"),
        (np.zeros(8, np.uint8), "put the colours last"),
    ],
)
def test_what_is_no_figure_is_refused_with_the_fix(figure: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        encode_figure(figure)


def test_a_cut_png_header_is_kept_as_bytes() -> None:
    cut = encode_figure(drawn()).data[:20]
    assert encode_figure(cut).data == cut


def test_no_plotting_library_is_imported() -> None:
    program = """
import sys
from reportgen.logger.figure_formats import encode_figure
encode_figure(b"<svg></svg>")
assert not {"matplotlib", "PIL", "numpy", "plotly"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
