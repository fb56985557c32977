"""The series in which a replay left the band, as SVG and in the letters of a terminal. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.sax.saxutils import escape

from reportgen.compare.metrics import Points

WIDTH, HEIGHT = 640, 320
_MARGIN = 40
_RECORDED, _REPLAYED = "#4269d0", "#d1495b"


class _Scale:
    """Places of points in a box, from the finite ones of both series."""

    def __init__(self, recorded: Points, replayed: Points) -> None:
        finite = [point for point in (*recorded, *replayed) if math.isfinite(point[1])]
        self.left = min((step for step, _ in finite), default=0)
        self.right = max((step for step, _ in finite), default=1)
        self.low = min((value for _, value in finite), default=0.0)
        self.high = max((value for _, value in finite), default=1.0)

    def across(self, step: int) -> float:
        """Return 0 for the first step and 1 for the last."""
        return (step - self.left) / max(self.right - self.left, 1)

    def up(self, value: float) -> float:
        """Return 0 for the lowest value and 1 for the highest."""
        # Halves: the span of two large values of unlike sign may be no finite number.
        span = self.high / 2 - self.low / 2
        return 0.5 if span == 0 else (value / 2 - self.low / 2) / span


def svg(name: str, recorded: Points, replayed: Points, step: int) -> str:
    """Return a line chart of both series with the step at which they part.

    Args:
        name: The metric.
        recorded, replayed: Points.
        step: Where the replay left the band.
    """
    scale = _Scale(recorded, replayed)

    def place(at: int, value: float) -> tuple[float, float]:
        wide, tall = WIDTH - 2 * _MARGIN, HEIGHT - 2 * _MARGIN
        return _MARGIN + scale.across(at) * wide, HEIGHT - _MARGIN - scale.up(value) * tall

    def line(points: Points, color: str, dash: str) -> Iterator[str]:
        finite = [place(at, value) for at, value in points if math.isfinite(value)]
        if finite:
            places = " ".join(f"{x:.1f},{y:.1f}" for x, y in finite)
            yield (
                f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="2"'
                f' stroke-dasharray="{dash}"/>'
            )

    where = _MARGIN + scale.across(step) * (WIDTH - 2 * _MARGIN)
    title = f"{name}: recorded and replayed, apart from step {step} on"
    base = HEIGHT - _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        ' font-family="sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<path d="M{_MARGIN} {_MARGIN}V{base}H{WIDTH - _MARGIN}" fill="none" stroke="#888"/>',
        f'<path d="M{where:.1f} {_MARGIN}V{base}" stroke="#888" stroke-dasharray="2 3"/>',
        *line(recorded, _RECORDED, "none"),
        *line(replayed, _REPLAYED, "6 4"),
        f'<text x="{_MARGIN}" y="24">{escape(name)}</text>',
        f'<text x="{WIDTH - 220}" y="24" fill="{_RECORDED}">recorded</text>',
        f'<text x="{WIDTH - 130}" y="24" fill="{_REPLAYED}">replayed (dashed)</text>',
        f'<text x="4" y="{_MARGIN + 4}" font-size="11">{scale.high:.4g}</text>',
        f'<text x="4" y="{base}" font-size="11">{scale.low:.4g}</text>',
        f'<text x="{where:.1f}" y="{HEIGHT - 18}" text-anchor="middle">step {step}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def letters(recorded: Points, replayed: Points, *, width: int = 60, height: int = 9) -> str:
    """Return both series in letters: ``o`` recorded, ``x`` replayed, ``*`` both."""
    scale = _Scale(recorded, replayed)
    rows = [[" "] * width for _ in range(height)]
    for points, letter in ((recorded, "o"), (replayed, "x")):
        for step, value in points:
            if math.isfinite(value):
                column = round(scale.across(step) * (width - 1))
                row = height - 1 - round(scale.up(value) * (height - 1))
                here = rows[row][column]
                rows[row][column] = letter if here in (" ", letter) else "*"
    labels = {0: f"{scale.high:.4g}", height - 1: f"{scale.low:.4g}"}
    lines = [f"{labels.get(at, ''):>10} |{''.join(row).rstrip()}" for at, row in enumerate(rows)]
    steps = (
        f"{'':>10} +{'-' * width}\n{'':>12}{scale.left:<{width // 2}}{scale.right:>{width // 2}}"
    )
    return "\n".join([*lines, steps])
