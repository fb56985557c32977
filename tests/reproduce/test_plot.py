"""Plots of a divergence: well-formed, with nothing of a name obeyed."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

from reportgen.reproduce.plot import letters, svg

SVG = "{http://www.w3.org/2000/svg}"
DOWN = [(step, 1 / (step + 1)) for step in range(20)]
FLAT = [(step, 0.5) for step in range(20)]
ODD = {
    "empty": [],
    "one point": [(3, 1.0)],
    "not a number": [(0, math.nan), (1, 1.0), (2, math.inf)],
    "huge": [(0, -1e308), (1, 1e308)],
    "flat": FLAT,
}


def test_both_series_and_the_step() -> None:
    root = ElementTree.fromstring(svg("loss", DOWN, FLAT, 7))
    lines = root.findall(f"{SVG}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [20, 20]
    assert "step 7" in [text.text for text in root.findall(f"{SVG}text")]


def test_a_name_is_text() -> None:
    name = '</text><script>alert(1)</script>&"'
    root = ElementTree.fromstring(svg(name, DOWN, FLAT, 0))
    assert root.findall(f".//{SVG}script") == []
    assert name in [text.text for text in root.findall(f"{SVG}text")]


@pytest.mark.parametrize("name", ODD)
def test_odd_series(name: str) -> None:
    ElementTree.fromstring(svg("loss", ODD[name], DOWN, 1))
    drawn = svg("loss", ODD[name], ODD[name], 1)
    assert "nan" not in drawn
    assert "inf" not in drawn
    assert letters(ODD[name], ODD[name]).count("\n") == 10


def test_letters_show_where_series_part() -> None:
    drawn = letters(DOWN, [(s, v if s < 10 else 1.0) for s, v in DOWN]).splitlines()
    assert "x" in drawn[0]
    assert "*" in drawn[0]
    assert "o" in drawn[8]
    assert all(len(line) <= 73 for line in drawn)
