"""The lines of all runs, read again when they are needed again: they do not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reportgen.runs.view import RunView
from reportgen.site.shards import (
    Clock,
    Curve,
    CurveFiles,
    DataFile,
    clock_of,
    curve_files,
    curve_of,
    places_of,
)
from reportgen.site.static_chart import sparkline

POINTS_KEPT = 1_000_000
"""About 60 MB."""

Key = tuple[str, str]
"""Slug of a run, and metric."""


class _Kept(dict[Key, Curve]):
    """The lines in memory, and how many points they have."""

    points = 0


class CurveStore(Mapping[Key, Curve]):
    """The settled line of each run and metric.

    Args:
        views: The runs by slug.
        names: The metrics of each run that have points.
    """

    def __init__(self, views: Mapping[str, RunView], names: Mapping[str, tuple[str, ...]]) -> None:
        self._views = views
        self._names = names
        self._known = {(slug, name) for slug, held in names.items() for name in held}
        self._kept = _Kept()
        self._clocks: dict[str, Clock] = {}
        self._files: dict[Key, CurveFiles] = {}
        self._sparks: dict[Key, str] = {}

    def __getitem__(self, key: Key) -> Curve:
        if key not in self._kept:
            self._kept[key] = self._read(key)
            self._kept.points += len(self._kept[key].values)
        return self._kept[key]

    def _read(self, key: Key) -> Curve:
        if key not in self._known:
            raise KeyError(key)
        slug, metric = key
        view = self._views[slug]
        if slug not in self._clocks:
            self._clocks[slug] = clock_of(view.metrics.columns)
        return curve_of(view.series[metric], self._clocks[slug])

    def __contains__(self, key: object) -> bool:
        return key in self._known

    def __iter__(self) -> Iterator[Key]:
        return iter(sorted(self._known))

    def __len__(self) -> int:
        return len(self._known)

    def data(self, slug: str) -> Iterator[DataFile]:
        """Yield the data files of a run, and note where they are."""
        for name in self._names[slug]:
            files = curve_files(slug, name, self[slug, name])
            self._files[slug, name] = places_of(files)
            yield from files

    def note(self, slug: str, files: Mapping[str, CurveFiles], spark: tuple[str, str]) -> None:
        """Note what an earlier build found out about a run's lines."""
        self._files.update({(slug, name): places for name, places in files.items()})
        self._sparks[slug, spark[0]] = spark[1]

    @property
    def files(self) -> Mapping[Key, CurveFiles]:
        """Where the browser finds each line."""
        return _Files(self)

    def file_of(self, key: Key) -> CurveFiles:
        """Return where the browser finds a line."""
        if key not in self._files:
            self._files[key] = places_of(curve_files(*key, self[key]))
        return self._files[key]

    def files_of(self, slug: str) -> dict[str, CurveFiles]:
        """Return where the browser finds each line of a run."""
        return {name: self.file_of((slug, name)) for name in self._names[slug]}

    def spark(self, slug: str, metric: str | None) -> str:
        """Return the small curve of a run's metric as an SVG path; empty when it has none."""
        key = (slug, metric or "")
        if key not in self._known:
            return ""
        if key not in self._sparks:
            self._sparks[key] = sparkline(self[key].steps, self[key].values)
        return self._sparks[key]

    def alone(self, slug: str) -> CurveStore:
        """Return the lines of one run; those of others are not in it."""
        found = CurveStore({slug: self._views[slug]}, {slug: self._names[slug]})
        found._kept, found._files, found._clocks = self._kept, self._files, self._clocks
        return found

    def leave(self, slug: str) -> None:
        """Let go of the lines of a run that was done with, unless there is room for them."""
        if self._kept.points <= POINTS_KEPT:
            return
        for name in self._names[slug]:
            curve = self._kept.pop((slug, name), None)
            self._kept.points -= len(curve.values) if curve else 0
        self._clocks.pop(slug, None)
        self._views[slug].forget_metrics()


class _Files(Mapping[Key, CurveFiles]):
    def __init__(self, store: CurveStore) -> None:
        self._store = store

    def __getitem__(self, key: Key) -> CurveFiles:
        return self._store.file_of(key)

    def __contains__(self, key: object) -> bool:
        return key in self._store

    def __iter__(self) -> Iterator[Key]:
        return iter(self._store)

    def __len__(self) -> int:
        return len(self._store)
