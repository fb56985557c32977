"""Curves as data files: one per run, metric and tier, loaded by classic script tags.

A file is one call, ``reportgen.put(name, {...})``, with strict JSON inside. The coarse tier has
at most :data:`COARSE_POINTS` finite points and keeps the first, last, smallest and largest of
every bucket (M4: Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation",
VLDB 2014), so that a spike of one point stays visible. A longer series also has its full tier.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import orjson
from tsdownsample import M4Downsampler

from reportgen.fs.paths import slug
from reportgen.runs.metric_log import Columns, Series
from reportgen.runs.numbers import to_stored
from reportgen.site.text import script_json

Floats: TypeAlias = npt.NDArray[np.float64]
Steps: TypeAlias = npt.NDArray[np.int64]
Values: TypeAlias = Floats | Sequence[float]

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

    @property
    def place(self) -> Place:
        """The file without its bytes."""
        return Place(self.name, self.path)


@dataclass(frozen=True, slots=True)
class Clock:
    """When a run was at work: all its curves count time from the same moment.

    Attributes:
        start: Seconds since 1970 of its first record; None when no time was recorded.
        pauses: Between attempts nobody worked: ``(seconds after the start, length)`` of each.
    """

    start: float | None = None
    pauses: tuple[tuple[float, float], ...] = ()


class Earlier(NamedTuple):
    """A point that a later attempt replaced; its time is in seconds since 1970, or NaN."""

    attempt: int
    step: int
    value: float
    time: float


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The settled line of one series, and what a resumed attempt replaced.

    Attributes:
        steps, values, times: One entry a point; times in seconds since 1970, NaN for none.
        earlier: Points that a later attempt replaced.
        clock: Of the run; by default that of the series alone.
    """

    steps: Steps
    values: Floats
    times: Floats
    earlier: tuple[Earlier, ...] = ()
    clock: Clock | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the browser finds a data file: its name there, its path below the site."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class CurveFiles:
    """Where the browser finds one series; ``full`` when it is longer than its coarse tier."""

    coarse: Place
    full: Place | None

    def reference(self) -> dict[str, str]:
        """Return what a page says about them."""
        found = {"name": self.coarse.name, "path": self.coarse.path}
        if self.full is not None:
            found |= {"fullName": self.full.name, "fullPath": self.full.path}
        return found


def data_file(name: str, value: Any, columns: Mapping[str, Any] | None = None) -> DataFile:
    """Return ``value`` (plain, finite) as a file that hands itself to the loader.

    Args:
        name: Path without hash and ending, below ``data/``: characters of slugs and slashes.
        value: What the loader gets.
        columns: Further keys of a mapping ``value``: lists of numbers, None and the three names
            of non-finite numbers, or arrays of numbers. They need no escaping.
    """
    text = script_json(value)
    for key, column in (columns or {}).items():
        numbers = orjson.dumps(column, option=orjson.OPT_SERIALIZE_NUMPY).decode("ascii")
        text = f'{text[:-1]},"{key}":{numbers}}}'
    return data_file_of(name, text.encode("ascii"))


def data_file_of(name: str, text: bytes) -> DataFile:
    """Return JSON that :func:`script_json` made as a file that hands itself to the loader."""
    data = b"reportgen.put(" + script_json(name).encode("ascii") + b"," + text + b");\n"
    digest = hashlib.sha256(data).hexdigest()[:12]
    return DataFile(name, f"data/{name}.{digest}.js", data)


def clock_of(columns: Columns) -> Clock:
    """Return when a run was at work, from the times and attempts of all its records."""
    times = np.frombuffer(columns.times, dtype=np.float64)
    attempts = np.frombuffer(columns.attempts, dtype=np.uint16)
    timed = np.isfinite(times)
    if not timed.any():
        return Clock()
    start = float(times[timed].min())
    pauses = []
    ended = start
    for attempt in np.unique(attempts[timed]):
        own = times[timed & (attempts == attempt)]
        if own.min() > ended and attempt > attempts[timed].min():
            pauses.append((round(ended - start, 3), round(float(own.min()) - ended, 3)))
        ended = max(ended, float(own.max()))
    return Clock(start, tuple(pauses))


