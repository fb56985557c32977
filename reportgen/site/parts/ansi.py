"""Colours of terminal output, kept as names of classes; every other control sequence is dropped.

Select Graphic Rendition of ECMA-48, section 8.3.117: bold, the eight colours and their bright
forms in the foreground. What else a program may ask for has no meaning on a page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reportgen.site.text import plain_log

_SGR = re.compile(r"\x1b\[([0-9;]{0,64})m")
_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_SEGMENTS = 5_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a log in one look; ``look`` is empty or names of classes."""

    look: str
    text: str


@dataclass(slots=True)
class _Pen:
    colour: str = ""
    bold: bool = False

    def take(self, codes: str) -> None:
        values = [int(code or 0) for code in codes.split(";")]
        if any(value in (38, 48) for value in values):
            return  # colours by number: 256 of them have no name
        for value in values:
            if value == 0:
                self.colour, self.bold = "", False
            elif value in (1, 22):
                self.bold = value == 1
            elif value == 39:
                self.colour = ""
            elif value // 10 in (3, 9) and value % 10 < 8:
                self.colour = _COLOURS[value % 10]

    @property
    def look(self) -> str:
        named = self.colour not in ("", "black", "white")  # these two are the ink of a page
        return " ".join(["bold"] * self.bold + [f"ansi-{self.colour}"] * named)


def segments_of(text: str) -> list[Segment]:
    """Return terminal output as pieces of one look each; their texts joined are the plain log."""
    pen = _Pen()
    found: list[Segment] = []
    lines = text.replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines):
        shown = _overprinted(line, pen)
        end = "\n" if number + 1 < len(lines) else ""
        for piece in _pieces(shown, pen, end):
            if found and (found[-1].look == piece.look or len(found) >= _SEGMENTS):
                found[-1] = Segment(found[-1].look, found[-1].text + piece.text)
            else:
                found.append(piece)
    return found


def _overprinted(line: str, pen: _Pen) -> str:
    """Return the last form of a line that was written again and again; the rest only sets looks."""
    parts = [part for part in line.split("\r") if part]
    for codes in _SGR.findall("".join(parts[:-1])):
        pen.take(codes)
    return parts[-1] if parts else ""


def _pieces(line: str, pen: _Pen, end: str) -> list[Segment]:
    pieces = []
    begin = 0
    for match in _SGR.finditer(line):
        pieces.append(Segment(pen.look, plain_log(line[begin : match.start()])))
        pen.take(match[1])
        begin = match.end()
    pieces.append(Segment(pen.look, plain_log(line[begin:]) + end))
    return [piece for piece in pieces if piece.text]
