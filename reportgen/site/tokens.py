"""What a theme's tokens become: styles of lines, the style sheet, the chart configuration."""

from __future__ import annotations

from typing import Any

from reportgen.site.theme import MODES, TOKENS, Mode, Theme

NEUTRAL = -1
"""Colour index of a line that stands behind another: the training curve beside validation."""


def style_of(index: int, theme: Theme) -> tuple[int, int]:
    """Return ``(colour, dash)`` of the ``index``-th line.

    All colours but the last are solid first; the last one and every later turn take the next
    dash pattern, so that no two of the first lines differ by colour alone once colours repeat.
    """
    count = len(theme.series["light"])
    return index % count, (index + 1) // count % len(theme.dashes)


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2, "relative luminance")."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def text_on(colour: str) -> str:
    """Return black or white, whichever reads better on ``colour``."""
    return max("#000000", "#ffffff", key=lambda text: contrast(text, colour))


def tokens_css(theme: Theme) -> str:
    """Return the style sheet of a theme's tokens: custom properties, and classes for series."""
    light, dark = (_properties(theme, mode) for mode in MODES)
    rules = [
        ":root{color-scheme:light;" + light + _fonts(theme) + "}",
        "@media (prefers-color-scheme:dark){:root:not([data-theme='light'])"
        "{color-scheme:dark;" + dark + "}}",
        ":root[data-theme='dark']{color-scheme:dark;" + dark + "}",
        "@media print{:root,:root[data-theme='dark']{color-scheme:light;" + light + "}}",
    ]
    rules += [
        f".c{index}{{--series:var(--series-{index})}}"
        for index in range(len(theme.series["light"]))
    ]
    rules.append(f".c{NEUTRAL}{{--series:var(--edge)}}")
    rules += [
        f".d{index}{{stroke-dasharray:{' '.join(f'{length:g}' for length in pattern) or 'none'}}}"
        for index, pattern in enumerate(theme.dashes)
    ]
    rules += [
        f".q{index}{{background:{colour};color:{text_on(colour)}}}"
        for index, colour in enumerate(theme.sequential)
    ]
    return "\n".join(rules) + "\n"


def _properties(theme: Theme, mode: Mode) -> str:
    pairs = {token: theme.colours[mode][token] for token in TOKENS}
    pairs.update({f"series-{index}": c for index, c in enumerate(theme.series[mode])})
    return "".join(f"--{name}:{colour};" for name, colour in pairs.items())


def _fonts(theme: Theme) -> str:
    return "".join(f"--font-{use}:{theme.fonts[use]};" for use in ("text", "code"))


def chart_config(theme: Theme, mode: Mode) -> dict[str, Any]:
    """Return the Vega-Lite configuration of a theme: the same tokens as the style sheet's."""
    colours = theme.colours[mode]
    return {
        "background": None,
        "font": theme.fonts["text"],
        "view": {"stroke": None},
        "axis": {
            "labelColor": colours["soft"],
            "labelFontSize": 12,
            "titleColor": colours["soft"],
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "domain": False,
            "ticks": False,
            "labelPadding": 6,
            "gridColor": colours["line"],
        },
        "axisX": {"grid": False, "domain": True, "domainColor": colours["edge"], "ticks": True}
        | {"tickColor": colours["edge"], "tickSize": 4},
        "axisY": {"grid": True},
        "line": {
            "color": colours["accent"],
            "strokeWidth": 1.75,
            "strokeJoin": "round",
            "strokeCap": "butt",
        },
        "text": {"color": colours["soft"], "fontSize": 12},
        "rule": {"color": colours["edge"]},
        "bar": {"color": colours["accent"]},
        "point": {"color": colours["accent"]},
        "range": {"ramp": list(theme.sequential)},
    }
