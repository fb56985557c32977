"""The verdict as a small SVG image, for a README. It holds counts and words of ours, no data.

Colours and sizes: white on a background whose contrast is at least 4.5 to 1, as WCAG 2.2 asks of
small text; widths from the advance of each character in DejaVu Sans, which ``textLength`` then
keeps whatever font is there.
"""

from __future__ import annotations

from xml.etree import ElementTree

from reportgen.audit.evidence import counted
from reportgen.audit.report import LEVEL_WORDS, LEVELS, AuditReport

LABEL = "run audit"
INK = "#ffffff"
GREY, GREEN, AMBER, RED = "#4a4a4a", "#1a6b33", "#8a5a00", "#a82a21"
_SIZE = 11
_PAD = 6
_HEIGHT = 20
_NARROW, _WIDE = "fijlrtI.,:;'|!()[] ", "mwMW"
_SVG = "http://www.w3.org/2000/svg"


def render(report: AuditReport) -> str:
    """Return the report as an SVG badge."""
    value, colour = verdict(report)
    left, right = _width(LABEL), _width(value)
    total = left + right
    title = f"{LABEL}: {value}"
    ElementTree.register_namespace("", _SVG)
    size = {"width": str(total), "height": str(_HEIGHT)}
    svg = ElementTree.Element(f"{{{_SVG}}}svg", {**size, "role": "img", "aria-label": title})
    _add(svg, "title").text = title
    _add(svg, "rect", width=str(left), height=str(_HEIGHT), fill=GREY)
    _add(svg, "rect", x=str(left), width=str(right), height=str(_HEIGHT), fill=colour)
    for text, start, width in ((LABEL, 0, left), (value, left, right)):
        _add(
            svg,
            "text",
            **{
                "x": str(start + _PAD),
                "y": "14",
                "fill": INK,
                "font-family": "DejaVu Sans, Verdana, sans-serif",
                "font-size": str(_SIZE),
                "textLength": str(width - 2 * _PAD),
            },
        ).text = text
    return ElementTree.tostring(svg, encoding="unicode") + "\n"


def verdict(report: AuditReport) -> tuple[str, str]:
    """Return the words of the badge and the colour behind them.

    Green says that the gate passes and every run is consistent; nothing here says more.
    """
    runs = report.runs
    if not runs:
        return ("no runs", GREY) if report.gate.passed else ("gate fails", RED)
    fine = sum(run.passed for run in runs)
    lowest = min(run.level for run in runs)
    level = f"{lowest} {LEVEL_WORDS[LEVELS.index(lowest)]}"
    words = (
        f"{counted(fine, 'run')} at {level}" if fine == len(runs) else f"{fine} of {len(runs)} pass"
    )
    if not report.gate.passed:
        return words if fine < len(runs) else f"gate fails, {level}", RED
    return words, GREEN if lowest >= "L2" else AMBER


def _add(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, f"{{{_SVG}}}{tag}", attributes)


def _width(text: str) -> int:
    """Return the width of a field in pixels: its text with a margin on each side."""
    per_em = [0.35 if one in _NARROW else 0.97 if one in _WIDE else 0.62 for one in text]
    return 2 * _PAD + round(sum(per_em) * _SIZE)
