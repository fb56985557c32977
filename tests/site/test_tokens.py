"""Colours that can be read, and one source for style sheet and charts."""

from __future__ import annotations

import re
from itertools import product

import pytest

from reportgen.site.theme import MODES, Mode, builtin_names, load_theme
from reportgen.site.tokens import (
    NEUTRAL,
    chart_config,
    contrast,
    luminance,
    style_of,
    text_on,
    tokens_css,
)

THEMES = [(name, mode) for name in builtin_names() for mode in MODES]


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert luminance("#ffffff") == pytest.approx(1)


@pytest.mark.parametrize(("name", "mode"), THEMES)
def test_text_has_a_contrast_of_4_5(name: str, mode: Mode) -> None:
    colours = load_theme(name).colours[mode]
    texts = ("ink", "soft", "accent", "good", "warn", "poor")
    pairs = [*product(texts, ("background", "panel"))]
    pairs += [(word, f"{word}-ground") for word in ("good", "warn", "poor")]
    low = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pair in pairs
        if contrast(colours[pair[0]], colours[pair[1]]) < 4.5
    }
    assert low == {}


@pytest.mark.parametrize(("name", "mode"), THEMES)
def test_marks_have_a_contrast_of_3(name: str, mode: Mode) -> None:
    theme = load_theme(name)
    ground = theme.colours[mode]["background"]
    marks = [*theme.series[mode], theme.colours[mode]["edge"], theme.colours[mode]["accent"]]
    assert [mark for mark in marks if contrast(mark, ground) < 3] == []


@pytest.mark.parametrize("name", builtin_names())
def test_text_on_the_ramp_can_be_read(name: str) -> None:
    for colour in load_theme(name).sequential:
        assert contrast(text_on(colour), colour) >= 4.5


def test_styles_repeat_no_colour_without_another_dash() -> None:
    theme = load_theme("default")
    styles = [style_of(index, theme) for index in range(30)]
    assert len(set(styles)) == 30
    assert [dash for _, dash in styles[:6]] == [0] * 6
    assert styles[6][1] == 1


def test_style_sheet_and_charts_say_the_same() -> None:
    theme = load_theme("default")
    css = tokens_css(theme)
    for mode in MODES:
        config = chart_config(theme, mode)
        assert config["axis"]["gridColor"] == theme.colours[mode]["line"]
        assert config["axis"]["labelColor"] == theme.colours[mode]["soft"]
        for colour in (*theme.colours[mode].values(), *theme.series[mode]):
            assert colour in css
    assert "prefers-color-scheme:dark" in css
    assert "@media print" in css


def test_every_property_and_class_of_the_style_sheets_exists() -> None:
    theme = load_theme("default")
    css = tokens_css(theme)
    sheet = theme.static_files()["site.css"].read_text()
    assert set(re.findall(r"var\((--[\w-]+)\)", sheet)) <= set(re.findall(r"(--[\w-]+):", css)) | {
        "--series"
    }
    assert f".c{NEUTRAL}" in css
    assert css.count("{") == css.count("}")
