"""Distributions of a run as rows of a chart: at most so many steps and bins as a page can show."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.errors import ReportgenError
from reportgen.runs import layout
from reportgen.runs.histogram_log import Histogram, read_histograms
from reportgen.runs.view import RunView
from reportgen.site.figures import number
from reportgen.site.text import clip, script_json

SERIES = 12
_STEPS = 60
_BINS = 64


@dataclass(frozen=True, slots=True)
class HistogramFigure:
    """One distribution over steps: rows for the chart, and what they show in words."""

    name: str
    rows: str
    summary: str


def histograms_of(view: RunView) -> list[HistogramFigure]:
    """Return the first twelve distributions of histograms.jsonl."""
    if not view.exists(layout.HISTOGRAMS):
        return []
    try:
        log = read_histograms(view.reader.pieces_of(layout.HISTOGRAMS))
    except (ReportgenError, OSError):
        return []
    found = []
    for name, series in list(log.series.items())[:SERIES]:
        drawn = [pair for pair in series if pair[1].counts]
        if drawn:
            found.append(_figure(name, drawn))
    return found


def _figure(name: str, series: list[tuple[int, Histogram]]) -> HistogramFigure:
    every = -(-len(series) // _STEPS)
    kept = series[::every]
    rows: list[dict[str, float]] = []
    for place, (step, histogram) in enumerate(kept):
        following = kept[place + 1][0] if place + 1 < len(kept) else step + _width(kept)
        rows += _bins(step, following, histogram)
    first, last = series[0][1], series[-1][1]
    summary = (
        f"{clip(name, 80)}: {len(series)} steps; at first from {number(first.low)} to "
        f"{number(first.high)}, at last from {number(last.low)} to {number(last.high)}."
    )
    return HistogramFigure(clip(name), script_json(rows), summary)


def _width(kept: list[tuple[int, Histogram]]) -> int:
    return max(1, kept[-1][0] - kept[-2][0]) if len(kept) > 1 else 1


def _bins(step: int, following: int, histogram: Histogram) -> list[dict[str, float]]:
    counts = histogram.counts
    joined = -(-len(counts) // _BINS)
    sums = [sum(counts[i : i + joined]) for i in range(0, len(counts), joined)]
    width = (histogram.high - histogram.low) / len(counts) * joined
    fullest = max(sums)
    return [
        {
            "x": step,
            "x2": following,
            "low": histogram.low + place * width,
            "high": min(histogram.high, histogram.low + (place + 1) * width),
            "share": round(count / fullest, 3),
            "count": count,
        }
        for place, count in enumerate(sums)
        if count
    ]