def curve_of(series: Series, clock: Clock | None = None) -> Curve:
    """Return the line that counts and the points that a resumed attempt replaced."""
    steps = np.frombuffer(series.steps, dtype=np.int64)
    values = np.frombuffer(series.values, dtype=np.float64)
    times = np.frombuffer(series.times, dtype=np.float64)
    attempts = np.frombuffer(series.attempts, dtype=np.uint16)
    kept = np.ones(len(steps), dtype=bool)
    earlier: list[Earlier] = []
    for place in np.flatnonzero(np.diff(attempts) > 0) + 1:
        replaced = np.flatnonzero(kept[:place] & (steps[:place] >= steps[place]))
        earlier += [
            Earlier(int(attempts[i]), int(steps[i]), float(values[i]), float(times[i]))
            for i in replaced
        ]
        kept[replaced] = False
    return Curve(steps[kept], values[kept], times[kept], tuple(earlier), clock)


def coarse_places(values: Values, points: int = COARSE_POINTS) -> list[int]:
    """Return the places to keep: M4 of the finite values, both ends of each non-finite stretch.

    Args:
        values: The whole series.
        points: At most so many finite points, a multiple of four.
    """
    array = np.asarray(values, dtype=np.float64)
    finite = np.flatnonzero(np.isfinite(array))
    whole = len(finite) == len(array)
    if len(finite) > points:
        downsampler: Any = M4Downsampler
        chosen = downsampler().downsample(array[finite], n_out=points)
        finite = finite[np.unique(chosen)]
    if whole:
        return [int(place) for place in finite]
    marks: list[int] = []
    for first, last in non_finite_stretches(array)[:_STRETCHES]:
        marks += [first] if first == last else [first, last]
    return sorted({*finite.tolist(), *marks})


def non_finite_stretches(values: Values) -> list[tuple[int, int]]:
    """Return first and last place of each unbroken run of NaN and infinities."""
    broken = ~np.isfinite(np.asarray(values, dtype=np.float64))
    if not broken.any():
        return []
    edges = np.flatnonzero(np.diff(np.concatenate(([False], broken, [False])).astype(np.int8)))
    ends = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(first, end - 1) for first, end in ends]


def curve_files(run_slug: str, metric: str, curve: Curve) -> list[DataFile]:
    """Return the files of one series: its coarse tier, then, when it is longer, all of it."""
    base = f"curves/{run_slug}/{slug(metric)}"
    total = len(curve.values)
    if total <= COARSE_POINTS:
        return [_file(base, metric, curve, None)]
    coarse = _file(base, metric, curve, coarse_places(curve.values))
    return [coarse, _file(f"{base}-full", metric, curve, None)]


def places_of(files: Sequence[DataFile]) -> CurveFiles:
    """Return where the files of one series are."""
    return CurveFiles(files[0].place, files[1].place if len(files) > 1 else None)


def _file(name: str, metric: str, curve: Curve, places: list[int] | None) -> DataFile:
    """Return one tier: the points at ``places``, or all of them."""
    clock = curve.clock or _own_clock(curve)
    start = clock.start
    chosen = slice(None) if places is None else np.asarray(places)
    return data_file(
        name,
        {
            "metric": metric,
            "tier": "full" if places is None else "coarse",
            "points": len(curve.values),
            "start": start,
            "pauses": [list(pause) for pause in clock.pauses],
            "earlier": _earlier(curve, start or 0.0),
        },
        {
            "steps": np.ascontiguousarray(curve.steps[chosen]),
            "values": _stored(curve.values[chosen]),
            # In an array, orjson writes NaN as null: no time was recorded.
            "seconds": np.ascontiguousarray(np.round(curve.times[chosen] - (start or 0.0), 3)),
        },
    )


def _own_clock(curve: Curve) -> Clock:
    timed = curve.times[np.isfinite(curve.times)]
    return Clock(float(timed[0])) if len(timed) else Clock()


def _stored(values: Floats) -> Floats | list[float | str]:
    if np.isfinite(values).all():
        return np.ascontiguousarray(values)
    return [to_stored(value) for value in values.tolist()]


def _earlier(curve: Curve, start: float) -> list[dict[str, Any]]:
    """Return the replaced points by attempt, at most as many as the coarse tier has."""
    found = []
    for attempt in sorted({point.attempt for point in curve.earlier}):
        points = [point for point in curve.earlier if point.attempt == attempt]
        chosen = [points[i] for i in coarse_places([point.value for point in points])]
        found.append(
            {
                "attempt": attempt,
                "steps": [point.step for point in chosen],
                "values": [to_stored(point.value) for point in chosen],
                "seconds": [
                    round(point.time - start, 3) if math.isfinite(point.time) else None
                    for point in chosen
                ],
            }
        )
    return found
