"""How far two models agree on the same examples. Pure.

The test is McNemar's exact one: of the examples that only one of the two models gets right, each
is as likely to be the first's as the second's when both are equally good (Q. McNemar, "Note on the
sampling error of the difference between correlated proportions or percentages", Psychometrika 12,
1947; its exact form is the two-sided binomial test of those counts).
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from reportgen.errors import LimitError, UnreadableError

ROWS = 1_000_000
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WHOLE = re.compile(r"([+-]?\d+)\.0+")


class Predictions(Struct, frozen=True, kw_only=True):
    """The predictions of one model on one split.

    Attributes:
        ids: Of the examples; empty when the file has none.
        labels: What is true, empty text where that is not known.
        predictions: What the model said, as long as ``labels``.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    predictions: tuple[str, ...]


class Confusion(Struct, frozen=True, kw_only=True):
    """How often the first model said one thing where the second said another."""

    first: str
    second: str
    count: int


class McNemar(Struct, frozen=True, kw_only=True):
    """McNemar's exact test.

    Attributes:
        first_only, second_only: Examples that only one of the two gets right.
        p_value: Two-sided; None where scipy is not installed.
    """

    first_only: int
    second_only: int
    p_value: float | None


class Agreement(Struct, frozen=True, kw_only=True):
    """Two models on the examples that both were asked.

    Attributes:
        split: Which examples.
        kind: ``classes``, or ``numbers`` when the predictions are measurements.
        examples: Asked of both.
        first_only_examples, second_only_examples: Asked of one.
        rate: Share of the examples on which both say the same; None without any.
        both, first_only, second_only, neither: Examples that they get right; None when labels
            are missing or differ, or for numbers.
        confusion: Where they say different classes, most frequent first.
        test: Of whether one is right more often; None where that cannot be asked.
        other_labels: Examples whose label is not the same in both files.
        mean_difference: Mean of |first - second| for numbers.
    """

    split: str
    kind: Literal["classes", "numbers"]
    examples: int
    first_only_examples: int
    second_only_examples: int
    rate: float | None
    both: int | None = None
    first_only: int | None = None
    second_only: int | None = None
    neither: int | None = None
    confusion: tuple[Confusion, ...] = ()
    test: McNemar | None = None
    other_labels: int = 0
    mean_difference: float | None = None


def read_predictions(text: str, *, rows: int = ROWS) -> Predictions:
    """Return the predictions in the text of a CSV file with the columns id, label, prediction.

    Args:
        text: The whole file; its first line names the columns.
        rows: Most that are read.

    Raises:
        UnreadableError: It is no such table.
        LimitError: It has more than ``rows``.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        table = [row for _, row in zip(range(rows + 1), reader, strict=False) if row]
    except csv.Error as error:
        raise UnreadableError(f"is no table: {str(error)[:80]}") from None
    if "prediction" not in header:
        raise UnreadableError("has no column prediction", expected="id, label, prediction")
    if len(table) > rows:
        raise LimitError(f"has more than {rows:,} rows")
    columns = {
        name: tuple(_cell(row, header.index(name)) for row in table) if name in header else ()
        for name in ("id", "label", "prediction")
    }
    return Predictions(
        ids=columns["id"],
        labels=columns["label"] or ("",) * len(table),
        predictions=columns["prediction"],
    )


def _cell(row: Sequence[str], at: int) -> str:
    """Return ``3`` for ``3.0``: the files may have been written from other types."""
    text = row[at].strip() if at < len(row) else ""
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def agreement(first: Predictions, second: Predictions, *, split: str = "") -> Agreement:
    """Return how far two models agree.

    Examples are paired by their ids, an id that occurs n times n times; without ids by their
    position.

    Args:
        first, second: What the two said.
        split: Name of the examples.
    """
    left, right = _keyed(first), _keyed(second)
    if not (first.ids and second.ids):
        left = dict(enumerate(_rows(first)))
        right = dict(enumerate(_rows(second)))
    pairs = [(left[key], right[key]) for key in left if key in right]
    counts: dict[str, Any] = {
        "split": split,
        "examples": len(pairs),
        "first_only_examples": len(left) - len(pairs),
        "second_only_examples": len(right) - len(pairs),
    }
    said = [(one[1], other[1]) for one, other in pairs]
    rate = sum(a == b for a, b in said) / len(said) if said else None
    if _are_numbers(said):
        apart = sum(abs(float(a) - float(b)) for a, b in said) / len(said)
        return Agreement(kind="numbers", rate=rate, mean_difference=apart, **counts)
    other_labels = sum(one[0] != other[0] for one, other in pairs)
    return Agreement(
        kind="classes",
        rate=rate,
        confusion=_confusion(said),
        other_labels=other_labels,
        **counts,
        **_right(pairs, trusted=not other_labels),
    )


def _rows(one: Predictions) -> list[tuple[str, str]]:
    return list(zip(one.labels, one.predictions, strict=True))


def _keyed(one: Predictions) -> dict[object, tuple[str, str]]:
    seen: Counter[str] = Counter()
    found: dict[object, tuple[str, str]] = {}
    for name, row in zip(one.ids, _rows(one), strict=False):
        found[name, seen[name]] = row
        seen[name] += 1
    return found


def _are_numbers(said: Sequence[tuple[str, str]]) -> bool:
    """Tell whether predictions are measurements: all are numbers, and some are not whole."""
    texts = [text for pair in said for text in pair]
    return bool(texts) and all(map(_NUMBER.fullmatch, texts)) and any("." in t for t in texts)


def _confusion(said: Sequence[tuple[str, str]]) -> tuple[Confusion, ...]:
    counts = Counter(pair for pair in said if pair[0] != pair[1])
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Confusion(first=a, second=b, count=count) for (a, b), count in ordered)


def _right(
    pairs: Sequence[tuple[tuple[str, str], tuple[str, str]]], *, trusted: bool
) -> dict[str, Any]:
    """Return how many examples each model gets right, when every one has one label."""
    if not (trusted and pairs and all(one[0] for one, _ in pairs)):
        return {}
    table = Counter((one[1] == one[0], other[1] == one[0]) for one, other in pairs)
    first_only, second_only = table[True, False], table[False, True]
    return {
        "both": table[True, True],
        "first_only": first_only,
        "second_only": second_only,
        "neither": table[False, False],
        "test": McNemar(
            first_only=first_only,
            second_only=second_only,
            p_value=_exact_p(first_only, second_only),
        ),
    }


def _exact_p(first_only: int, second_only: int) -> float | None:
    if first_only + second_only == 0:
        return 1.0
    try:
        from scipy.stats import binomtest
    except ImportError:
        return None
    return float(binomtest(first_only, first_only + second_only, 0.5).pvalue)
