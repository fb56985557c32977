"""Curves as data files: one per run, metric and tier, loaded by classic script tags.

A file is one call, ``reportgen.put(name, {...})``, with strict JSON inside. The coarse tier has
at most :data:`COARSE_POINTS` finite points and keeps the first, last, smallest and largest of
every bucket (M4: Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation",
VLDB 2014), so that a spike of one point stays visible. A longer series also has its full tier.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tsdownsample import M4Downsampler

from reportgen.fs.paths import slug
from reportgen.runs.metric_log import Series
from reportgen.runs.numbers import to_stored
from reportgen.site.text import script_json

COARSE_POINTS = 500
_STRETCHES = 50


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file below the site's folder.

    Attributes:
        name: What it is called in the browser, without hash.
        path: Its path below the site, with the hash of its content.
        data: Its bytes.
    """

    name: str
    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Curve:
    """The settled line of one series, and what a resumed attempt replaced.

    Attributes:
        steps, values, times: One entry a point; times in seconds since 1970, NaN for none.
        earlier: Points that a later attempt replaced, as ``(attempt, step, value)``.
    """

    steps: list[int]
    values: list[float]
    times: list[float]
    earlier: list[tuple[int, int, float]]


@dataclass(frozen=True, slots=True)
class CurveFiles:
    """Where the browser finds one series: paths below the site; ``full`` when it is longer."""

    coarse: DataFile
    full: DataFile | None

    def reference(self) -> dict[str, str]:
        """Return what a page says about them."""
        found = {"name": self.coarse.name, "path": self.coarse.path}
        if self.full is not None:
            found |= {"fullName": self.full.name, "fullPath": self.full.path}
        return found


def data_file(name: str, value: Any) -> DataFile:
    """Return ``value`` (plain, finite) as a file that hands itself to the loader.

    Args:
        name: Path without hash and ending, below ``data/``: characters of slugs and slashes.
        value: What the loader gets.
    """
    data = f"reportgen.put({script_json(name)},{script_json(value)});\n".encode("ascii")
    digest = hashlib.sha256(data).hexdigest()[:12]
    return DataFile(name, f"data/{name}.{digest}.js", data)


def curve_of(series: Series) -> Curve:
    """Return the line that counts and the points that a resumed attempt replaced."""
    kept: list[int] = []
    earlier: list[tuple[int, int, float]] = []
    current = 0
    steps, values, attempts = series.steps, series.values, series.attempts
    for place, (step, attempt) in enumerate(zip(steps, attempts, strict=True)):
        if attempt > current:
            current = attempt
            replaced = [i for i in kept if steps[i] >= step]
            if replaced:
                earlier += [(attempts[i], steps[i], values[i]) for i in replaced]
                kept = [i for i in kept if steps[i] < step]
        kept.append(place)
    times = series.times
    return Curve(
        steps=[steps[i] for i in kept],
        values=[values[i] for i in kept],
        times=[times[i] for i in kept],
        earlier=earlier,
    )


def coarse_places(values: Sequence[float], points: int = COARSE_POINTS) -> list[int]:
    """Return the places to keep: M4 of the finite values, both ends of each non-finite stretch.

    Args:
        values: The whole series.
        points: At most so many finite points, a multiple of four.
    """
    array = np.asarray(values, dtype=np.float64)
    finite = np.flatnonzero(np.isfinite(array))
    if len(finite) > points:
        downsampler: Any = M4Downsampler
        chosen = downsampler().downsample(array[finite], n_out=points)
        finite = finite[np.unique(chosen)]
    marks: list[int] = []
    for first, last in non_finite_stretches(values)[:_STRETCHES]:
        marks += [first] if first == last else [first, last]
    return sorted({*finite.tolist(), *marks})


def non_finite_stretches(values: Sequence[float]) -> list[tuple[int, int]]:
    """Return first and last place of each unbroken run of NaN and infinities."""
    broken = ~np.isfinite(np.asarray(values, dtype=np.float64))
    edges = np.flatnonzero(np.diff(np.concatenate(([False], broken, [False])).astype(np.int8)))
    ends = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(first, end - 1) for first, end in ends]


def curve_files(run_slug: str, metric: str, curve: Curve) -> CurveFiles:
    """Return the files of one series."""
    base = f"curves/{run_slug}/{slug(metric)}"
    total = len(curve.values)
    places = coarse_places(curve.values) if total > COARSE_POINTS else list(range(total))
    tier = "coarse" if len(places) < total else "full"
    coarse = data_file(base, _document(metric, curve, places, tier))
    if tier == "full":
        return CurveFiles(coarse, None)
    whole = data_file(f"{base}-full", _document(metric, curve, range(total), "full"))
    return CurveFiles(coarse, whole)


def _document(metric: str, curve: Curve, places: Sequence[int], tier: str) -> dict[str, Any]:
    start = next((time for time in curve.times if math.isfinite(time)), 0.0)
    return {
        "metric": metric,
        "tier": tier,
        "points": len(curve.values),
        "start": start or None,
        "steps": [curve.steps[i] for i in places],
        "values": [to_stored(curve.values[i]) for i in places],
        "seconds": [_since(curve.times[i], start) for i in places],
        "earlier": _earlier(curve),
    }


def _since(time: float, start: float) -> float | None:
    return round(time - start, 3) if math.isfinite(time) else None


def _earlier(curve: Curve) -> list[dict[str, Any]]:
    """Return the replaced points by attempt, at most as many as the coarse tier has."""
    found = []
    for attempt in sorted({attempt for attempt, _, _ in curve.earlier}):
        points = [(step, value) for a, step, value in curve.earlier if a == attempt]
        places = coarse_places([value for _, value in points])
        found.append(
            {
                "attempt": attempt,
                "steps": [points[i][0] for i in places],
                "values": [to_stored(points[i][1]) for i in places],
            }
        )
    return found
