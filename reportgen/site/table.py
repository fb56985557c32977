"""Tables of runs: which configuration keys get a column, and how their cells are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.runs.numbers import from_stored
from reportgen.site.figures import column_decimals, fixed, mean_and_spread
from reportgen.site.groups import shown
from reportgen.site.model import Record, Setting, best_value
from reportgen.site.text import clip

_CELL = 60
_DULL = frozenset({"name", "type", "kind", "class", "value", "file", "path", "id", "enabled"})
"""Last parts of keys that say nothing without the parts before."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text, and the number it sorts by (None: by its text)."""

    text: str
    number: float | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A configuration key as a column; ``numeric`` columns are right-aligned."""

    key: str
    title: str
    numeric: bool


@dataclass(frozen=True, slots=True)
class ValueCell:
    """The ranking metric of a row.

    Attributes:
        mean: As text; a dash when there is none.
        spread: ``± 0.0021``; empty for one value.
        count: What the mean is of, when that is not all runs of the row: ``2 of 3``.
        trouble: ``NaN at step 212`` in place of a value; empty otherwise.
        trouble_metric: Whose NaN it is.
        number: What it sorts by.
    """

    mean: str
    spread: str
    count: str
    trouble: str
    trouble_metric: str
    number: float | None


def config_columns(
    keys: Sequence[str], configs: Sequence[Mapping[str, Any]], limit: int
) -> list[Column]:
    """Return columns for the first keys; titles are the last part of a key where that is clear."""
    chosen = list(keys[:limit])
    titles = short_titles(chosen)
    return [
        Column(
            key=key,
            title=clip(titles[key], _CELL),
            numeric=all(_is_number(c[key]) for c in configs if c.get(key) is not None),
        )
        for key in chosen
    ]


def short_titles(keys: Sequence[str]) -> dict[str, str]:
    """Return the last part of each key where it is clear what that is, else the whole key.

    >>> short_titles(["model.width", "lr", "model.name"])
    {'model.width': 'width', 'lr': 'lr', 'model.name': 'model.name'}
    """
    last = Counter(key.rpartition(".")[2] for key in keys)
    return {
        key: short if short and last[short] == 1 and short not in _DULL else key
        for key in keys
        for short in [key.rpartition(".")[2]]
    }


def config_cell(config: Mapping[str, Any], key: str) -> Cell:
    """Return the value of a key; a dash where the run has no such key."""
    if key not in config:
        return Cell("–")
    value = config[key]
    number = from_stored(value) if _is_number(value) else None
    return Cell(clip(shown(value), _CELL), number)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def value_decimals(settings: Sequence[Setting]) -> int:
    """Return the decimals of the column of the ranking metric."""
    stats = [mean_and_spread(setting.values) for setting in settings if setting.values]
    return column_decimals([mean for mean, _ in stats], [spread for _, spread in stats])


def setting_value(setting: Setting, decimals: int) -> ValueCell:
    """Return mean and spread over the seeds of a setting."""
    total = len(setting.records)
    if not setting.values:
        return _without_value(next((r for r in setting.records if r.trouble), setting.best))
    mean, spread = mean_and_spread(setting.values)
    used = len(setting.values)
    return ValueCell(
        mean=fixed(mean, decimals),
        spread="" if spread is None else f"± {fixed(spread, decimals)}",
        count="" if used == total else f"{used} of {total}",
        trouble="",
        trouble_metric="",
        number=mean,
    )


def record_value(record: Record, metric: str | None, decimals: int) -> ValueCell:
    """Return a run's best value, or what came of it."""
    value = best_value(record, metric)
    if value is None or record.trouble is not None:
        return _without_value(record)
    return ValueCell(fixed(value, decimals), "", "", "", "", value)


def _without_value(record: Record) -> ValueCell:
    trouble = record.trouble
    return ValueCell(
        mean="–",
        spread="",
        count="",
        trouble=trouble.text if trouble else "",
        trouble_metric=trouble.metric if trouble else "",
        number=None,
    )
