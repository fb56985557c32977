"""Predictions as a confusion matrix: which class was taken for which."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass

from reportgen.runs import layout
from reportgen.runs.numbers import from_stored
from reportgen.runs.view import RunView
from reportgen.site.figures import plural, size
from reportgen.site.parts.calibration import Calibration, calibration_of, scored
from reportgen.site.text import clip

_CLASSES = 30
_ROWS = 1_000_000
_BYTES = 64 * 2**20
_CLASS_NAME = 60


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: how many, and its level on the sequential ramp (None for nothing)."""

    count: int
    level: int | None


@dataclass(frozen=True, slots=True)
class ConfusionRow:
    """The examples of one class.

    Attributes:
        label: The true class.
        cells: How many were taken for each class.
        total: Examples.
        recall: Share that was right, in percent, as text.
    """

    label: str
    cells: tuple[Cell, ...]
    total: int
    recall: str


@dataclass(frozen=True, slots=True)
class Predictions:
    """One split's predictions.

    Attributes:
        split: Its name.
        place: The file in the run folder.
        size: Of the file, in words.
        rows: Examples read.
        right: Examples whose prediction equals the label.
        classes: In order; empty when there are too many for a matrix.
        matrix: One row a true class.
        mistakes: The most frequent confusions, in words.
        problem: Why there is no matrix; empty when there is one.
        calibration: Where scores are probabilities.
    """

    split: str
    place: str
    size: str
    rows: int
    right: int
    classes: tuple[str, ...]
    matrix: tuple[ConfusionRow, ...]
    mistakes: tuple[str, ...]
    problem: str
    calibration: Calibration | None = None

    @property
    def share(self) -> str:
        """Share of right predictions, in percent."""
        return f"{100 * self.right / self.rows:.2f} %" if self.rows else "–"


def predictions_of(view: RunView, levels: int) -> list[Predictions]:
    """Return the predictions of each split.

    Args:
        view: The run.
        levels: Steps of the sequential ramp.
    """
    found = []
    for place in view.below(layout.PREDICTIONS):
        split, _, ending = place.rpartition("/")[2].rpartition(".")
        total = size(view.file_sizes[place])
        if ending == "csv":
            data = view.bytes(place, limit=_BYTES)
            found.append(_from_csv(clip(split, 80), place, total, data, levels))
        elif ending == "parquet":
            found.append(_without(clip(split, 80), place, total, "kept as Parquet"))
    return found


def _from_csv(split: str, place: str, total: str, data: bytes | None, levels: int) -> Predictions:
    if data is None:
        return _without(split, place, total, "too large to show")
    try:
        pairs, scores = _pairs(data)
    except (csv.Error, KeyError) as error:
        return _without(split, place, total, f"not readable as a table: {str(error)[:120]}")
    right = sum(count for (label, guess), count in pairs.items() if label == guess)
    rows = sum(pairs.values())
    classes = _ordered({name for pair in pairs for name in pair})
    if len(classes) > _CLASSES or not rows:
        why = (
            f"{plural(len(classes), 'distinct value')}, too many for a matrix" if rows else "empty"
        )
        return Predictions(split, place, total, rows, right, (), (), (), why)
    return Predictions(
        split=split,
        place=place,
        size=total,
        rows=rows,
        right=right,
        classes=tuple(clip(name, _CLASS_NAME) for name in classes),
        matrix=tuple(_row(name, classes, pairs, levels) for name in classes),
        mistakes=_mistakes(pairs),
        problem="",
        calibration=calibration_of(scores),
    )


def _pairs(data: bytes) -> tuple[Counter[tuple[str, str]], list[tuple[float, bool]]]:
    reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig", "replace"), newline=""))
    if not {"label", "prediction"} <= set(reader.fieldnames or ()):
        raise KeyError("no columns label and prediction")
    pairs: Counter[tuple[str, str]] = Counter()
    scores: list[tuple[float, bool]] = []
    for number, row in enumerate(reader):
        if number == _ROWS:
            break
        label, guess = _same(row["label"]), _same(row["prediction"])
        pairs[label, guess] += 1
        score = scored(row, guess)
        if score is not None:
            scores.append((score, label == guess))
    return pairs, scores


def _same(text: str | None) -> str:
    """Return ``3`` for ``3.0``: labels and predictions may be written by different types."""
    plain = (text or "").strip()
    return plain[:-2] if plain.endswith(".0") and plain[:-2].lstrip("-").isdigit() else plain


def _ordered(names: set[str]) -> list[str]:
    def key(name: str) -> tuple[bool, float, str]:
        try:
            number = from_stored(float(name)) if name.isascii() else None
        except ValueError:
            number = None
        return (number is None, number if number is not None else 0.0, name)

    return sorted(names, key=key)


def _row(
    label: str, classes: list[str], pairs: Counter[tuple[str, str]], levels: int
) -> ConfusionRow:
    counts = [pairs[label, guess] for guess in classes]
    total = sum(counts)
    return ConfusionRow(
        label=clip(label, _CLASS_NAME),
        cells=tuple(
            Cell(n, min(levels - 1, n * levels // total) if n and total else None) for n in counts
        ),
        total=total,
        recall=f"{100 * pairs[label, label] / total:.1f} %" if total else "–",
    )


def _mistakes(pairs: Counter[tuple[str, str]]) -> tuple[str, ...]:
    wrong = [(count, pair) for pair, count in pairs.items() if pair[0] != pair[1]]
    top = sorted(wrong, key=lambda item: (-item[0], item[1]))[:3]
    return tuple(
        f"{clip(label, _CLASS_NAME)} taken for {clip(guess, _CLASS_NAME)}: {count}"
        for count, (label, guess) in top
    )


def _without(split: str, place: str, total: str, why: str) -> Predictions:
    return Predictions(split, place, total, 0, 0, (), (), (), why)
